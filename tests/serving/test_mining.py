"""Candidates from the request log: what is taken, what is left out and why, and that a person has to see them first."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from tailor.data.read import read_files
from tailor.errors import DataError
from tailor.records import Example, Message
from tailor.serving.feedback import Feedback, FeedbackStore
from tailor.serving.keys import serving_folder
from tailor.serving.mining import line, mine
from tailor.serving.request_log import COLUMNS, open_log


class Production:
    """A log and its feedback, written as the server writes them."""

    def __init__(self, workspace: Path) -> None:
        self.folder = serving_folder(workspace)
        self.n = 0

    def asked(self, question: Any, output: str = "2 euros. [1]", said: Any = None, **more: Any) -> str:
        """One answered request, and what was said about it: keywords of Feedback, or a list of these."""
        self.n += 1
        turns = question if isinstance(question, list) else [{"role": "user", "content": question}]
        values: dict[str, Any] = dict.fromkeys(COLUMNS, "")
        values |= {"id": f"r{self.n:05d}", "at": f"2026-11-25T10:{self.n // 60:02d}:{self.n % 60:02d}", "status": 200}
        values |= {"complete": 1, "refused": 0, "finish": "stop", "release": "rag@1", "unit": f"user {self.n}"}
        values |= {"input": json.dumps(turns), "output": output, **more}
        with contextlib.closing(open_log(self.folder / "requests.db")) as database, database:
            marks = ", ".join("?" * len(COLUMNS))
            database.execute(f"INSERT INTO requests VALUES ({marks})", [values[c] for c in COLUMNS])
        store = FeedbackStore(self.folder / "feedback.db")
        for one in [said] if isinstance(said, dict) else said or []:
            store.add(Feedback(values["id"], **one), "")
        return str(values["id"])


GOOD, BAD = {"thumbs": "up"}, {"thumbs": "down"}


def test_what_is_taken_and_what_is_left_out(tmp_path: Path) -> None:
    log = Production(tmp_path)
    log.asked("What does tea cost?", said=GOOD)
    log.asked("What does rice cost?", said={"correction": "3 euros"})
    log.asked("May I mail ada@example.com?", said={"score": 0.9})
    log.asked("Who owns the moon?", "I don't know.", said=GOOD)
    log.asked([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"},
               {"role": "user", "content": "And milk?"}], said=GOOD)  # fmt: skip
    taken = log.n
    log.asked("Nobody said anything")
    log.asked("A shadow", said=GOOD, shadow_of="r00001")
    log.asked("Bad", said=BAD)
    log.asked("Middling", said={"score": 0.5})
    log.asked("Disputed", said=[GOOD, BAD])
    log.asked("Broke off", said=GOOD, complete=0)
    log.asked("Too long", said={"correction": "x"}, finish="length")
    log.asked("Not kept", said=GOOD, input=None, output=None)
    log.asked([[{"role": "user", "content": "a"}], [{"role": "user", "content": "b"}]], said=GOOD)
    log.asked("what does TEA cost", said=GOOD)
    log.asked("What does rice cost?", "5 euros", said=GOOD)  # a correction is there
    log.asked("What is the price of soap?", said=GOOD)  # is in the data
    log.asked("Please tell me now the price of a bar of our red soap.", said=GOOD)  # a word from a test question
    FeedbackStore(log.folder / "feedback.db").add(Feedback("gone", thumbs="up"), "")
    known = [
        Example("s", (Message("user", "What is the price of soap?"),), "1 euro", split="train"),
        Example("t", (Message("user", "Please tell me the price of a bar of our red soap!"),), "1", split="test"),
    ]
    done = mine(tmp_path, known)
    rows = [line(m) for m in done.made]
    assert [r.get("question") for r in rows] == [
        "What does tea cost?", "What does rice cost?", "May I mail [email]?", "Who owns the moon?", None,
    ]  # fmt: skip
    assert [r["answer"] for r in rows[:4]] == ["2 euros.", "3 euros", "2 euros.", None]
    assert rows[4]["messages"][-1] == {"role": "assistant", "content": "2 euros."}
    assert [r["made"]["kind"] for r in rows] == ["good", "corrected", "good", "good", "good"]
    assert [r["made"]["masked"] for r in rows] == [False, False, True, False, False]
    assert rows[1]["made"]["answered"] == "2 euros."
    assert dict(done.left_out) == {
        "the request is not in the log any more": 2,  # the shadow's and the one that is gone
        "nobody found the answer good or corrected it": 2,
        "people disagree": 1,
        "the answer is incomplete": 2,
        "what was asked is not kept (tailor serve --log-contents)": 1,
        "several questions in one request": 1,
        "asked twice": 1,
        "a better answer to the same question": 1,
        "is in your data already": 1,
        "too near to a test question": 1,
    }
    assert done.judged == taken + done.left_out.total()
    assert done.requests == log.n - 1


def test_one_user_gives_fifty_rows_at_most(tmp_path: Path) -> None:
    log = Production(tmp_path)
    for n in range(70):
        said = {"correction": f"{n} euros"} if n >= 60 else GOOD
        log.asked(f"How much is article number {n} of list {n * n}?", f"{n}", said=said, unit="one")
    for n in range(5):
        log.asked(f"Which colour has sole {n} in catalogue {n + 7}?", f"{n}", said=GOOD, unit="", key="")
    done = mine(tmp_path, [])
    assert (len(done.made), done.largest_user, done.users) == (55, 50, 1)
    assert done.left_out["more than one user may give"] == 20
    assert sum(m.kind == "corrected" for m in done.made) == 10  # these stay


def test_shares_of_classes_against_production(tmp_path: Path) -> None:
    log = Production(tmp_path)
    for n in range(12):
        log.asked(f"Text {n} about a bill from {n}", "billing", said=GOOD if n < 2 else None)
    for n in range(4):
        log.asked(f"Note {n} on a login at {n}", "access", said=GOOD if n < 2 else None)
    assert mine(tmp_path, []).classes == {"billing": (0.5, 0.75), "access": (0.5, 0.25)}


def test_nothing_there_is_nothing_mined(tmp_path: Path) -> None:
    done = mine(tmp_path, [])
    assert (done.made, done.judged, done.requests) == ([], 0, 0)


def test_a_study_refuses_rows_that_nobody_reviewed(tmp_path: Path) -> None:
    log = Production(tmp_path)
    log.asked("What does tea cost?", said=GOOD)
    (mined,) = [line(m) for m in mine(tmp_path, []).made]
    path = tmp_path / "mined.jsonl"
    path.write_text(json.dumps(mined) + "\n")
    with pytest.raises(DataError, match="rows that a person let through, found 1 row 'to review'"):
        read_files(["mined.jsonl"], root=tmp_path)
    path.write_text(json.dumps(mined | {"review": {"by": "ada", "action": "approve"}}) + "\n")
    (row,) = read_files(["mined.jsonl"], root=tmp_path)
    assert (row.question, row.answer) == ("What does tea cost?", "2 euros.")
