"""An adaptation is data: JSON and back, an identity, and parts that can be joined."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailor.errors import ArtifactError, ConfigError
from tailor.records import (
    Adaptation,
    Artifact,
    Base,
    Demonstration,
    Demonstrations,
    Generation,
    Retriever,
    Weights,
)
from tailor.runtime import adaptation_from_json, adaptation_sha256, adaptation_to_json, join

BASE = Base("folder", "./m", "/models/m", "abc")
ARTIFACT = Artifact("lora-1", "f" * 64)
FULL = Adaptation(
    BASE,
    "Be brief.",
    Demonstrations("fixed", 2, (Demonstration("q1", "a1"), Demonstration("q2", "a2"))),
    Retriever(Artifact("index-1", "e" * 64), 3),
    Weights("adapter", ARTIFACT),
    Generation(20, 0.5, 7, ("\n",)),
)

words = st.text(max_size=20)
bases = st.builds(Base, st.sampled_from(["builtin", "folder", "hub", "endpoint"]), words, words, words, words)
artifacts = st.builds(Artifact, words, words)
demonstrations = st.builds(
    Demonstrations,
    st.sampled_from(["fixed", "nearest"]),
    st.integers(1, 64),
    st.lists(st.builds(Demonstration, words, words), max_size=3).map(tuple),
)
adaptations = st.builds(
    Adaptation,
    bases,
    st.none() | words,
    st.none() | demonstrations,
    st.none() | st.builds(Retriever, artifacts, st.integers(1, 20)),
    st.none() | st.builds(Weights, st.sampled_from(["adapter", "full"]), artifacts),
    st.builds(
        Generation,
        st.integers(1, 4096),
        st.floats(0, 2),
        st.integers(0, 2**31),
        st.lists(words, max_size=3).map(tuple),
    ),
)


@given(adaptations)
def test_json_and_back(adaptation: Adaptation) -> None:
    text = json.dumps(adaptation_to_json(adaptation))
    again = adaptation_from_json(json.loads(text))
    assert again == adaptation
    assert adaptation_sha256(again) == adaptation_sha256(adaptation)


@given(adaptations, adaptations)
def test_different_adaptations_have_different_hashes(one: Adaptation, other: Adaptation) -> None:
    def identity(a: Adaptation) -> Adaptation:
        moves = a.base.revision and a.base.kind != "endpoint"
        return dataclasses.replace(a, base=dataclasses.replace(a.base, location="")) if moves else a

    assert (adaptation_sha256(one) == adaptation_sha256(other)) == (identity(one) == identity(other))


@pytest.mark.parametrize("kind", ["builtin", "folder", "hub"])
def test_where_a_base_lies_does_not_matter(kind: Any) -> None:
    here, there = (Adaptation(Base(kind, "m", place, "abc")) for place in ("/here/m", "/there/m"))
    assert adaptation_sha256(here) == adaptation_sha256(there)


def test_which_server_is_asked_does_matter() -> None:
    here, there = (Adaptation(Base("endpoint", "m", f"http://{host}/v1", "m")) for host in ("a", "b"))
    assert adaptation_sha256(here) != adaptation_sha256(there)


CHANGED: dict[str, Any] = {
    "name": "./n",
    "revision": "abd",
    "kind": "hub",
    "key_env": "KEY",
}


@pytest.mark.parametrize("name", CHANGED)
def test_everything_else_of_a_base_matters(name: str) -> None:
    other = dataclasses.replace(FULL, base=dataclasses.replace(BASE, **{name: CHANGED[name]}))
    assert adaptation_sha256(other) != adaptation_sha256(FULL)


@pytest.mark.parametrize(
    "changes",
    [
        {"system": "Be brief"},
        {"system": None},
        {"demonstrations": None},
        {"demonstrations": Demonstrations("nearest", 2, FULL.demonstrations.pool if FULL.demonstrations else ())},
        {"demonstrations": Demonstrations("fixed", 1, FULL.demonstrations.pool if FULL.demonstrations else ())},
        {"demonstrations": Demonstrations("fixed", 2, (Demonstration("q2", "a2"), Demonstration("q1", "a1")))},
        {"retriever": Retriever(Artifact("index-1", "e" * 64), 4)},
        {"retriever": Retriever(Artifact("index-1", "d" * 64), 3)},
        {"weights": Weights("full", ARTIFACT)},
        {"weights": Weights("adapter", Artifact("lora-1", "0" * 64))},
        {"generation": Generation(21, 0.5, 7, ("\n",))},
        {"generation": Generation(20, 0.6, 7, ("\n",))},
        {"generation": Generation(20, 0.5, 8, ("\n",))},
        {"generation": Generation(20, 0.5, 7, ())},
    ],
)
def test_every_part_matters(changes: dict[str, Any]) -> None:
    assert adaptation_sha256(dataclasses.replace(FULL, **changes)) != adaptation_sha256(FULL)


def test_a_whole_number_as_temperature_is_the_same_temperature() -> None:
    whole = Adaptation(BASE, generation=Generation(temperature=0))
    assert adaptation_sha256(whole) == adaptation_sha256(Adaptation(BASE))


@pytest.mark.parametrize("value", [[], None, "x", {}, {"format_version": 0}, {"format_version": "1"}])
def test_what_is_no_adaptation_is_refused(value: Any) -> None:
    with pytest.raises(ArtifactError, match="format_version is missing"):
        adaptation_from_json(value)


def test_a_newer_format_asks_for_an_upgrade() -> None:
    with pytest.raises(ArtifactError, match="format 3; this Tailor reads up to 2") as caught:
        adaptation_from_json({**adaptation_to_json(FULL), "format_version": 3})
    assert "Upgrade" in caught.value.hint


@pytest.mark.parametrize(
    ("changes", "version"),
    [
        ({}, 1),
        ({"demonstrations": Demonstrations("nearest", 1, (Demonstration("q", "a"),))}, 1),
        ({"demonstrations": Demonstrations("nearest-first", 1, (Demonstration("q", "a"),))}, 2),
        ({"base": Base("endpoint", "m", "http://127.0.0.1:1/v1", "m", api="anthropic")}, 2),
    ],
)
def test_only_what_an_older_tailor_cannot_answer_with_has_a_newer_format(changes: dict[str, Any], version: int) -> None:
    written = adaptation_to_json(dataclasses.replace(Adaptation(Base("hub", "o/m", "o/m")), **changes))
    assert written["format_version"] == version


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"base": None}, "base"),
        ({"base": {"kind": "pickle", "name": "m", "location": "m"}}, "base.kind"),
        ({"weights": {"kind": "adapter"}}, "weights.artifact"),
        ({"retriever": {"index": {"path": "x", "sha256": "y"}, "k": "many"}}, "retriever.k"),
        ({"filter": {"words": []}}, "unknown to this Tailor: filter"),
        ({"generation": {"top_p": 0.5}}, "unknown to this Tailor: generation.top_p"),
        (
            {"demonstrations": {"kind": "fixed", "k": 1, "pool": [{"question": "q", "answer": "a", "weight": 2}]}},
            "unknown to this Tailor: demonstrations.pool.weight",
        ),
    ],
)
def test_a_wrong_or_unknown_part_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ArtifactError, match=words):
        adaptation_from_json({**adaptation_to_json(FULL), **changes})


def test_parts_left_out_have_their_defaults() -> None:
    value = {"format_version": 1, "base": {"kind": "hub", "name": "o/m", "location": "o/m"}}
    assert adaptation_from_json(value) == Adaptation(Base("hub", "o/m", "o/m"))


def test_joining_takes_the_parts_of_all() -> None:
    parts = [
        dataclasses.replace(Adaptation(BASE), **{name: getattr(FULL, name)})
        for name in ("system", "demonstrations", "retriever", "weights", "generation")
    ]
    assert join(parts, ["a", "b", "c", "d", "e"]) == FULL
    assert join(list(reversed(parts)), ["e", "d", "c", "b", "a"]) == FULL
    assert join([FULL, FULL], ["a", "b"]) == FULL, "what two set alike is no conflict"


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("system", "Be long."),
        ("demonstrations", Demonstrations("fixed", 1, (Demonstration("q", "a"),))),
        ("retriever", Retriever(Artifact("index-2", "d" * 64), 3)),
        ("weights", Weights("full", ARTIFACT)),
        ("generation", Generation(9)),
    ],
)
def test_two_that_set_one_part_cannot_be_joined(part: str, value: Any) -> None:
    other = dataclasses.replace(Adaptation(BASE), **{part: value})
    with pytest.raises(ConfigError, match=rf"rag\+lora: both rag and lora set the {part}"):
        join([FULL, other], ["rag", "lora"])


def test_two_bases_cannot_be_joined() -> None:
    with pytest.raises(ConfigError, match="different base models"):
        join([FULL, Adaptation(Base("hub", "o/m", "o/m"))], ["rag", "lora"])
