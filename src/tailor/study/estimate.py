"""What a study would take, before it is run: time, memory and money of every arm. Freezes nothing.

Money at a provider is tokens at the dated price: a token is taken as four characters. Time on this machine comes from
the ledger of an earlier study of the workspace where the arm has run before. Otherwise about twenty steps of its
training are tried on its own rows, and answering is calculated from operations and a matrix product timed on the spot,
which can be wrong by a factor of three: small models do not fill a machine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tailor.cost.hardware import OPERATIONS, Tuning
from tailor.cost.tokens import tokens_usd
from tailor.files import read_json
from tailor.methods import load_method
from tailor.methods.compose import Arm
from tailor.models import describe_base
from tailor.records import Base, Example, Usage
from tailor.study.cell import LATENCY_QUESTIONS
from tailor.study.config import Workspace
from tailor.study.environment import cores, has_bfloat16
from tailor.study.inputs import Inputs
from tailor.study.ledger import HOUR_S, StudyPrices, spending, study_prices
from tailor.study.plan import Cell, planned_cells
from tailor.study.trial import Trial, trials

CHARACTERS_PER_TOKEN = 4.0
# What stands before a question besides it: template and instruction.
FRAME_TOKENS = 24
SHOTS, PASSAGES = 4, 3  # shown where an arm chooses the number itself
TRIED = 4  # numbers it tries on dev
# Of the speed of a large float32 matrix product, on the example workspace with the built-in model and 2 cores: 47 s for
# a training of 360,000 tokens, 16 ms for an answer in a batch.
TRAINING_SHARE, ANSWERING_SHARE = 0.6, 0.2
PROCESS_GB = 1.0
FLOAT32_BYTES = 4


# an earlier study here, steps tried, operations, counts of characters
Basis = Literal["earlier", "tried", "calculated", "tokens"]


@dataclass(frozen=True)
class ArmEstimate:
    """One arm, all its seeds. `usd` and `seconds` are None where nobody can know; `basis` says where they come from;
    `training_seconds` is the part of `seconds` that training takes, where that was tried; `fits` whether its memory was
    free on this machine, None where nobody looked."""

    arm: str
    cells: int
    questions: int
    prompt_tokens: float
    completion_tokens: float
    training_tokens: float
    seconds: float | None
    memory_gb: float | None
    usd: float | None
    basis: Basis
    training_seconds: float | None = None
    fits: bool | None = None


@dataclass(frozen=True)
class Estimate:
    """`usd` is None where the price or the time of an arm is unknown."""

    arms: tuple[ArmEstimate, ...]
    seconds: float | None
    usd: float | None
    budget_usd: float | None


CHOOSING = ("rag", "few-shot", "few-shot-diverse", "few-shot-nearest", "prompt")
"""Arms that ask dev questions to choose among their options."""


def estimate(workspace: Workspace, inputs: Inputs, *, quick: bool = False, budget: float | None = None) -> Estimate:
    """Time, memory and money of every arm that `compare` would run.

    Raises:
        ConfigError: a price that is named is not known.
    """
    prices = study_prices(workspace, inputs.base)
    cells = planned_cells(workspace, quick=quick)
    known = _earlier(workspace, inputs)
    speed = _speed() if inputs.base.kind != "endpoint" else None
    weights = describe_base(inputs.base)["parameters"]
    planned = list(dict.fromkeys(c.arm for c in cells))
    unknown = [a for a in planned if not any(c.name in known for c in cells if c.arm == a)]
    tried = trials(unknown, workspace, inputs, threads=1 if cores() > 1 else cores())
    arms = []
    for arm in planned:
        of, paid = [c for c in cells if c.arm == arm], _prices_of(arm, workspace, prices)
        arms.append(_arm(arm, of, inputs, paid, known, speed, weights, tried.get(arm.name)))
    seconds = [a.seconds for a in arms]
    usd = [a.usd for a in arms]
    return Estimate(
        tuple(arms),
        None if None in seconds else math.fsum(s or 0.0 for s in seconds),
        None if None in usd else math.fsum(u or 0.0 for u in usd),
        workspace.config.budget_usd if budget is None else budget,
    )


def _prices_of(arm: Arm, workspace: Workspace, prices: StudyPrices) -> StudyPrices:
    """Those of the model that answers: of an arm with a model of its own not those of the study's base."""
    own = next((p.options for p in arm.parts if getattr(load_method(p.method), "own_base", False)), None)
    if own is None:
        return prices
    url, model = getattr(own, "url", ""), getattr(own, "model", "")
    return study_prices(workspace, Base("endpoint" if url else "command", model, url, model), own=False)


def _tuning_usd(arm: Arm, train: Sequence[Example]) -> float | None:
    """Dollars for one training by a provider; 0 where none is asked to, None where nobody said what it takes."""
    asked = next((p.options for p in arm.parts if p.method == "api-tuned"), None)
    if asked is None:
        return 0.0
    price, epochs = asked.usd_per_million, asked.epochs
    return None if price is None or epochs is None else price * epochs * sum(_length(e) for e in train) / 1e6


def _arm(
    arm: Arm,
    cells: Sequence[Cell],
    inputs: Inputs,
    prices: StudyPrices,
    known: dict[str, float],
    speed: float | None,
    weights: int | None,
    trial: Trial | None,
) -> ArmEstimate:
    test, dev, train = (inputs.of(s) for s in ("test", "dev", "train"))
    if any(getattr(load_method(p.method), "own_base", False) for p in arm.parts):
        weights = None  # another model answers, of which nothing is known here
    chooses = any(p.method in CHOOSING for p in arm.parts)
    asked = len(test) + LATENCY_QUESTIONS + 2 + (TRIED * len(dev) if chooses else len(dev) if arm.trains_weights else 0)
    if any(p.method == "predictions" for p in arm.parts):
        asked = 0  # the answers are there
    prompt = FRAME_TOKENS + _tokens([e.question for e in test]) + _context(arm, inputs)
    answer = _tokens([e.answer or "I don't know." for e in test]) + 2
    epochs = max((float(getattr(p.options, "epochs", 0.0) or 0.0) for p in arm.parts), default=0.0)
    rows = sum(_length(e) for e in train) if arm.trains_weights else 0.0
    usage = Usage(round(prompt), round(answer))
    each = tokens_usd(usage, prices.tokens) if prices.billing == "tokens" else None
    read, written = asked * prompt, asked * answer
    seconds, basis = _seconds(arm, cells, known, speed, weights, read, written, 0.0 if trial else rows * epochs)
    training = trial.seconds(len(cells)) if trial else None
    if trial and seconds is not None:
        seconds, basis = seconds + (training or 0.0), "tried"
    if prices.billing == "tokens":
        tuning = _tuning_usd(arm, train)
        usd = None if each is None or tuning is None else (each * asked + tuning) * len(cells)
        seconds, basis = None, "tokens"
    else:
        hourly = prices.machine_hour_usd
        usd = None if seconds is None or hourly is None else seconds / HOUR_S * hourly
    return ArmEstimate(
        arm.name,
        len(cells),
        asked * len(cells),
        prompt * asked * len(cells),
        answer * asked * len(cells),
        rows * epochs * len(cells),
        seconds,
        trial.memory_gb if trial else _memory(arm, weights, prices),
        usd,
        basis,
        training,
        trial.forecast.fits if trial else None,
    )


def _context(arm: Arm, inputs: Inputs) -> float:
    """Tokens that an arm puts before every question: passages, demonstrations."""
    tokens = 0.0
    for part in arm.parts:
        k = getattr(part.options, "k", None)
        if part.method == "rag" and inputs.passages:
            tokens += (k or PASSAGES) * _tokens([p.text for p in inputs.passages])
        elif part.method.startswith("few-shot") and inputs.of("train"):
            tokens += (k or SHOTS) * sum(_length(e) for e in inputs.of("train")) / len(inputs.of("train"))
    return tokens


def _length(example: Example) -> float:
    return (len(example.question) + len(example.answer or "")) / CHARACTERS_PER_TOKEN + FRAME_TOKENS


def _tokens(texts: Sequence[str]) -> float:
    return sum(map(len, texts)) / len(texts) / CHARACTERS_PER_TOKEN if texts else 0.0


def _seconds(
    arm: Arm,
    cells: Sequence[Cell],
    known: dict[str, float],
    speed: float | None,
    weights: int | None,
    reading: float,
    writing: float,
    training: float,
) -> tuple[float | None, Basis]:
    before = [known[c.name] for c in cells if c.name in known]
    if before:
        return len(cells) * sum(before) / len(before), "earlier"
    if speed is None or not weights:
        return None, "calculated"
    tuning: Tuning = "full" if any(p.method == "full" for p in arm.parts) else "lora"
    fast = TRAINING_SHARE * speed * (2 if has_bfloat16() else 1)
    trained = OPERATIONS[tuning] * weights * training / fast
    # A prompt is read at once, an answer written token by token.
    answered = 2 * weights * (reading / (TRAINING_SHARE * speed) + writing / (ANSWERING_SHARE * speed))
    return len(cells) * (trained + answered), "calculated"


def _memory(arm: Arm, weights: int | None, prices: StudyPrices) -> float | None:
    """Gigabytes of one process at most: weights in float32, and where they are trained gradients and two moments."""
    if prices.billing == "tokens" or not weights:
        return None
    whole = any(p.method in ("full", "last-layers") for p in arm.parts)
    return PROCESS_GB + weights * FLOAT32_BYTES * (4 if whole else 1.2 if arm.trains_weights else 1) / 1e9


def _speed() -> float:
    """Operations a second of a large float32 matrix product on one core. In processor time, which other work on the
    machine does not lengthen; the best of five."""
    import numpy as np

    side = 768
    a = np.ones((side, side), dtype=np.float32)
    times = []
    for _ in range(5):
        started = time.process_time()
        a @ a
        times.append(time.process_time() - started)
    return float(2 * side**3 / max(1e-6, min(times)))


def _earlier(workspace: Workspace, inputs: Inputs) -> dict[str, float]:
    """Machine seconds of a cell in the last study of the workspace with the same base, for as many test questions."""
    studies = workspace.state / "studies"
    found: dict[str, float] = {}
    for folder in sorted(studies.iterdir()) if studies.is_dir() else []:
        plan = folder / "plan.json"
        stored: dict[str, Any] = read_json(plan)["plan"] if plan.is_file() else {}
        if stored.get("base", {}).get("revision") != inputs.base.revision:
            continue
        share = len(inputs.of("test")) / max(1, stored["dataset"]["n_test"])
        for name, cell in spending(folder)["cells"].items():
            if cell["seconds"] > 0:
                found[name] = share * cell["seconds"]
    return found
