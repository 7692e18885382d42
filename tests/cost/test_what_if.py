from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tailor.cost.hardware import training_gb, training_seconds
from tailor.cost.prices import read_book
from tailor.cost.what_if import Question, what_if
from tiny_workspace import tailor

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data" / "published-costs.json"


@pytest.fixture(scope="module")
def derive() -> ModuleType:
    spec = importlib.util.spec_from_file_location("derive", ROOT / "examples" / "economics" / "derive.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["derive"] = module
    spec.loader.exec_module(module)
    return module


def test_training_time_and_memory_by_hand() -> None:
    # 8e9 weights, 76.8e6 tokens, 989 TFLOPS at 35 %: 6 x 8e9 x 76.8e6 / 346.15e12 = 10,650 s
    assert training_seconds(8e9, 76.8e6, "full", 989.0) == pytest.approx(10_650, rel=1e-3)
    assert training_seconds(8e9, 76.8e6, "lora", 989.0) == pytest.approx(10_650 * 4 / 6, rel=1e-3)
    assert training_seconds(8e9, 76.8e6, "full", 989.0, recompute=True) == pytest.approx(10_650 * 8 / 6, rel=1e-3)
    assert training_gb(7e9, "full") == pytest.approx(112.0)
    assert training_gb(7e9, "lora", trained_share=0.0) == pytest.approx(14.0)


@pytest.mark.parametrize(("frozen", "operations"), [(False, 6), (True, 4)])
def test_operations_are_those_that_torch_counts(frozen: bool, operations: int) -> None:
    """A stack of linear layers, of which the first input needs a gradient as an adapter below it would ask for."""
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    layers = torch.nn.Sequential(*(torch.nn.Linear(32, 32, bias=False) for _ in range(4)))
    layers.requires_grad_(not frozen)
    tokens = torch.randn(50, 32, requires_grad=True)
    with FlopCounterMode(display=False) as counted:
        layers(tokens).sum().backward()
    weights = sum(p.numel() for p in layers.parameters())
    assert counted.get_total_flops() == operations * weights * 50


def test_a_what_if_by_hand() -> None:
    price = read_book().get("openai/gpt-4.1-mini")
    found = what_if(
        8e9, hourly=2.0, throughput=1000.0, question=Question(1500, 200, 0.5), price=price, volume=50_000, bits=8
    )
    assert found.provider is not None
    assert found.hosting is not None
    # 750 fresh at $0.40, 750 cached at $0.10, 200 out at $1.60 a million, times 1,000
    assert found.provider.per_1000_usd == pytest.approx(0.3 + 0.075 + 0.32)
    assert found.provider.per_1000_uncached_usd == pytest.approx(0.6 + 0.32)
    assert found.hosting.month_usd == pytest.approx(1460.0)
    assert found.hosting.gb == pytest.approx(8.0)
    assert found.hosting.capacity == pytest.approx(1000 * 3600 * 730 / 200)
    assert found.break_even == pytest.approx(1460 / 0.000695)
    assert found.machines == 1
    assert found.provider_month_usd == pytest.approx(50 * 0.695)


def test_the_command_and_what_it_says_of_the_unknown() -> None:
    ran = tailor("cost", "8B", "--machine", "lambda/h100", "--tokens", "openai/gpt-4.1-mini", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["hosting"]["capacity"] is None
    assert found["trainings"] == []
    assert [p["name"] for p in found["prices"]] == ["lambda/h100", "openai/gpt-4.1-mini"]
    for arguments, message in ((("0B",), "above 0"), (("8B", "--machine", "lambda/h101"), "No price called")):
        ran = tailor("cost", *arguments)
        assert (ran.code, message in ran.err) == (2, True)


def test_every_stated_figure_is_derived_missing_or_contradicted(derive: Any) -> None:
    for case in derive.read_cases():
        lines = {line.figure: line for line in derive.CASES[case["id"]]()}
        assert set(case["states"]) <= set(lines), case["id"]
        for figure, stated in case["states"].items():
            line = lines[figure]
            assert line.why
            assert line.outcome in ("follows", "missing", "contradiction")
            if line.outcome != "follows" or not isinstance(stated, (int, float, list)):
                continue
            pairs = zip(stated, line.ours, strict=True) if isinstance(stated, list) else [(stated, line.ours)]
            for says, ours in pairs:
                if figure.endswith("_usd"):
                    assert abs(ours - says) < 0.005, figure  # to the cent
                elif figure.endswith("_gb"):
                    assert ours <= says  # fits
                else:
                    assert math.isclose(ours, says, rel_tol=0.001), figure


def test_the_statements_are_the_published_ones(derive: Any) -> None:
    if not SHARED.is_file():
        pytest.skip(f"{SHARED} is not on this machine")
    published = {c["id"]: c["states"] for c in json.loads(SHARED.read_text(encoding="utf-8"))["cases"]}
    assert {c["id"]: c["states"] for c in derive.read_cases()} == published


def test_the_example_prints_all_cases() -> None:
    ran = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "economics" / "derive.py")], capture_output=True, text=True, check=True
    )
    assert ran.stdout.count("   ours ") >= 17
