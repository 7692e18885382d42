"""What people say of answers: how far they agree, and which arm they prefer."""

from tailor.evaluation.human.agreement import Level, cohen_kappa, fleiss_kappa, krippendorff_alpha
from tailor.evaluation.human.bradley_terry import Preference, Strength, bradley_terry

__all__ = [
    "Level",
    "Preference",
    "Strength",
    "bradley_terry",
    "cohen_kappa",
    "fleiss_kappa",
    "krippendorff_alpha",
]
