"""What an arm's training would take, tried on the study's own rows before anything is frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tailor.methods.compose import Arm
from tailor.methods.tuning import training_rows
from tailor.models.hub import local_folder
from tailor.study.config import Workspace
from tailor.study.general import rows_to_rehearse
from tailor.study.inputs import Inputs
from tailor.training.ladder import FEWEST_DEV, FEWEST_STEPS, LENGTH, STEPS
from tailor.training.search import EPOCHS

if TYPE_CHECKING:
    from tailor.training import TrainingOptions
    from tailor.training.forecast import Forecast

LOCAL = ("builtin", "folder", "hub")  # bases whose weights are here, or can be


@dataclass(frozen=True)
class Trial:
    """A training that was tried. `shared_with` names the arm before it that has the very same training: the weights are
    made once. `choices` trainings of `length` come first, once for all seeds, to choose the rate or more."""

    forecast: Forecast
    choices: int = 0
    length: float = 1.0
    shared_with: str = ""

    def seconds(self, seeds: int) -> float:
        """Wall-clock seconds of all its trainings."""
        if self.shared_with:
            return 0.0
        choosing = self.choices * self.forecast.part(self.length, writes=False).wall
        return choosing + seeds * self.forecast.whole.wall

    @property
    def memory_gb(self) -> float:
        return self.forecast.memory_mb / 1e3


def searches(arm: Arm) -> int:
    """Declared trials of a wider search; 0 where the arm has none."""
    return max((int(getattr(p.options, "trials", 0)) for p in arm.parts), default=0)


def recipe_of(arm: Arm) -> TrainingOptions | None:
    """What the arm asks of the training engine; None where it asks for nothing, or for rows that are not there yet:
    those with passages above them, those of a curriculum, and what a teacher says."""
    found = [
        p.options
        for p in arm.parts
        if hasattr(p.options, "recipe") and p.options.train_with == "question" and getattr(p.options, "stages", 1) == 1
    ]
    return found[0].recipe() if len(found) == 1 else None


def trials(arms: Sequence[Arm], workspace: Workspace, inputs: Inputs, threads: int) -> dict[str, Trial]:
    """Try the training of every arm that has one of its own, some twenty steps each.

    Args:
        arms: of the study.
        threads: a cell has in the study.

    Raises:
        ConfigError, DataError, ModelError: as the training would.
    """
    from tailor.training.forecast import forecast

    recipes = [(arm.name, recipe, searches(arm)) for arm in arms if (recipe := recipe_of(arm)) is not None]
    if not recipes or inputs.base.kind not in LOCAL:
        return {}
    rows, dev = training_rows(inputs.of("train")), training_rows(inputs.of("dev"))
    examples = rows_to_rehearse(inputs.general, inputs.base, inputs.of("test"), workspace.store)
    found: dict[tuple[TrainingOptions, int], tuple[str, Trial]] = {}
    result: dict[str, Trial] = {}
    for name, recipe, wider in recipes:
        if (recipe, wider) in found:
            first, trial = found[recipe, wider]
            result[name] = replace(trial, shared_with=first)
            continue
        general = training_rows(tuple(examples)) if recipe.replay else ()
        ahead = forecast(local_folder(inputs.base), rows, dev, recipe, general=general, threads=threads)
        ladder = recipe.learning_rate is None and ahead.steps >= FEWEST_STEPS and len(dev) >= FEWEST_DEV
        if wider:
            result[name] = Trial(ahead, wider, sum(EPOCHS) / len(EPOCHS))
        else:
            result[name] = Trial(ahead, len(STEPS) if ladder else 0, LENGTH)
        found[recipe, wider] = (name, result[name])
    return result
