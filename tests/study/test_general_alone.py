"""General questions are asked of the model alone: an instruction to answer from passages is no loss of ability."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def lines(workspace: Path, arm: str) -> dict[str, dict[str, object]]:
    [path] = (workspace / ".tailor" / "studies").glob(f"*/answers/{arm}@1*.jsonl")
    return {line["item"]: line for line in map(json.loads, path.read_text().splitlines())}


def test_arms_without_weights_of_their_own_answer_general_questions_as_the_base_does(compared: Path) -> None:
    base, rag, few = (lines(compared, arm) for arm in ("zero-shot", "rag", "few-shot"))
    general = [item for item in base if item.startswith("general-")]
    assert general
    for arm in (rag, few):
        assert [arm[i]["completion"] for i in general] == [base[i]["completion"] for i in general]
        assert not any(arm[i]["passages"] for i in general)
    own = [item for item in base if item not in general]
    assert any(rag[i]["passages"] for i in own)
