"""The contract of a method: data in, an Adaptation out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from tailor.records import Adaptation, Base, Example, Fitted, Passage
from tailor.runtime import Runtime

# Called with a fraction done in [0, 1] and a few words ("dev 0.78  9.8k tok/s").
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class FitContext:
    """Everything a method may use. The test split is not part of it.

    `store` is the root of artifacts (`.tailor/models`); `dev_score` gives the primary metric of an adaptation on the
    dev split in [0, 1], NaN where the dev split is empty; `beside` is what the parts of a hybrid set that were fitted
    before, None for an arm of one part; `judge` gives the primary metric of one answer to an example in [0, 1];
    `general` gives rows that have nothing to do with the team's and with no test item, for keeping general ability,
    when first asked (it may have to sample them from the base); `workspace` is the folder of tailor.yaml, which paths
    in options are relative to.
    """

    base: Base
    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    passages: tuple[Passage, ...]
    store: Path
    runtime: Runtime
    seed: int
    dev_score: Callable[[Adaptation], float]
    progress: Progress = lambda _fraction, _words: None
    beside: Adaptation | None = None
    workspace: Path = Path()
    judge: Callable[[Example, str], float] = lambda example, text: float(text.strip() == example.answer)
    general: Callable[[], Sequence[Example]] = tuple


class Method(Protocol):
    """One way of adapting.

    `options` is a frozen dataclass with a default for every field; `complexity` orders arms from simple to involved
    (0 the base as it is), which is how ties are broken; `uses_seed` says whether two seeds can differ; `trains_weights`
    whether a local base is needed.

    Four attributes may be left out: `needs_weights` says that the base's weights must be here though none are trained;
    `required` names options that cannot stay at their default; `own_base` says that the arm answers with another model
    than the study's, so that it joins with no other; `beside` names arms that are compared wherever this one is.
    Options that read files have a method `files(workspace)` that lists them, for the plan's hash.
    """

    options: ClassVar[type[Any]]
    complexity: ClassVar[int]
    uses_seed: ClassVar[bool]
    trains_weights: ClassVar[bool]
    needs_documents: ClassVar[bool]

    def fit(self, context: FitContext, options: Any) -> Fitted:
        """Fit on train and dev.

        Raises:
            TailorError: it cannot be done; the message says why.
        """
        ...


def choose_on_dev(candidates: Sequence[tuple[object, Adaptation]], context: FitContext) -> tuple[object, Adaptation]:
    """The candidate with the best dev score; the earlier one on a tie, so list the cheaper first."""
    best, best_score = candidates[0], float("-inf")
    for n, candidate in enumerate(candidates):
        score = context.dev_score(candidate[1]) if len(candidates) > 1 else 0.0
        if score > best_score:
            best, best_score = candidate, score
        context.progress((n + 1) / len(candidates), f"dev {score:.2f}")
    return best
