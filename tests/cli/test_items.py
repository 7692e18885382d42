"""`tailor show` and `tailor diff` over a finished study: what they say is what lies on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.cells import cell_len

from tiny_workspace import FACTS, edit, tailor


def study(folder: Path) -> Path:
    [found] = (folder / ".tailor" / "studies").iterdir()
    return found


def lines(folder: Path, cell: str) -> dict[str, dict[str, Any]]:
    text = (study(folder) / "answers" / f"{cell}.jsonl").read_text(encoding="utf-8")
    return {line["item"]: line for line in map(json.loads, text.splitlines())}


def set_answer(folder: Path, cell: str, answers: dict[str, str]) -> None:
    """Put words into an arm's mouth."""
    kept = lines(folder, cell)
    for item, text in answers.items():
        kept[item]["completion"] = text
    path = study(folder) / "answers" / f"{cell}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in kept.values()), encoding="utf-8")


def test_show_has_the_answer_the_passages_and_the_prompt_of_every_arm(compared: Path) -> None:
    item, line = next((i, x) for i, x in lines(compared, "rag@1").items() if i.split("-")[0] in FACTS)
    ran = tailor("show", item, "-w", compared, "--prompt", "--json")
    assert (ran.code, ran.err) == (0, "")
    shown = json.loads(ran.out)
    assert shown["expected"] == FACTS[item.split("-")[0]]
    rows = {(a["arm"], a["seed"]): a for a in shown["answers"]}
    assert {("zero-shot", 1), ("rag", 1), ("lora", 1), ("lora", 2), ("full", 2)} <= set(rows)
    rag = rows["rag", 1]
    assert rag["answer"] == line["completion"]
    assert [p["id"] for p in rag["passages"]] == line["passages"]
    assert rag["usage"] == line["usage"]
    documents = "".join(p.read_text(encoding="utf-8") for p in (compared / "docs").iterdir())
    assert all(" ".join(p["text"].split()) in " ".join(documents.split()) for p in rag["passages"])
    [system, question] = rag["prompt"]
    assert system["role"] == "system"
    assert question["content"].startswith("[1] ")
    assert question["content"].endswith(f"Question: {shown['question']}")
    assert rows["zero-shot", 1]["prompt"] == [{"role": "user", "content": shown["question"]}]
    assert "passages shown to rag" in tailor("show", item, "-w", compared).out


def test_show_names_what_is_like_it(compared: Path) -> None:
    ran = tailor("show", "Elm", "-w", compared)
    assert ran.code == 5
    assert "is a fact" in ran.err
    assert "Elm-" in ran.err
    ran = tailor("show", "nothing", "-w", compared)
    assert (ran.code, "no test item 'nothing'" in ran.err, "Traceback" in ran.err) == (5, True, False)
    item = next(iter(lines(compared, "rag@1")))
    ran = tailor("show", item, "-a", "rga", "-w", compared)
    assert ran.code == 5
    assert "Did you mean 'rag'?" in ran.err


def test_diff_counts_what_was_fixed_and_broken(finished: Path) -> None:
    cells = {i: x for i, x in lines(finished, "rag@1").items() if i.split("-")[0] in FACTS and "#" not in i}
    first, second, third, *others = sorted(cells)
    right = {i: FACTS[i.split("-")[0]] for i in cells}
    wrong = dict.fromkeys(cells, "nowhere")
    set_answer(finished, "zero-shot@1", {**wrong, second: right[second]})
    set_answer(finished, "rag@1", {**wrong, first: right[first], third: right[third]})
    ran = tailor("diff", "zero-shot", "rag", "-w", finished, "--json")
    assert (ran.code, ran.err) == (0, "")
    found = json.loads(ran.out)
    changes = {i["item"]: i["change"] for i in found["items"] if i["item"] in cells}
    assert changes == {first: "fixed", second: "broken", third: "fixed", **dict.fromkeys(others, "both-wrong")}
    own = [c for n, c in found["cells"].items() if n in ("held-out-framing", "held-out-fact")]
    assert (sum(c["fixed"] for c in own), sum(c["broken"] for c in own)) == (2, 1)
    text = tailor("diff", "zero-shot", "rag", "-w", finished, "--only", "broken", COLUMNS="80").out
    assert second in text
    assert first not in text
    assert max(map(cell_len, text.split("\n"))) <= 80
    reverse = json.loads(tailor("diff", "rag", "zero-shot", "-w", finished, "--json").out)
    assert {i["item"]: i["change"] for i in reverse["items"]}[second] == "fixed"


def test_a_study_can_be_looked_into_after_its_files_changed(finished: Path) -> None:
    edit(finished / "questions.jsonl", "Elm", "Oak")
    assert tailor("diff", "zero-shot", "lora", "-w", finished, "--seed", "2").code == 0
    edit(study(finished) / "test.jsonl", "Elm", "Oak")
    ran = tailor("diff", "zero-shot", "lora", "-w", finished)
    assert ran.code == 5
    assert "test.jsonl was changed" in ran.err
    (study(finished) / "test.jsonl").unlink()  # as in studies of version 0.1
    ran = tailor("diff", "zero-shot", "lora", "-w", finished)
    assert ran.code == 5
    assert "The test was changed after it was asked" in ran.err


def test_diff_refuses_what_it_does_not_know(compared: Path) -> None:
    for arguments, code, words in (
        (("zero-shot", "rag", "--cell", "held-out"), 2, "There is no cell"),
        (("zero-shot", "rag", "--only", "better"), 2, "expected fixed, broken or both-wrong"),
        (("zero-shot", "lora", "--seed", "9"), 5, "no seed 9"),
        (("zero-shot", "ragg"), 5, "Did you mean 'rag'?"),
    ):
        ran = tailor("diff", *arguments, "-w", compared)
        assert (ran.code, words in ran.err, "Traceback" in ran.err) == (code, True, False), ran.err
