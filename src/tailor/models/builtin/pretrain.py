"""Pretraining: Muon for the block matrices, AdamW for the rest, a wall-clock schedule, checkpoints, processes."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tailor.models.builtin.evaluate import quick_probe
from tailor.models.builtin.export import TOKENIZER_FILES, export, load, publish, write_json
from tailor.models.builtin.network import Llama, Shape
from tailor.models.builtin.packing import Piece, Supply
from tailor.models.builtin.tokenizer import BOS

CHARACTERS_PER_TOKEN = 2.9  # of the corpus with its tokenizer


@dataclass(frozen=True)
class Settings:
    """How to train.  Times are seconds, rates are per step, ``pieces`` of about 2,000 tokens make one step.

    ``start`` is an exported folder whose weights the run begins with, ``seen`` the tokens they have been trained on
    (which decides the stage of the corpus); without it the weights are drawn from ``seed``.  ``processes`` of one
    thread each share the pieces of a step and add up their gradients.  ``rate`` multiplies both learning rates.
    """

    run: Path
    tokenizer: Path
    deadline: float
    shape: Shape
    seed: int = 1
    start: Path | None = None
    seen: int = 0
    processes: int = 1
    pieces: int = 4
    muon: bool = True
    rate: float = 1.0
    matrix_rate: float = 0.02
    other_rate: float = 3e-3
    matrix_decay: float = 0.05
    warm_up: int = 100
    decay_share: float = 0.25
    clip: float = 1.0
    log_every: int = 20
    checkpoint_every: float = 300.0
    probe_every: float = 600.0
    probe_items: int = 40
    probe_seconds: float = 25.0


@dataclass
class Progress:
    """Where a run stands; saved with each checkpoint."""

    started: float
    step: int = 0
    tokens: int = 0
    resumed: int = 0
    decay_from: int | None = None
    decay_until: int | None = None


class Optimiser:
    """Muon (Jordan 2024) for matrices inside blocks and AdamW for embedding and gains, under one rate factor."""

    def __init__(self, model: Llama, settings: Settings) -> None:
        matrices = [p for p in model.model.layers.parameters() if p.dim() == 2]
        chosen = {id(p) for p in matrices} if settings.muon else set()
        rest = [p for p in model.parameters() if id(p) not in chosen]
        self.parts: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(
                rest, lr=settings.rate * settings.other_rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True
            )
        ]
        if settings.muon:
            self.parts.append(
                torch.optim.Muon(matrices, lr=settings.rate * settings.matrix_rate, weight_decay=settings.matrix_decay)
            )
        self.rates = [part.param_groups[0]["lr"] for part in self.parts]

    def step(self, factor: float) -> None:
        """Update the parameters with every learning rate multiplied by ``factor`` and clear the gradients."""
        for part, rate in zip(self.parts, self.rates, strict=True):
            part.param_groups[0]["lr"] = rate * factor
            part.step()
            part.zero_grad(set_to_none=False)

    def tensors(self) -> dict[str, Tensor]:
        """The state as named tensors ``part.parameter.field``."""
        return {
            f"{number}.{key}.{field}": torch.as_tensor(value).clone()
            for number, part in enumerate(self.parts)
            for key, state in part.state_dict()["state"].items()
            for field, value in state.items()
        }

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Take over a state given by :meth:`tensors`."""
        states: dict[int, dict[int, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
        for name, value in tensors.items():
            part_number, key, field = name.split(".")
            states[int(part_number)][int(key)][field] = value
        for number, part in enumerate(self.parts):
            part.load_state_dict({"state": dict(states[number]), "param_groups": part.state_dict()["param_groups"]})


def requested_end(text: str, step: int, default: int = 400) -> int | None:
    """Last step asked for by the text of ``STOP_AFTER``.

    ``"3000"`` asks for the end at step 3000, ``"decay now"`` for 400 more steps, ``"decay now 250"`` for 250.
    """
    words = text.split()
    if words[:2] == ["decay", "now"]:
        return step + (int(words[2]) if len(words) > 2 else default)
    return int(words[0]) if words and words[0].isdigit() else None


def rate_factor(settings: Settings, progress: Progress, now: float) -> float:
    """Multiple of the learning rates at ``now``: warm-up, constant, then linear to 0 (WSD).

    The last ``decay_share`` of the time from start to deadline decays, or the steps asked for in ``STOP_AFTER``.
    """
    factor = min(1.0, (progress.step + 1) / settings.warm_up)
    left = (settings.deadline - now) / (settings.deadline - progress.started)
    factor = min(factor, max(0.0, left / settings.decay_share))
    if progress.decay_from is not None and progress.decay_until is not None:
        span = max(1, progress.decay_until - progress.decay_from)
        factor = min(factor, max(0.0, (progress.decay_until - progress.step) / span))
    return factor


class Losses:
    """Weighted mean loss, and mean loss of fully weighted targets (answers) per stream, since the last report."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = defaultdict(float)
        self.counts: dict[str, float] = defaultdict(float)

    def add(self, piece: Piece, losses: Tensor) -> None:
        """Count the losses of one piece; plain documents count under their own stream."""
        weights = torch.from_numpy(piece.weights).flatten()
        chosen = weights.nonzero().squeeze(1)
        weights = weights[chosen]
        streams = torch.from_numpy(piece.streams).flatten()[chosen]
        answer = (weights == 1.0).long()
        total = torch.zeros(2 * len(piece.names)).index_add_(0, streams * 2 + answer, losses)
        count = torch.zeros(2 * len(piece.names)).index_add_(0, streams * 2 + answer, torch.ones_like(losses))
        for key, (value, number) in enumerate(zip(total.tolist(), count.tolist(), strict=True)):
            name = piece.names[key // 2] + ("" if key % 2 else ":context")
            self.sums[name] += value
            self.counts[name] += number
        self.sums["all"] += float((weights * losses).sum())
        self.counts["all"] += float(weights.sum())
        self.sums["answers"] += float(losses[answer.bool()].sum())
        self.counts["answers"] += float(answer.sum())

    def report(self) -> dict[str, float]:
        """Means since the last report."""
        found = {name: round(self.sums[name] / n, 4) for name, n in sorted(self.counts.items()) if n > 0}
        self.sums.clear()
        self.counts.clear()
        return found


class Run:
    """One pretraining run in a folder; continues from its checkpoint when there is one.

    With several processes, each holds the same weights and trains on documents of its own; number 0 writes.
    """

    def __init__(self, settings: Settings, number: int = 0) -> None:
        self.settings = settings
        self.number = number
        settings.run.mkdir(parents=True, exist_ok=True)
        self.model = Llama(settings.shape, compute=torch.bfloat16)
        self.model.initialise(settings.seed)
        if settings.start is not None:
            self.model.load_state_dict(load(settings.start).state_dict())
        self.optimiser = Optimiser(self.model, settings)
        self.progress = Progress(started=time.time(), tokens=settings.seen)
        self.losses = Losses()
        if (settings.run / "checkpoint").exists():
            self.resume()

    def train(self, say: Callable[[str], None] = print) -> None:
        """Train until the deadline or the requested step, then write the last checkpoint, probe and export."""
        self.model.accelerate()
        now = time.time()
        next_checkpoint, next_probe = now + self.settings.checkpoint_every, now + self.settings.probe_every
        seed = self.settings.seed + 1000 * self.progress.resumed + 100_000 * self.number
        with Supply(self.settings.tokenizer, seed, CHARACTERS_PER_TOKEN * self.progress.tokens) as supply:
            logged, seen = now, self.progress.tokens
            while True:
                factor = self.agreed(rate_factor(self.settings, self.progress, time.time()))
                if factor <= 0.0:
                    break
                norm = self.step(supply, factor)
                now = time.time()
                if self.number:
                    continue
                if self.progress.step % self.settings.log_every == 0:
                    speed = (self.progress.tokens - seen) / (now - logged)
                    say(self.log(factor, norm, speed))
                    self.read_request()
                    logged, seen = now, self.progress.tokens
                if now > next_checkpoint:
                    self.checkpoint()
                    next_checkpoint = now + self.settings.checkpoint_every
                if now > next_probe:
                    say(self.probe())
                    next_probe = now + self.settings.probe_every
        if not self.number:
            self.checkpoint()
            say(self.probe())

    def agreed(self, factor: float) -> float:
        """The rate factor of process 0, whose clock decides."""
        if self.settings.processes == 1:
            return factor
        shared = torch.tensor([factor], dtype=torch.float64)
        torch.distributed.broadcast(shared, 0)
        return float(shared)

    def added(self, value: Tensor) -> Tensor:
        """The sum of a tensor over the processes."""
        if self.settings.processes > 1:
            torch.distributed.all_reduce(value)
        return value

    def add_gradients(self) -> None:
        """Replace the gradients by their sum over the processes."""
        if self.settings.processes > 1:
            gradients = [p.grad for p in self.model.parameters() if p.grad is not None]
            joint = self.added(torch.cat([g.flatten() for g in gradients]))
            for gradient, part in zip(gradients, joint.split([g.numel() for g in gradients]), strict=True):
                gradient.copy_(part.view_as(gradient))

    def step(self, supply: Supply, factor: float) -> float:
        """One update of the weights; returns the gradient norm before clipping."""
        batch = [supply.take() for _ in range(self.settings.pieces // self.settings.processes)]
        counts = [float(sum(piece.weights.sum() for piece in batch)), float(sum(piece.tokens.size for piece in batch))]
        total, tokens = self.added(torch.tensor(counts, dtype=torch.float64)).tolist()
        for piece in batch:
            weights = torch.from_numpy(piece.weights)
            losses = self.model.losses(torch.from_numpy(piece.tokens), torch.from_numpy(piece.targets), weights, BOS)
            (losses @ weights.flatten()[weights.flatten() > 0] / total).backward()
            self.losses.add(piece, losses.detach())
        self.add_gradients()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)
        self.optimiser.step(factor)
        self.progress.step += 1
        self.progress.tokens += int(tokens)
        return float(norm)

    def log(self, factor: float, norm: float, speed: float) -> str:
        """Append a line to ``log.jsonl`` and return it in short form."""
        record = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "step": self.progress.step,
            "tokens": self.progress.tokens,
            "tokens_per_second": round(speed),
            "rate_factor": round(factor, 4),
            "gradient_norm": round(norm, 3),
            "loss": self.losses.report(),
        }
        self.append("log.jsonl", record)
        return json.dumps(record)

    def append(self, name: str, record: dict[str, Any]) -> None:
        """Append one JSON line to a file of the run."""
        with (self.settings.run / name).open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def read_request(self) -> None:
        """Obey ``STOP_AFTER`` in the run folder, see :func:`requested_end`; the decay begins where it is read."""
        file = self.settings.run / "STOP_AFTER"
        if self.progress.decay_until is None and file.is_file():
            end = requested_end(file.read_text(encoding="utf-8"), self.progress.step)
            if end is not None:
                self.progress.decay_from, self.progress.decay_until = self.progress.step, end

    def probe(self) -> str:
        """Publish the weights as ``latest`` and append probe accuracies to ``probes.jsonl``."""
        folder = self.settings.run / f"export-{self.progress.step}"
        shutil.rmtree(folder, ignore_errors=True)
        export(self.model, self.settings.tokenizer, folder)
        publish(folder, self.settings.run / "latest")
        begun = time.time()
        found = quick_probe(self.model, self.settings.tokenizer, self.settings.probe_items, self.settings.probe_seconds)
        record = {
            "step": self.progress.step,
            "tokens": self.progress.tokens,
            "seconds": round(time.time() - begun, 1),
            "accuracy": found,
        }
        self.append("probes.jsonl", record)
        return json.dumps(record)

    def checkpoint(self) -> None:
        """Write weights, optimiser state and progress; a crash in between leaves the previous checkpoint."""
        from safetensors.torch import save_file

        folder = self.settings.run / f"checkpoint-{self.progress.step}"
        folder.mkdir(exist_ok=True)
        weights = {name: value.clone() for name, value in self.model.state_dict().items()}
        save_file(weights, folder / "model.safetensors")
        save_file(self.optimiser.tensors(), folder / "optimiser.safetensors")
        write_json(folder / "progress.json", vars(self.progress))
        publish(folder, self.settings.run / "checkpoint")

    def resume(self) -> None:
        """Continue from the run's checkpoint, with documents of a seed not used before."""
        from safetensors.torch import load_file

        folder = self.settings.run / "checkpoint"
        self.model.load_state_dict(load_file(folder / "model.safetensors"))
        self.optimiser.restore(load_file(folder / "optimiser.safetensors"))
        self.progress = Progress(**json.loads((folder / "progress.json").read_text(encoding="utf-8")))
        self.progress.resumed += 1


def pretrain(settings: Settings) -> None:
    """Run or continue the pretraining described by ``settings``."""
    missing = [name for name in TOKENIZER_FILES if not (settings.tokenizer / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"expected a tokenizer in {settings.tokenizer}, missing {missing}; make one with "
            "`python -m tailor.models.builtin tokenizer`"
        )
    if settings.processes == 1:
        take_part(0, settings)
        return
    (settings.run / "meeting").unlink(missing_ok=True)
    torch.multiprocessing.spawn(take_part, (settings,), nprocs=settings.processes, daemon=False)


def take_part(number: int, settings: Settings) -> None:
    """Train as one of the processes, numbered from 0."""
    torch.set_num_threads(1)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    if settings.processes > 1:
        settings.run.mkdir(parents=True, exist_ok=True)
        meeting = (settings.run / "meeting").absolute().as_uri()
        torch.distributed.init_process_group("gloo", meeting, rank=number, world_size=settings.processes)
    Run(settings, number).train(lambda line: print(line, flush=True))
