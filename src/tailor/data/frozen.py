"""The split of a data set that was tested: old questions keep their places, and a changed test is noticed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from tailor.data.similar import content_words, jaccard, question_key
from tailor.errors import ArtifactError, Problem
from tailor.files import read_json, sha256_of, write_json
from tailor.records import CellName, Example, Split

FORMAT_VERSION = 1
TRAINED_SUFFIX = "#trained"
_MADE_NAME = re.compile("fact-[0-9a-f]{10}")

Place = tuple[Split | None, CellName | None]


@dataclass(frozen=True)
class Kept:
    """Where a question was put. `content` is the hash of its answer and aliases; `copied`: it also tests as the
    trained framing of its fact."""

    split: Split | None
    cell: CellName | None
    fact: str
    question: str
    content: str
    copied: bool = False

    @property
    def place(self) -> Place:
        return self.split, self.cell


@dataclass(frozen=True)
class FrozenSplit:
    """Places by the key of a question (the hash of its normalised words and of the turns before it)."""

    places: Mapping[str, Kept]

    @classmethod
    def of(cls, examples: Sequence[Example]) -> FrozenSplit:
        """What `split_examples` gave."""
        copied = {key_of(e) for e in examples if e.id.endswith(TRAINED_SUFFIX)}
        return cls(
            {
                key_of(e): Kept(e.split, e.cell, e.fact, e.question[:200], content_of(e), key_of(e) in copied)
                for e in examples
                if not e.id.endswith(TRAINED_SUFFIX)
            }
        )

    def get(self, example: Example) -> Kept | None:
        """Where this question was put, if it was there."""
        return self.places.get(key_of(example))

    def renamed(self, examples: Sequence[Example]) -> list[Example]:
        """Rows with the facts they had. New rows can change how facts are inferred, and thereby their names: a row
        whose fact was inferred takes the fact it had, a new one that of the most similar old row of its fact."""
        old: dict[str, list[tuple[frozenset[str], str]]] = defaultdict(list)
        for e in examples:
            if kept := self.get(e):
                old[e.fact].append((content_words(question_key(e)), kept.fact))
        renamed = []
        for e in examples:
            if not _MADE_NAME.fullmatch(e.fact) or e.fact not in old:
                renamed.append(e)
                continue
            kept = self.get(e)
            words = content_words(question_key(e))
            fact = kept.fact if kept else min(old[e.fact], key=lambda o: (-jaccard(words, o[0]), o[1]))[1]
            renamed.append(replace(e, fact=fact, group=fact if e.group == e.fact else e.group))
        return renamed

    def changes(self, examples: Sequence[Example], name: str) -> list[Problem]:
        """Test questions that are gone, have another answer or would be trained on, and others that would now test."""
        now: dict[str, Example] = {}
        for e in examples:
            if not e.id.endswith(TRAINED_SUFFIX):
                now.setdefault(key_of(e), e)
        problems = []
        for key, kept in sorted(self.places.items(), key=lambda item: item[1].question):
            found, question = now.get(key), f"test question '{kept.question[:60]}'"
            if found is None:
                if kept.split == "test":
                    problems.append(Problem(name, None, None, "it is gone", question, "put it back as it was"))
            elif kept.split == "test" and content_of(found) != kept.content:
                problems.append(Problem(name, None, "answer", "another answer", question, "put the old one back"))
            elif found.split != kept.split and "test" in (found.split, kept.split):
                expected = f"'{kept.question[:60]}' in {kept.split or 'no split'}"
                problems.append(Problem(name, None, "split", f"{found.split or 'no split'}", expected))
        return problems

    def joined(self, examples: Sequence[Example]) -> FrozenSplit:
        """With the rows of a later split. Rows that are gone keep their places, in case they come back."""
        return FrozenSplit({**self.places, **FrozenSplit.of(examples).places})

    def without_missing_tests(self, examples: Sequence[Example]) -> FrozenSplit:
        """Without the test questions that are gone, for a test that was changed on purpose."""
        there = {key_of(e) for e in examples}
        return FrozenSplit({k: kept for k, kept in self.places.items() if kept.split != "test" or k in there})


def key_of(example: Example) -> str:
    """The key of a question: case, spaces and outer punctuation aside."""
    return sha256_of(question_key(example))[:20]


def content_of(example: Example) -> str:
    """The hash of what a right answer is."""
    return sha256_of([example.answer, sorted(example.aliases)])[:16]


def save_split(path: Path, frozen: FrozenSplit) -> None:
    """Write a split, atomically."""
    write_json(path, {"format_version": FORMAT_VERSION, "sha256": sha256_of(frozen), "places": frozen.places})


def load_split(path: Path) -> FrozenSplit | None:
    """A split on disk; None where there is none.

    Raises:
        ArtifactError: it was changed by hand, or comes from a newer Tailor.
    """
    if not path.is_file():
        return None
    value: Any = read_json(path)
    if isinstance(value, dict) and value.get("format_version", 0) > FORMAT_VERSION:
        raise ArtifactError(f"{path} comes from a newer Tailor.", hint="Update Tailor.")
    try:
        frozen = FrozenSplit({key: Kept(**cast(dict[str, Any], kept)) for key, kept in value["places"].items()})
        whole = sha256_of(frozen) == value["sha256"]
    except (KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise ArtifactError(
            f"{path} was changed after it was frozen.",
            hint="Restore it. Without it the split may move: move it away only if no study counts any more.",
        )
    return frozen
