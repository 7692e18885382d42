"""One answer, scored."""

from __future__ import annotations

from tailor.errors import ConfigError
from tailor.evaluation.abstain import is_abstention
from tailor.evaluation.extract import extract_answer, whole_text
from tailor.evaluation.metrics.contract import Metric
from tailor.evaluation.metrics.token_f1 import token_f1
from tailor.records import Example, Failure, Grade, Score


def score(example: Example, text: str, metric: Metric) -> Score | Failure:
    """Score what an arm wrote for an example.

    The answer is extracted first (`extract_answer`, the same for every arm). The grades are those of SimpleQA (Wei et
    al. 2024). With an expected answer: correct from `metric.correct_from` on; an abstention is not-attempted with value
    and F1 0, unless an expected answer is itself such a phrase ("Not stated" can be one); all else is incorrect and
    keeps its partial value. Where the right thing is to abstain (`example.answer` is None): abstaining is correct with
    value and F1 1, everything else incorrect with 0.

    Returns:
        The score, its value in [0, 1] and higher for better whatever the metric's own scale; or a Failure of kind
        `metric` where the metric has none, which is never a score.

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
    value_or_failure = _measure(metric, text, answer, references, example.id)
    if isinstance(value_or_failure, Failure):
        return value_or_failure
    value, correct = value_or_failure
    grade: Grade = "correct" if correct else "incorrect"
    return Score(example.id, value, grade, token_f1(answer, references), False)


def measure(metric: Metric, text: str, references: tuple[str, ...], item: str) -> tuple[float, bool] | Failure:
    """What a metric says of a text: its value in [0, 1], higher for better, and whether that is correct.

    Raises:
        ConfigError: the metric returned something outside its own range.
    """
    return _measure(metric, text, extract_answer(text), references, item)


def _measure(
    metric: Metric, text: str, answer: str, references: tuple[str, ...], item: str
) -> tuple[float, bool] | Failure:
    given = whole_text(text) if getattr(metric, "reads", "answer") == "text" else answer
    try:
        raw = metric(given, references)
    except Exception as error:
        # A metric of somebody else's may raise anything; that says nothing about the other answers.
        return Failure("metric", f"{metric.name} failed on item '{item}': {type(error).__name__}: {error}")
    if isinstance(raw, Failure):
        return raw
    if not metric.low <= raw <= metric.high:
        raise ConfigError(
            f"metric '{metric.name}' returned {raw} for item '{item}'; expected {metric.low} to {metric.high}.",
            hint="Correct the metric, or the range it declares.",
        )
    share = (raw - metric.low) / (metric.high - metric.low)
    if getattr(metric, "direction", "higher") == "lower":
        return 1 - share, raw <= metric.correct_from
    return share, raw >= metric.correct_from
