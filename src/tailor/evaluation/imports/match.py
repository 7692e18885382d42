"""Which prediction answers which test item."""

from __future__ import annotations

from collections.abc import Sequence

from tailor.data.similar import normalise
from tailor.errors import DataError
from tailor.evaluation.imports.read import Prediction
from tailor.records import Completion, Example, Failure, Usage


def match(predictions: Sequence[Prediction], items: Sequence[Example], name: str) -> dict[str, Completion | Failure]:
    """Item id -> answer, for every item: by its id, else by its question's words. An item without an answer has a
    Failure; answers to other questions are left out.

    Args:
        name: the file, for messages.

    Raises:
        DataError: nothing fits, or one item has two different answers.
    """
    ids, questions = {e.id for e in items}, {normalise(e.question): e.id for e in items}
    found: dict[str, Prediction] = {}
    for prediction in predictions:
        item = prediction.item if prediction.item in ids else None
        if item is None and prediction.question is not None:
            item = questions.get(normalise(prediction.question))
        if item is None:
            continue
        if item in found and found[item].text != prediction.text:
            raise DataError(
                f"{name} answers the item '{item}' twice, with {found[item].text!r} and {prediction.text!r}.",
                hint="Keep one answer to each item.",
            )
        found[item] = prediction
    if not found:
        theirs = next((p.item or p.question for p in predictions), "nothing")
        raise DataError(
            f"{name} answers none of the test items: it names {theirs!r}, the test items are like {items[0].id!r}.",
            hint="Give each answer the id of its item, or the question word for word.",
        )
    return {e.id: _answer(found.get(e.id), name) for e in items}


def _answer(prediction: Prediction | None, name: str) -> Completion | Failure:
    if prediction is None:
        return Failure("data", f"{name} has no answer to it")
    if prediction.text is None:
        return Failure("data", f"{name}: {prediction.error}")
    usage = Usage(prediction.prompt_tokens, prediction.completion_tokens, prediction.seconds)
    return Completion(prediction.text, usage)
