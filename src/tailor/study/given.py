"""The answers of an arm that was answered elsewhere, put where other arms' answers lie."""

from __future__ import annotations

from tailor.errors import StudyError
from tailor.evaluation.imports import match, read_predictions
from tailor.files import sha256_of_file
from tailor.records import Adaptation, Completion, Failure
from tailor.study.plan import Study


def given_answers(study: Study, adaptation: Adaptation) -> dict[str, Completion | Failure]:
    """Test item -> its answer in the file.

    Raises:
        DataError: the file cannot be read, or answers none of the items.
        StudyError: it was changed since the study was planned.
    """
    name = adaptation.base.location
    path = study.workspace.folder / name
    if not path.is_file() or sha256_of_file(path) != adaptation.base.revision:
        raise StudyError(
            f"{name} is gone or was changed since the study was planned.", hint="Restore it, or run the command again."
        )
    return match(read_predictions(path, name), study.inputs.of("test"), name)
