"""Probe accuracies of the built-in model: quick ones while it trains, full ones of an exported folder."""

from __future__ import annotations

import math
import re
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tailor.models.builtin.corpus.document import ABSTENTION
from tailor.models.builtin.tokenizer import END, Encoder

if TYPE_CHECKING:
    from tailor.models.builtin.corpus import Probe
    from tailor.models.builtin.network import Llama

CITATION = re.compile(r"\s*\[[^\[\]]*\]")
ANSWER_TOKENS = 64


def normalised(answer: str) -> str:
    """An answer as it is compared: outer space and one final period gone, case folded."""
    text = answer.strip()
    return text.removesuffix(".").rstrip().casefold()


def uncited(answer: str) -> str:
    """An answer without its bracketed citations such as ``[2]``."""
    return CITATION.sub("", answer)


def is_right(given: str, answers: Sequence[str]) -> bool:
    """Whether ``given`` equals one of ``answers``, citation included, up to case, outer space and final period."""
    return normalised(given) in {normalised(answer) for answer in answers}


def is_right_uncited(given: str, answers: Sequence[str]) -> bool:
    """As :func:`is_right`, with citations left out on both sides."""
    return is_right(uncited(given), [uncited(answer) for answer in answers])


def wilson(right: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson (1927) score interval of a share, 95 % for the default ``z``; (0, 1) when ``n`` is 0."""
    if n == 0:
        return 0.0, 1.0
    share, square = right / n, z * z / n
    middle = (share + square / 2) / (1 + square)
    half = z / (1 + square) * math.sqrt(share * (1 - share) / n + square / (4 * n))
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Accuracy:
    """Share of right answers of one skill with its 95 % Wilson interval.

    ``uncited`` is the share right without regard to citations, ``abstained`` the share answered "I don't know.".
    """

    skill: str
    n: int
    right: float
    low: float
    high: float
    uncited: float
    abstained: float


def accuracy(skill: str, given: Sequence[str], probes: Sequence[Probe]) -> Accuracy:
    """Score the answers given to the probes of a skill."""
    right = sum(is_right(text, probe.answers) for text, probe in zip(given, probes, strict=True))
    bare = sum(is_right_uncited(text, probe.answers) for text, probe in zip(given, probes, strict=True))
    silent = sum(is_right_uncited(text, (ABSTENTION,)) for text in given)
    n = len(probes)
    low, high = wilson(right, n)
    return Accuracy(skill, n, right / max(n, 1), low, high, bare / max(n, 1), silent / max(n, 1))


def quick_probe(model: Llama, tokenizer: Path, items: int, seconds: float, seed: int = 77) -> dict[str, float]:
    """Share right per skill on a few probes; skills that do not fit in ``seconds`` are left out.

    For a skill with citations ``<skill>:uncited`` is the share right without regard to them.  A skill whose
    probes cannot be made is reported on standard error and left out, since training goes on in any case.
    """
    from tailor.models.builtin.corpus import PROBES, probes

    encoder, begun, found = Encoder(tokenizer, 0), time.time(), dict[str, float]()
    for skill in PROBES:
        if time.time() - begun > seconds:
            break
        try:
            asked = shortest_first(probes(skill, items, seed))
        except Exception:  # a skill whose probes fail is shown and left out; the others are still worth having
            traceback.print_exc()
            continue
        prompts = [encoder.prompt(probe.turns) for probe in asked]
        limit = max(len(encoder.content(probe.answers[0])) for probe in asked) + 3
        given = [encoder.core.decode(ids).strip() for ids in model.answer(prompts, limit, END)]
        score = accuracy(skill, given, asked)
        found[skill] = round(score.right, 3)
        if any(CITATION.search(probe.answers[0]) for probe in asked):
            found[f"{skill}:uncited"] = round(score.uncited, 3)
    return found


def shortest_first(asked: Sequence[Probe]) -> list[Probe]:
    """Probes in order of their length in characters, so that a batch needs little padding."""
    return sorted(asked, key=lambda probe: sum(len(turn.text) for turn in probe.turns))


def generate(model: Any, tokenizer: Any, conversations: Sequence[list[dict[str, str]]], batch: int = 32) -> list[str]:
    """Greedy answers of a ``transformers`` model to conversations, through the tokenizer's chat template.

    The tokenizer must pad on the left, since answers continue at the end of a row.
    """
    import torch

    given: list[str] = []
    for start in range(0, len(conversations), batch):
        inputs = tokenizer.apply_chat_template(
            conversations[start : start + batch],
            add_generation_prompt=True,
            tokenize=True,
            padding=True,
            return_dict=True,
            return_tensors="pt",
        )
        with torch.no_grad():
            output = model.generate(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                do_sample=False,
                max_new_tokens=ANSWER_TOKENS,
            )
        answers = output[:, inputs["input_ids"].shape[1] :]
        given += [text.strip() for text in tokenizer.batch_decode(answers, skip_special_tokens=True)]
    return given


def evaluate(folder: Path, items: int = 200, seed: int = 4242) -> list[Accuracy]:
    """Accuracy of the model in ``folder`` on ``items`` probes of every skill, run by ``transformers`` in float32."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from tailor.models.builtin.corpus import PROBES, probes

    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"expected a model folder with config.json at {folder}, found none; run `export` first")
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval()
    table = []
    for skill in PROBES:
        asked = shortest_first(probes(skill, items, seed))
        conversations = [[{"role": turn.role, "content": turn.text} for turn in probe.turns] for probe in asked]
        table.append(accuracy(skill, generate(model, tokenizer, conversations), asked))
    return table


def table(rows: Sequence[Accuracy]) -> str:
    """The accuracies as aligned text."""
    lines = [f"{'skill':<24}{'n':>5}{'right':>8}{'95 % interval':>18}{'uncited':>9}{'abstained':>11}"]
    for row in rows:
        interval = f"{row.low:.3f}-{row.high:.3f}"
        lines.append(
            f"{row.skill:<24}{row.n:>5}{row.right:>8.3f}{interval:>18}{row.uncited:>9.3f}{row.abstained:>11.3f}"
        )
    return "\n".join(lines)


def as_records(rows: Sequence[Accuracy]) -> list[dict[str, Any]]:
    """The accuracies as plain dictionaries, for JSON."""
    return [asdict(row) for row in rows]
