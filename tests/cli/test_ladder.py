"""The ladder of an arm that searches: what each rung was shown, and the numbers that come of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tiny_workspace import FACTS, tailor


def study(folder: Path) -> Path:
    [found] = (folder / ".tailor" / "studies").iterdir()
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_rung_shows_what_it_says(compared: Path) -> None:
    folder = study(compared)
    assert sorted(p.name for p in (folder / "ladder").iterdir()) == ["rag+lora@1.jsonl", "rag@1.jsonl"]
    rungs: dict[str, dict[str, list[str]]] = {}
    for line in lines(folder / "ladder" / "rag@1.jsonl"):
        rungs.setdefault(line["rung"], {})[line["item"]] = line["passages"]
    items = {e["id"]: e for e in lines(folder / "test.jsonl") if e["cell"] == "held-out-framing"}
    assert set(rungs) == {"no-context", "gold", "gold-and-distractors"}
    for of_rung in rungs.values():
        assert set(of_rung) == set(items)
    for item, example in items.items():
        assert rungs["no-context"][item] == []
        assert rungs["gold"][item] == [example["source"]]
        assert example["source"] in rungs["gold-and-distractors"][item]
        assert len(rungs["gold-and-distractors"][item]) == 3  # of three passages in all


def test_the_steps_are_the_differences_between_the_rungs(finished: Path) -> None:
    """Answers put in by hand: retrieved right for half of the items, gold for all, without context for none."""
    folder = study(finished)
    items = {e["id"]: e["answer"] for e in lines(folder / "test.jsonl") if e["cell"] == "held-out-framing"}
    half = sorted(items)[: len(items) // 2]
    right = {"no-context": [], "gold": list(items), "gold-and-distractors": half}
    rows = lines(folder / "ladder" / "rag@1.jsonl")
    for row in rows:
        row["completion"] = items[row["item"]] if row["item"] in right[row["rung"]] else "nowhere"
    (folder / "ladder" / "rag@1.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    rows = lines(folder / "answers" / "rag@1.jsonl")
    for row in rows:
        if row["item"] in items:
            row["completion"] = f"{items[row['item']]} [1]" if row["item"] in half else "nowhere"
    (folder / "answers" / "rag@1.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    results = json.loads(tailor("compare", finished, "--json").out)
    found = results["arms"]["rag"]["retrieval"]
    share, ladder = len(half) / len(items), found["ladder"]
    values = [ladder[r]["value"] for r in ("no-context", "retrieved", "gold", "gold-and-distractors")]
    assert values == [0, share, 1, share]
    assert ladder["retrieval_loss"]["difference"] == 1 - share
    assert ladder["retrieval_loss"]["low"] <= 1 - share <= ladder["retrieval_loss"]["high"]
    assert (ladder["reading_loss"], ladder["n_items"]) == (0, len(items))
    assert ladder["context_gain"]["difference"] == share
    assert found["k"] == 2
    shown = {r["item"]: r["passages"] for r in rows if r["item"] in items and r["item"].split("-")[0] in FACTS}
    assert 0 < found["recall_at_k"] <= 1
    assert len(shown) == len(items)
    assert results["arms"]["zero-shot"]["retrieval"] is None
    printed = tailor("report", finished, COLUMNS="80")
    assert "Retrieval loses" in " ".join(printed.out.split())
    assert "Retrieval loses" in tailor("report", finished, "--markdown").out
