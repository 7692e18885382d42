"""One answer, scored."""

from __future__ import annotations

from tailor.errors import ConfigError
from tailor.evaluation.abstain import is_abstention
from tailor.evaluation.extract import extract_answer
from tailor.evaluation.metrics.contract import Metric
from tailor.evaluation.metrics.token_f1 import token_f1
from tailor.records import Example, Grade, Score


def score(example: Example, text: str, metric: Metric) -> Score:
    """Score what an arm wrote for an example.

    The answer is extracted first (`extract_answer`, the same for every arm). The grades are those of SimpleQA (Wei et
    al. 2024). With an expected answer: correct from `metric.correct_from` on; an abstention is not-attempted with value
    and F1 0, unless an expected answer is itself such a phrase ("Not stated" can be one); all else is incorrect and
    keeps its partial value. Where the right thing is to abstain (`example.answer` is None): abstaining is correct with
    value and F1 1, everything else incorrect with 0.

    Raises:
        ConfigError: the metric returned something outside its own range.
    """
    answer = extract_answer(text)
    if example.answer is None:
        abstained = is_abstention(answer)
        value = float(abstained)
        return Score(example.id, value, "correct" if abstained else "incorrect", value, abstained)
    references = (example.answer, *example.aliases)
    if is_abstention(answer) and not any(is_abstention(reference) for reference in references):
        return Score(example.id, 0.0, "not-attempted", 0.0, True)
    raw = metric(answer, references)
    if not metric.low <= raw <= metric.high:
        raise ConfigError(
            f"metric '{metric.name}' returned {raw} for item '{example.id}'; expected {metric.low} to {metric.high}.",
            hint="Correct the metric, or the range it declares.",
        )
    grade: Grade = "correct" if raw >= metric.correct_from else "incorrect"
    value = (raw - metric.low) / (metric.high - metric.low)
    return Score(example.id, value, grade, token_f1(answer, references), False)
