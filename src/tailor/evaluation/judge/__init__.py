"""A model that grades answers: what it is asked, what it is worth, and what remains when its errors are taken out."""

from tailor.evaluation.judge.calibration import Calibration, calibrate, prediction_powered, rogan_gladen
from tailor.evaluation.judge.rubric import grade_prompt, pair_prompt, read_grade, read_preference

__all__ = [
    "Calibration",
    "calibrate",
    "grade_prompt",
    "pair_prompt",
    "prediction_powered",
    "read_grade",
    "read_preference",
    "rogan_gladen",
]
