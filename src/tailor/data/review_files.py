"""Rows for Label Studio and Argilla, and the decisions that come back from them.

Label Studio (tasks and exported annotations, JSON): `data` of a task holds question, answer and key; its labelling
configuration is below. Argilla 2 (records as JSON): fields question and answer, questions `verdict` and `answer`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tailor.data.review import Decision, ReviewQueue
from tailor.errors import ArtifactError, DataError
from tailor.files import read_json, write_json

_EDITED = {"answer": "edited_answer", "question": "edited_question"}
KINDS = ("label-studio", "argilla")
LABEL_STUDIO_CONFIG = """\
<View>
  <Text name="question" value="$question"/>
  <TextArea name="edited_question" toName="question" value="$question" maxSubmissions="1"/>
  <TextArea name="edited_answer" toName="question" value="$answer" maxSubmissions="1"/>
  <Choices name="verdict" toName="question" choice="single" required="true">
    <Choice value="approve"/>
    <Choice value="reject"/>
  </Choices>
</View>
"""


def export_rows(queue: ReviewQueue, kind: str, path: Path) -> int:
    """Write the rows that wait; gives how many. Beside a file for Label Studio its labelling configuration (.xml).

    Raises:
        DataError: another kind.
    """
    if kind not in KINDS:
        raise DataError(f"No export for '{kind}'.", hint=f"known: {', '.join(KINDS)}")
    waiting = [item for item in queue.items.values() if queue.decision(item) is None]
    rows: list[dict[str, Any]] = []
    for item in waiting:
        shown = {"question": item.example.question, "answer": item.example.answer or ""}
        about = {"fact": item.example.fact, "source": item.example.source or ""}
        if kind == "label-studio":
            rows.append({"data": {**shown, **about, "key": item.key}})
        else:
            rows.append({"id": item.key, "fields": shown, "metadata": about, "suggestions": {}, "responses": {}})
    write_json(path, rows)
    if kind == "label-studio":
        path.with_suffix(".xml").write_text(LABEL_STUDIO_CONFIG, encoding="utf-8")
    return len(rows)


def import_decisions(path: Path) -> list[Decision]:
    """The decisions in a file that Label Studio or Argilla exported; rows without one are left out.

    Raises:
        DataError: no such file.
    """
    try:
        rows = read_json(path)
    except ArtifactError as error:
        raise DataError(error.message, hint="Export the project as JSON.") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError(f"{path} is no export of Label Studio or Argilla.", hint="Export the project as JSON.")
    found = [_label_studio(row) if "annotations" in row else _argilla(row) for row in rows]
    return [decision for decision in found if decision is not None]


def _label_studio(task: Mapping[str, Any]) -> Decision | None:
    """The last annotation of a task that was not cancelled."""
    kept = [a for a in task["annotations"] if isinstance(a, dict) and not a.get("was_cancelled")]
    data = task.get("data")
    if not kept or not isinstance(data, dict):
        return None
    last = max(kept, key=lambda a: str(a.get("updated_at") or a.get("created_at") or ""))
    values: dict[str, str] = {}
    for result in last.get("result") or []:
        value = result.get("value") or {}
        texts = value.get("choices") or value.get("text") or []
        if texts:
            values[str(result.get("from_name"))] = texts[0] if isinstance(texts, list) else str(texts)
    by = last.get("completed_by")
    who = str(by.get("email") if isinstance(by, dict) else by)
    at = str(last.get("updated_at") or last.get("created_at") or "")
    return _decided(data, str(data.get("key")), values, f"label-studio {who}", at)


def _argilla(record: Mapping[str, Any]) -> Decision | None:
    responses = record.get("responses") or {}
    values: dict[str, str] = {}
    who = ""
    for name, given in responses.items() if isinstance(responses, dict) else ():
        last = given[-1] if isinstance(given, list) and given else given
        if isinstance(last, dict) and last.get("value") and last.get("status", "submitted") == "submitted":
            values[_EDITED.get(str(name), str(name))] = str(last["value"])
            who = str(last.get("user_id") or who)
    at = str(record.get("updated_at") or "")
    return _decided(record.get("fields") or {}, str(record.get("id")), values, f"argilla {who}".strip(), at)


def _decided(shown: Mapping[str, Any], key: str, values: Mapping[str, str], by: str, at: str) -> Decision | None:
    verdict = values.get("verdict")
    if verdict == "reject":
        return Decision(key, "reject", by, at)
    if verdict != "approve":
        return None
    question = values.get("edited_question") or str(shown.get("question", ""))
    answer = values.get("edited_answer") or str(shown.get("answer", ""))
    if (question, answer) == (shown.get("question"), shown.get("answer")):
        return Decision(key, "approve", by, at)
    return Decision(key, "edit", by, at, question=question.strip(), answer=answer.strip() or None)
