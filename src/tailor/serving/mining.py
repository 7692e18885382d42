"""Candidates for training from what was asked in production: answers that people found good, and their corrections.

Nothing here trains anything: rows are marked `to review`, and a study refuses them until a person let them through.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tailor.data.augment.gates import Gates
from tailor.data.pii import scrub
from tailor.data.similar import near_pairs, normalise, words
from tailor.data.stream import TO_REVIEW
from tailor.evaluation.abstain import is_abstention
from tailor.records import Example
from tailor.retrieval.cite import strip_citations
from tailor.serving.feedback import FeedbackStore
from tailor.serving.keys import serving_folder

COMMAND = "tailor data mine"
GOOD_SCORE = 0.8
USER_SHARE, USER_ROWS = 0.01, 50  # of one user: 50 rows, or a hundredth of all where that is more
SAME = 0.9  # of all words shared, with the same answer: one question
MOST_CLASSES, CLASS_COVER = 50, 0.8  # answers are classes where so few of them are so much of all

_NEEDED = ("id", "unit", "key", "shadow_of", "complete", "refused", "finish", "release", "at", "input", "output")


@dataclass(frozen=True)
class Mined:
    """One candidate. `answer` None: people agreed that it cannot be answered. `user` is the salted hash of who asked,
    or the key's id; empty where nobody is known. `masked`: something personal was taken out."""

    turns: tuple[Mapping[str, str], ...]
    answer: str | None
    kind: str  # corrected or good
    user: str
    masked: bool
    origin: Mapping[str, Any]

    @property
    def question(self) -> str:
        """All turns but the client's instruction."""
        return "\n".join(normalise(t["content"]) for t in self.turns if t["role"] != "system")


@dataclass
class Mining:
    """What came of it: `judged` = len(made) + the sum of `left_out`. `judged` are requests that somebody said something
    about, `requests` all answered ones. `classes` holds (share of the rows, share of production) by answer, empty where
    answers are no classes."""

    made: list[Mined] = field(default_factory=list)
    requests: int = 0
    judged: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    users: int = 0
    largest_user: int = 0
    classes: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def mine(workspace: Path, examples: Sequence[Example]) -> Mining:
    """Candidates from the request log and the feedback of a workspace, oldest first.

    Args:
        examples: split rows that are there already: nothing mined is one of them or near one of test or dev.
    """
    folder = serving_folder(workspace)
    said: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in FeedbackStore(folder / "feedback.db").joined(folder / "requests.db"):
        said[row["request_id"]].append(row)
    done = Mining(judged=len(said))
    requests: dict[str, dict[str, Any]] = {}
    answers: Counter[str] = Counter()
    for request in _answered(folder / "requests.db"):
        done.requests += 1
        if request["output"]:
            answers[normalise(strip_citations(request["output"]))] += 1
        if request["id"] in said:
            requests[request["id"]] = request
    found = []
    for identity, opinions in said.items():
        one = _candidate(requests.get(identity), opinions)
        if isinstance(one, str):
            done.left_out[one] += 1
        else:
            found.append(one)
    found = _new(_each_once(found, done.left_out), examples, done.left_out)
    done.made = _capped(found, done.left_out)
    by_user = Counter(m.user for m in done.made if m.user)
    done.users, done.largest_user = len(by_user), max(by_user.values(), default=0)
    done.classes = _classes(done.made, answers)
    return done


def line(mined: Mined) -> dict[str, Any]:
    """One candidate as it is written."""
    single = [t["role"] for t in mined.turns] in (["user"], ["system", "user"])
    row: dict[str, Any] = {}
    if single:
        row = {"question": mined.turns[-1]["content"], "answer": mined.answer}
        if len(mined.turns) > 1:
            row["system"] = mined.turns[0]["content"]
    else:
        row = {"messages": [*mined.turns, {"role": "assistant", "content": mined.answer}]}
    made = {"by": COMMAND, "kind": mined.kind, "user": mined.user, "masked": mined.masked, **mined.origin}
    return {"id": f"mined-{mined.origin['request']}", **row, "status": TO_REVIEW, "made": made}


def _answered(log: Path) -> Iterator[dict[str, Any]]:
    """Requests that were answered, copies for a shadow left out."""
    if not log.is_file():
        return
    with contextlib.closing(sqlite3.connect(f"{log.absolute().as_uri()}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        query = f"SELECT {', '.join(_NEEDED)} FROM requests WHERE status = 200 AND shadow_of = '' ORDER BY at, id"
        for row in database.execute(query):
            yield dict(row)


def _candidate(request: Mapping[str, Any] | None, opinions: Sequence[Mapping[str, Any]]) -> Mined | str:
    """The candidate of one request, or why there is none. `opinions` are oldest first, the last correction counts."""
    if request is None:
        return "the request is not in the log any more"
    corrections = [o for o in opinions if o["correction"]]
    good = [o for o in opinions if o["thumbs"] == "up" or (o["score"] is not None and o["score"] >= GOOD_SCORE)]
    bad = [o for o in opinions if o["thumbs"] == "down" or (o["score"] is not None and o["score"] < GOOD_SCORE)]
    if not corrections and not good:
        return "nobody found the answer good or corrected it"
    if not corrections and bad:
        return "people disagree"
    if not request["complete"] or request["finish"] == "length":
        return "the answer is incomplete"
    if request["input"] is None or request["output"] is None:
        return "what was asked is not kept (tailor serve --log-contents)"
    turns = json.loads(request["input"])
    if turns and isinstance(turns[0], list):
        return "several questions in one request"
    by = corrections[-1] if corrections else good[-1]
    raw = corrections[-1]["correction"] if corrections else strip_citations(request["output"])
    answer = scrub(raw.strip())
    clean = tuple({"role": t["role"], "content": scrub(t["content"])} for t in turns)
    if not clean or clean[-1]["role"] != "user" or not clean[-1]["content"].strip() or not answer:
        return "no question or no answer"
    masked = answer != raw.strip() or any(c["content"] != t["content"] for c, t in zip(clean, turns, strict=True))
    origin = {
        "request": request["id"],
        "feedback": by["id"],
        "release": request["release"],
        "at": request["at"],
        **({"answered": scrub(strip_citations(request["output"]))} if corrections else {}),
        **({"comment": scrub(by["comment"])} if by["comment"] else {}),
    }
    kind = "corrected" if corrections else "good"
    user = request["unit"] or (f"key {request['key']}" if request["key"] else "")
    return Mined(clean, None if is_abstention(answer) else answer, kind, user, masked, origin)


def _each_once(found: Sequence[Mined], left_out: Counter[str]) -> list[Mined]:
    """Each question once: of two answers a correction goes before one that was only found good, then the later one; of
    near-copies with one answer the first stays."""
    best: dict[str, Mined] = {}
    for one in found:
        before = best.get(one.question)
        if before is None:
            best[one.question] = one
            continue
        better = one if (one.kind == "corrected") >= (before.kind == "corrected") else before
        same = normalise(one.answer or "") == normalise(before.answer or "")
        left_out["asked twice" if same else "a better answer to the same question"] += 1
        best[one.question] = replace(before, kind=better.kind) if same else better
    rows = list(best.values())
    gone: set[int] = set()
    for i, j, _ in near_pairs([words(m.question) for m in rows], SAME):
        if i not in gone and normalise(rows[i].answer or "") == normalise(rows[j].answer or ""):
            gone.add(j)
    left_out.update({"nearly asked twice": len(gone)} if gone else {})
    return [m for n, m in enumerate(rows) if n not in gone]


def _new(found: Iterable[Mined], examples: Sequence[Example], left_out: Counter[str]) -> list[Mined]:
    """Those that are in no file of questions, and near no test question."""
    gates = Gates(examples)
    kept = []
    for one in found:
        reason = "not new" if one.question in gates.taken else gates.leak(one.turns[-1]["content"])
        if reason:
            left_out["is in your data already" if reason == "not new" else reason] += 1
        else:
            kept.append(one)
    return kept


def _capped(found: Sequence[Mined], left_out: Counter[str]) -> list[Mined]:
    """At most so many rows of one user: corrections first, then the oldest. Rows of nobody known have no cap."""
    most = max(USER_ROWS, int(USER_SHARE * len(found)))
    count: Counter[str] = Counter()
    kept: set[int] = set()
    for n in sorted(range(len(found)), key=lambda n: found[n].kind != "corrected"):
        user = found[n].user
        count[user] += 1
        if not user or count[user] <= most:
            kept.add(n)
        else:
            left_out["more than one user may give"] += 1
    return [m for n, m in enumerate(found) if n in kept]


def _classes(made: Sequence[Mined], answers: Counter[str]) -> dict[str, tuple[float, float]]:
    """Shares of answers among the rows and in production, where answers are classes; most frequent first."""
    total = answers.total()
    common = answers.most_common(MOST_CLASSES)
    if not made or total < 2 * len(common) or sum(n for _, n in common) < CLASS_COVER * total:
        return {}
    own = Counter(normalise(m.answer or "") for m in made)
    return {name: (own[name] / len(made), n / total) for name, n in common}
