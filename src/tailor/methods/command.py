"""A program of the team's as an arm: whatever answers today, compared with what could."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tailor.methods.base import FitContext
from tailor.records import Adaptation, Fitted


@dataclass(frozen=True)
class CommandOptions:
    """`run` is the command line, run in the folder of tailor.yaml without a shell; `system` an instruction before every
    conversation."""

    run: str = ""
    system: str | None = None

    def files(self, workspace: Path) -> list[Path]:
        """What the plan's hash covers beside the options: the files of the workspace in the command line."""
        from tailor.models.command import command_files

        return command_files(self.run, workspace)


class Command:
    """Answers by a program that reads questions and writes answers as JSON lines (`tailor.models.command`)."""

    options = CommandOptions
    complexity = 37
    uses_seed = False
    trains_weights = False
    needs_documents = False
    required = ("run",)
    own_base = True

    def fit(self, context: FitContext, options: CommandOptions) -> Fitted:
        """Nothing to fit."""
        from tailor.models.command import command_base

        return Fitted(Adaptation(command_base(options.run, context.workspace), system=options.system))
