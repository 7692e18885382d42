"""The example decisions: Tailor's verdict is the expert's, and so are the gate and the reason that decided."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "decisions" / "decide.py"


def load() -> Any:
    spec = importlib.util.spec_from_file_location("decide_examples", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["decide_examples"] = module
    spec.loader.exec_module(module)
    return module


EXAMPLES = load()


def test_there_are_a_dozen_at_least_and_every_kind_of_verdict() -> None:
    import yaml

    kinds = [
        yaml.safe_load((EXAMPLE.parent / c / "recorded.yaml").read_text(encoding="utf-8"))["expert"]["kind"]
        for c in EXAMPLES.cases()
    ]
    assert len(kinds) >= 12
    assert set(kinds) == {"adopt", "keep-simple", "not-enough-evidence", "do-nothing", "not-allowed"}


@pytest.mark.slow
@pytest.mark.parametrize("case", EXAMPLES.cases())
def test_the_verdict_is_the_experts(case: str) -> None:
    results, expert = EXAMPLES.decide(case)
    verdict = results["verdict"]
    assert (verdict["kind"], verdict["arm"], verdict["gate"]) == (expert["kind"], expert["arm"], expert.get("gate"))
    said = " ".join([verdict["sentence"], *verdict["reasons"]])
    for words in expert.get("names", []):
        assert words in said, said
