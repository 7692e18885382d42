"""What general ability is measured on and what keeps it never meet."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tailor.data.similar import question_key
from tailor.files import read_json
from tailor.models import resolve_base
from tailor.models.builtin.corpus.world import WORLD
from tailor.records import Base, Example
from tailor.study.config import load_workspace
from tailor.study.general import General, read_general, recipe, rows_to_rehearse
from tailor.study.inputs import read_inputs
from tiny_workspace import edit, save_workspace, write_lines

VALUES = [(e.name, value) for e in WORLD for value in e.values.values()]


def facts_told(examples: tuple[Example, ...]) -> set[tuple[str, str]]:
    """(name, value) of the built-in model's world that a row names together."""
    texts = ["\n".join(m.content for m in e.messages) + f"\n{e.answer}" for e in examples]
    return {(name, value) for name, value in VALUES if any(name in text and value in text for text in texts)}


def test_the_built_in_models_rows_tell_no_fact_and_ask_no_question_of_its_general_test(tmp_path: Path) -> None:
    base = resolve_base("builtin/small", tmp_path)
    general = read_general(load_workspace(save_workspace(tmp_path / "w", "builtin/small")), base)
    assert (len(general.tests), general.own) == (4, True), "the workspace's own file tests, all of it"
    workspace = load_workspace(tmp_path / "w")
    edit(workspace.folder / "tailor.yaml", "general: general.jsonl", "general: builtin")
    general = read_general(load_workspace(workspace.folder), base)
    assert len(general.tests) == 1000
    rows = rows_to_rehearse(general, base, general.tests, tmp_path / "store")
    assert len(rows) > 1500
    told = facts_told(tuple(e for e in general.tests if e.source == "world"))
    assert len(told) > 400
    assert not told & facts_told(rows)
    assert len(facts_told(rows)) > 100, "others are rehearsed"
    assert not {question_key(e) for e in general.tests} & {question_key(e) for e in rows}
    capitals = [e.question for e in rows if "capital of" in e.question]
    tested = [e.question.removeprefix("Name the capital of ").rstrip(".") for e in general.tests]
    assert capitals
    assert not [c for c in capitals if any(t in c for t in tested if len(t) < 20)]
    assert rows == rows_to_rehearse(general, base, general.tests, tmp_path / "store")


def write_general(folder: Path, count: int, split: dict[int, str] | None = None) -> None:
    rows = [
        {"id": f"{n}-{f}", "question": f"{word} {n * 7}?", "answer": f"answer{n}", "fact": f"g{n}"}
        | ({"split": split[n]} if split else {})
        for n in range(count)
        for f, word in enumerate(("What follows", "Say it of"))
    ]
    write_lines(folder / "general.jsonl", rows)


def general_of(folder: Path, base: Base) -> General:
    return read_general(load_workspace(folder), base)


def test_a_quarter_of_a_large_file_keeps_ability_and_no_group_is_divided(workspace: Path, tiny_base: Path) -> None:
    base = resolve_base(str(tiny_base), workspace)
    write_general(workspace, 200)
    general = general_of(workspace, base)
    tested, kept = {e.id.removeprefix("general-")[:-2] for e in general.tests}, {e.group for e in general.rows}
    assert len(general.tests) + len(general.rows) == 400
    assert 30 <= len(kept) <= 70
    assert not {f"g{t}" for t in tested} & kept
    rows = rows_to_rehearse(general, base, general.tests, workspace / "store")
    assert {e.group for e in rows} == kept
    assert general.source == "file"
    write_general(workspace, 99)
    assert len(general_of(workspace, base).tests) == 198, "a small test stays whole"


def test_a_file_that_says_which_rows_train_is_obeyed(workspace: Path, tiny_base: Path) -> None:
    base = resolve_base(str(tiny_base), workspace)
    write_general(workspace, 10, {n: "train" if n < 4 else "test" for n in range(10)})
    general = general_of(workspace, base)
    assert len(general.tests) == 12
    assert {e.group for e in general.rows} == {"g0", "g1", "g2", "g3"}
    assert {e.cell for e in read_inputs(load_workspace(workspace)).examples if e.split == "train"} == {None}


def test_a_base_of_unknown_origin_is_asked_what_it_says_by_itself(workspace: Path, tiny_base: Path) -> None:
    base = resolve_base(str(tiny_base), workspace)
    write_general(workspace, 4)
    inputs = read_inputs(load_workspace(workspace))
    store = workspace / "store"
    rows = rows_to_rehearse(inputs.general, base, inputs.of("test"), store)
    assert 100 < len(rows) <= 256
    assert len({e.question for e in rows}) == len(rows)
    [kept] = store.glob("general-*.json")
    pairs = read_json(kept)
    assert rows == rows_to_rehearse(inputs.general, base, inputs.of("test"), store), "asked once, then read"
    kept.unlink()
    assert rows == rows_to_rehearse(inputs.general, base, inputs.of("test"), store), "and the same when asked again"
    test = dataclasses.replace(inputs.of("test")[0], messages=rows[0].messages)
    assert rows[0] not in rows_to_rehearse(inputs.general, base, [test], store), "unless the test asks it"
    assert [rows[0].question, rows[0].answer] in pairs


@pytest.mark.parametrize("change", ["rows", "revision"])
def test_the_plan_knows_what_the_rows_are_made_from(workspace: Path, tiny_base: Path, change: str) -> None:
    base = resolve_base(str(tiny_base), workspace)
    general = General()
    other = dataclasses.replace(base, revision="x") if change == "revision" else base
    rows = General(rows=read_inputs(load_workspace(workspace)).of("train")[:1]) if change == "rows" else general
    assert recipe(general, base) == recipe(General(), base)
    assert recipe(general, base)["sha256"] != recipe(rows, other)["sha256"]
    assert recipe(general, base)["source"] == "sampled from the base"
