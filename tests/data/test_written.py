"""Framings that a model writes: its bad replies are refused with their reason, its good ones counted and paid for."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))
sys.path.insert(0, str(Path(__file__).parent))

from loopback import Reply, Server, good
from test_asking import with_writer
from test_augment import row

from tailor.data.augment.written import means_the_same, read_translation, read_wordings
from tailor.errors import ModelError
from tailor.records import Failure
from tailor.study.config import load_workspace
from tailor.study.growth import framing_writer, write_framings
from tiny_workspace import FACTS, FRAMINGS, tailor

USAGE = {"usage": {"prompt_tokens": 100, "completion_tokens": 10}}


def office(text: str) -> str:
    return next(name for name in FACTS if re.search(rf"\b{name}\b", text))


class Pen:
    """A model that words questions anew: some replies are good, some copy, change the question, change the language or
    are no list at all."""

    def __call__(self, body: Any) -> Reply:
        system, user = (m["content"] for m in body["messages"])
        if system.startswith("Translate"):
            return self.translated(system, user)
        name = office(user)
        if system.startswith("You check"):
            new = user.partition("New question: ")[2].partition("\n")[0]
            if "phone" in new:  # another thing is asked
                return good("DIFFERENT\nUNKNOWN", **USAGE)
            if "wrong" in new:
                return good("SAME\nAtlantis", **USAGE)
            return good(f"SAME\n{FACTS[name]}", **USAGE) if "odd" not in new else good("Both are fine.", **USAGE)
        if "these people" in user:
            return good("Sorry, I cannot help with that.", **USAGE)
        source = user.partition("Question: ")[2].partition("\n")[0]
        wordings = [
            source,  # a copy
            f"{source} please",  # nearly one
            f"Which place on the map do colleagues of {name} travel to every morning?",
            f"A parcel for {name}: what town goes on the label?",
            "Which town is it?",  # lost its name
            f"Is {FACTS[name]} where {name} sits?",  # gives its answer away
            f"Was ist die Stadt, in der {name} sitzt, und wie heißt sie?",  # another language
            f"Which phone number has the {name} desk?",  # asks for something else
            f"Some wrong turn: whereabouts of {name}?",
            f"An odd way to put it: {name}, domicile?",
        ]
        return good(json.dumps(wordings), **USAGE)

    def translated(self, system: str, user: str) -> Reply:
        if "English" in system:
            return good(f"Please tell me the seat of {office(user)}.", **USAGE)
        return good(f"Où se trouve {office(user)} ?" if "French" in system else "a\nb", **USAGE)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(Pen())
    yield server
    server.close()


def test_bad_replies_are_refused_and_counts_add_up(workspace: Path, server: Server) -> None:
    with_writer(workspace, server.url)
    loaded = load_workspace(workspace)
    path = workspace / "w.jsonl"
    maker = framing_writer(loaded, path, 8, None)
    facts = len(maker.by_fact)
    assert facts > 3
    assert server.asked == []
    quote = maker.quote()
    done, version = write_framings(loaded, path, maker)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    growth = done.growth
    for reason in (
        "not new",
        "a copy of a wording that is there",
        "lost a number or a name",
        "gives its answer away",
        "another language",
        "asks for something else",
        "has another answer",
        "the check cannot be read",
    ):
        assert growth.refused[reason] >= facts, reason
    assert done.failed["no list of questions"] == facts  # every list for the personas
    assert done.wordings == len(growth.made) + done.spare + growth.refused.total()
    assert {r["answer"] for r in rows} <= set(FACTS.values())
    assert all(r["answer"] == FACTS[r["fact"]] and r["split"] == "train" for r in rows)
    assert {r["made"]["rule"] for r in rows} == {"paraphrase", "back-translation"}
    assert len(rows) == 3 * facts == len({r["question"] for r in rows})
    assert growth.after == growth.before + 3  # three wordings more that are not near-copies
    # Money: 100 tokens at 1 and 10 at 2 dollars a million for each request; rows carry their shares.
    assert done.spent_usd == pytest.approx(len(server.asked) * 120e-6)
    assert len(server.asked) <= quote.requests
    for r in rows:
        share = 1 / 10 if r["made"]["rule"] == "paraphrase" else 2
        assert r["made"]["usd"] == pytest.approx((share + 1) * 120e-6)
        assert r["made"]["writer"] == "pen"
    assert version is not None
    # The same again asks nothing, and rows of a writer are no sources of the next.
    asked, content = len(server.asked), path.read_bytes()
    write_framings(loaded, path, framing_writer(loaded, path, 8, None))
    assert (len(server.asked), path.read_bytes()) == (asked, content)


def test_nothing_near_a_test_question_is_kept(workspace: Path, server: Server) -> None:
    with_writer(workspace, server.url)
    loaded = load_workspace(workspace)
    maker = framing_writer(loaded, workspace / "w.jsonl", 8, None)

    def gives_tests(body: Any) -> Reply:
        system, user = (m["content"] for m in body["messages"])
        if system.startswith("You word"):
            name = office(user)
            return good(json.dumps([f.format(name).replace("?", "!") for f in FRAMINGS]), **USAGE)
        return good("?", **USAGE)

    server.rule = gives_tests
    done, _ = write_framings(loaded, workspace / "w.jsonl", maker)
    assert done.growth.made == []
    # All five wordings of each fact, once in each of two lists; "?" as a translation is nothing.
    assert done.growth.refused["not new"] == 2 * len(FRAMINGS) * len(maker.by_fact)
    assert done.wordings == done.growth.refused.total()


def test_a_writer_that_never_replies_is_an_error(workspace: Path, server: Server) -> None:
    with_writer(workspace, server.url)
    loaded = load_workspace(workspace)
    server.rule = lambda _: Reply(status=400, body=b'{"error": {"message": "no such model"}}')
    with pytest.raises(ModelError, match="no such model"):
        write_framings(loaded, workspace / "w.jsonl", framing_writer(loaded, workspace / "w.jsonl", 8, None))
    assert not (workspace / "w.jsonl").exists()


@pytest.mark.slow
def test_the_command_says_what_it_will_take_first(workspace: Path, server: Server) -> None:
    with_writer(workspace, server.url)
    ran = tailor("augment", workspace, "--by", "writer", "--framings", "8", "--budget", "0.001")
    assert ran.code == 5
    assert "about" in ran.out
    assert len(server.asked) == 0  # sixteen requests of 800 tokens could cost more
    ran = tailor("augment", workspace, "--by", "writer", "--framings", "8")
    assert ran.code == 0, ran.err
    assert "a row kept" in ran.out


def test_what_a_check_says() -> None:
    source = row("What is the price of tea?", "2 euros")
    assert means_the_same("SAME\n2 euros", source) is None
    assert means_the_same("**SAME**\n\nThe answer is 2 euros.", source) is None
    assert means_the_same("SAME\n3 euros", source) == "has another answer"
    assert means_the_same("SAME", source) == "has another answer"
    assert means_the_same("different\nUNKNOWN", source) == "asks for something else"
    assert means_the_same("Well.", source) == "the check cannot be read"
    long = row("How do I return a sole?", "Write to us within " + "fourteen days and " * 6 + "send it back.")
    assert means_the_same("SAME\nWrite to us.", long) is None


@given(st.text(max_size=100))
def test_any_reply_is_wordings_or_a_failure(reply: str) -> None:
    read = read_wordings(reply)
    assert isinstance(read, Failure) or all(w == " ".join(w.split()) and w for w in read)
    assert "\n" not in read_translation(reply)
