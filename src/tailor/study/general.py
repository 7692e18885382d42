"""General ability: the items it is measured on, and the rows that keep it while weights are tuned. Never the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tailor.data.facts import infer_facts
from tailor.data.keep_out import kept_out
from tailor.data.read import read_examples
from tailor.files import locked, read_json, sha256_of, write_json
from tailor.records import Base, Example, Message
from tailor.study.config import Workspace

BUILTIN = "builtin"
NONE = "none"
FEWEST_GROUPS = 100
SHARE = 0.25
"""Of the groups of a file of general questions that does not say which rows train; with fewer than 100 groups all
test, because a smaller test would see nothing."""
SAMPLED = 256
"""Conversations sampled from a base whose data is unknown. In a training of 400,000 tokens each comes two or three
times."""


@dataclass(frozen=True)
class General:
    """`tests` are the items of the cell `general`; `rows` are the team's for keeping general ability, maybe none;
    `own` says whether the base's own training data is known and joins them."""

    tests: tuple[Example, ...] = ()
    rows: tuple[Example, ...] = ()
    own: bool = False

    @property
    def source(self) -> str:
        """Where the rows come from, as the plan writes it."""
        named = [*(["file"] if self.rows else []), *(["base's own data"] if self.own else [])]
        return " and ".join(named) or "sampled from the base"


def read_general(workspace: Workspace, base: Base | None) -> General:
    """What `data.general` means.

    The items and rows of a file are told apart by its column `split` (`train` or `test`) where it has one. Otherwise a
    quarter of its groups keeps general ability and the rest measures it, given a base of unknown origin and at least
    100 groups; a group is never divided.
    """
    where = workspace.config.data.general
    own = base is not None and base.kind == "builtin"
    if where == BUILTIN or (where is None and own):
        return General(_builtin_tests(), (), own)
    if where in (None, NONE):
        return General((), (), own)
    examples = infer_facts(read_examples(str(where), None, root=workspace.folder))
    rehearsed = {e.id for e in examples if e.split in ("train", "dev")}
    if not any(e.split for e in examples) and not own:
        rehearsed = _quarter(examples, workspace.config.split_seed)
    tests = [e for e in examples if e.id not in rehearsed]
    rows = [e for e in examples if e.id in rehearsed and e.answer is not None]
    return General(tuple(_as_test(e, f"general-{e.id}") for e in tests), tuple(kept_out(rows, tests)), own)


def _quarter(examples: Sequence[Example], seed: int) -> set[str]:
    groups = {e.group for e in examples}
    if len(groups) < FEWEST_GROUPS:
        return set()
    chance = {g: int(sha256_of(["general", seed, g])[:13], 16) / 16**13 for g in groups}
    return {e.id for e in examples if chance[e.group] < SHARE}


def recipe(general: General, base: Base) -> dict[str, Any]:
    """What decides the general rows, for the plan: their source, and the hash of what they are made from."""
    parts: list[object] = [general.rows, base.revision]
    if general.own:
        from tailor.models.builtin import general_rows

        parts.append(["own", general_rows.VERSION])
    elif not general.rows:
        from tailor.models import self_questions

        parts.append(["sampled", self_questions.VERSION, SAMPLED])
    return {"source": general.source, "sha256": sha256_of(parts)}


def rows_to_rehearse(
    general: General, base: Base, tests: Sequence[Example], store: Path, *, seed: int = 0
) -> tuple[Example, ...]:
    """General rows for tuning weights: the team's, the base's own training data where it is known, and where there is
    neither what the base says by itself. None of them asks for what a test item asks for.

    Args:
        general: of the study.
        base: the model to be tuned.
        tests: every item of the test split.
        store: where sampled conversations are kept, so that all arms and seeds share them.
        seed: of the sampling.

    Raises:
        ModelError: the base cannot be loaded or asked.
    """
    rows = [*general.rows, *(_own() if general.own else ())]
    return tuple(kept_out(rows or _sampled(base, store, seed), tests))


def _example(number: int, messages: tuple[Message, ...], answer: str) -> Example:
    return Example(f"rehearsal-{number:05d}", messages, answer)


@lru_cache(maxsize=1)
def _own() -> tuple[Example, ...]:
    from tailor.models.builtin.general_rows import general_rows

    made = []
    for number, turns in enumerate(general_rows()):
        messages = tuple(Message(t.role, t.text) for t in turns[:-1])  # type: ignore[arg-type]  # roles of the corpus are those of Message
        made.append(_example(number, messages, turns[-1].text))
    return tuple(made)


def _sampled(base: Base, store: Path, seed: int) -> list[Example]:
    from tailor.models import self_questions
    from tailor.models.loading import load_model

    if base.kind == "endpoint":
        return []
    name = f"general-{sha256_of([base.revision, self_questions.VERSION, SAMPLED, seed])[:16]}"
    path = store / f"{name}.json"
    with locked(store / "locks" / name):
        if not path.is_file():
            tokenizer, model = load_model(base)
            write_json(path, self_questions.sample_conversations(tokenizer, model, count=SAMPLED, seed=seed))
    pairs = read_json(path)
    return [_example(n, (Message("user", question),), answer) for n, (question, answer) in enumerate(pairs)]


def _builtin_tests() -> tuple[Example, ...]:
    from tailor.models.builtin.corpus import general_suite

    examples = []
    for n, probe in enumerate(general_suite(), 1):
        messages = tuple(Message(t.role, t.text) for t in probe.turns)  # type: ignore[arg-type]  # roles of the corpus are those of Message
        identity = f"general-{n:04d}"
        item = Example(identity, messages, probe.answers[0], probe.answers[1:], source=probe.skill)
        examples.append(_as_test(item, identity))
    return tuple(examples)


def _as_test(example: Example, identity: str) -> Example:
    return dataclasses.replace(
        example, id=identity, fact=identity, framing="1", group=identity, split="test", cell="general"
    )
