"""Tuning in stages: a few facts first, more behind a gate, and back to the last good stage where one fails.

Each stage is a training of its own, from the base, on the facts of all stages so far: a stage that fails leaves nothing
behind, and weights, resuming and reproducibility are those of every training. N equal
stages cost (N + 1) / 2 trainings.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from tailor.errors import ConfigError, ModelError
from tailor.files import sha256_of
from tailor.methods.base import FitContext, Progress
from tailor.methods.tuning import TrainWith, fit_weights
from tailor.records import Adaptation, Completion, Example, Fitted

if TYPE_CHECKING:
    from tailor.training import TrainingOptions

MOST_STAGES = 20
# What a gate lets go: five points, on the dev rows of the facts trained before and on general rows kept from training.
TOLERANCE = 0.05
PROBES = 60  # general rows that are asked and not trained on
FIVE = 5  # at most a fifth of the general rows are probes


@dataclass(frozen=True)
class Stage:
    """One stage and its gate. `dev` is the metric on the dev rows of all facts so far, `known` on those of the facts of
    earlier stages (NaN in the first), `general` on the probes; in [0, 1], NaN where there are no rows."""

    number: int
    facts: int
    rows: int
    dev: float
    known: float
    general: float
    failed: str = ""

    @property
    def words(self) -> str:
        """`stage 2: 40 facts, dev 0.62, facts before 0.66, general 0.81, passed`."""
        numbers = [("dev", self.dev), ("facts before", self.known), ("general", self.general)]
        shown = ", ".join(f"{name} {value:.2f}" for name, value in numbers if not math.isnan(value))
        return f"stage {self.number}: {self.facts} facts, {shown}, {self.failed or 'passed'}"


def check_stages(stages: int, arm: str) -> None:
    """Raise ConfigError for a number of stages that cannot be meant."""
    if not 1 <= stages <= MOST_STAGES:
        raise ConfigError(f"{arm}: stages must be from 1 to {MOST_STAGES}, found {stages}.", hint="1 is no curriculum.")


def fit_in_stages(
    context: FitContext,
    options: TrainingOptions,
    kind: Literal["adapter", "full"],
    train_with: TrainWith,
    stages: int,
    *,
    trials: int = 0,
) -> Fitted:
    """Train on the facts of the first stage, then on those of two, ...; the last stage whose gate let it through.

    A gate fails where the facts of earlier stages, by their dev rows, lost more than five points against the stage
    before, where dev as a whole is no better than the base's (first stage), or where general rows that are kept from
    training lost more than five points against the base. The learning rate is that of the first stage. A training with
    passages is asked its dev rows as the hybrid will be, with passages; general rows are asked plainly.

    Raises:
        ModelError: the first stage failed: there is nothing to go back to.
    """
    if stages == 1:
        return fit_weights(context, options, kind, train_with, trials=trials)
    groups = fact_groups(context.train, stages)
    general = list(context.general())
    probes = sorted(general, key=lambda e: sha256_of(e.id))[: min(PROBES, len(general) // FIVE)]
    asked = {e.id for e in probes}
    rest = tuple(e for e in general if e.id not in asked)
    base = Adaptation(context.base)
    shown = context.beside if train_with == "passages" else None
    before_general, before_dev = _score(base, probes, context), float("nan")
    history: list[Stage] = []
    best: Fitted | None = None
    seconds = 0.0
    for number in range(1, len(groups) + 1):
        facts = {f for group in groups[:number] for f in group}
        part = dataclasses.replace(
            context,
            train=tuple(e for e in context.train if _fact(e) in facts),
            dev=tuple(e for e in context.dev if _fact(e) in facts),
            general=lambda: rest,
            progress=_part(context, number, len(groups)),
        )
        if number == 1:
            before_dev = _score(shown or base, part.dev, context)
        fitted = fit_weights(part, options, kind, train_with)
        seconds += fitted.seconds
        options = dataclasses.replace(options, learning_rate=_rate(fitted, options.learning_rate))
        earlier = {f for group in groups[: number - 1] for f in group}
        tuned = fitted.adaptation
        asked_so = dataclasses.replace(shown, weights=tuned.weights) if shown else tuned
        known = _score(asked_so, [e for e in part.dev if _fact(e) in earlier], context)
        dev, kept = _score(asked_so, part.dev, context), _score(tuned, probes, context)
        reason = _failed(known if earlier else dev, before_dev, kept, before_general, first=not earlier)
        history.append(Stage(number, len(facts), len(part.train), dev, known, kept, reason))
        if reason:
            break
        best, before_dev = fitted, dev
    if best is None:
        raise ModelError(
            f"The curriculum stopped at its first stage: {history[-1].words}.",
            hint="Nothing was passed that one could go back to. Fewer stages, more replay or another rate may help.",
        )
    return _with_history(best, history, len(groups), seconds)


def fact_groups(rows: Sequence[Example], stages: int) -> list[list[str]]:
    """The facts of the rows in so many groups of nearly equal size (fewer where there are fewer facts), in an order by
    hash, which new facts do not disturb."""
    facts = sorted({_fact(e) for e in rows if e.answer is not None}, key=lambda f: sha256_of(["stage", f]))
    stages = max(1, min(stages, len(facts)))
    borders = [round(n * len(facts) / stages) for n in range(stages + 1)]
    return [facts[a:b] for a, b in pairwise(borders)]


def _fact(example: Example) -> str:
    return example.fact or example.id


def _score(adaptation: Adaptation, rows: Sequence[Example], context: FitContext) -> float:
    """Mean of the metric over answered rows; NaN without any."""
    asked = [e for e in rows if e.answer is not None]
    if not asked:
        return float("nan")
    answers = context.runtime.answer(adaptation, [e.messages for e in asked])
    pairs = zip(asked, answers, strict=True)
    return sum(context.judge(e, a.text) for e, a in pairs if isinstance(a, Completion)) / len(asked)


def _failed(dev: float, dev_before: float, general: float, general_before: float, *, first: bool) -> str:
    """Why a gate fails, or nothing. What is not known fails no gate."""
    if first and dev <= dev_before:
        return "no better than the base"
    if not first and dev < dev_before - TOLERANCE:
        return "facts of earlier stages were lost"
    return "general ability was lost" if general < general_before - TOLERANCE else ""


def _rate(fitted: Fitted, given: float | None) -> float | None:
    rate = fitted.chosen.get("learning_rate")
    return rate if isinstance(rate, float) else given


def _part(context: FitContext, number: int, of: int) -> Progress:
    return lambda done, words: context.progress((number - 1 + done) / of, f"stage {number} of {of}  {words}")


def _with_history(best: Fitted, history: Sequence[Stage], planned: int, seconds: float) -> Fitted:
    """The stage that is kept, with what became of all."""
    passed = sum(not s.failed for s in history)
    notes = tuple(s.words for s in history)
    if history[-1].failed:
        notes += (f"rolled back to stage {passed} of {planned}",)
    training = best.training and dataclasses.replace(best.training, notes=(*best.training.notes, *notes))
    chosen = {**best.chosen, "stages": f"{passed} of {planned}"}
    return dataclasses.replace(best, chosen=chosen, training=training, seconds=seconds)
