"""The training loop: one for adapters and whole models."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tailor.files import sha256_of
from tailor.records import TrainingRecord
from tailor.training.batches import answer_loss
from tailor.training.checkpoints import Checkpoints, State, Tensors, identity
from tailor.training.development import MOST_ROWS, PATIENCE, evaluate, evaluation_steps
from tailor.training.loading import (
    choose_device,
    diverged,
    save,
    trainable,
)
from tailor.training.options import (
    Callback,
    Progress,
    TrainingOptions,
    TrainingRow,
    check_options,
    default_learning_rate,
    rate_at,
    warmup_steps,
)
from tailor.training.packing import Batch, passes, plan
from tailor.training.preferences import Preferences
from tailor.training.record import give_back_memory, training_record
from tailor.training.rendering import encode
from tailor.training.setup import Setup, assemble, reader, tokens_of

BETAS = (0.9, 0.98)
CLIP = 1.0
REPORTS = 50
TRIM_EVERY = 16
"""Steps between two times that freed memory is given back on a CPU. Tensors of ever new sizes leave gaps: a training
of the built-in model grew from 700 to 1,000 MB in 30 steps, and to 1,500 in 400. Giving back takes 20 ms."""


def run(
    base_folder: Path,
    rows: Sequence[TrainingRow],
    dev: Sequence[TrainingRow],
    options: TrainingOptions,
    *,
    seed: int,
    folder: Path | None,
    work: Path,
    general: Sequence[TrainingRow],
    on_progress: Callback | None,
    checkpoint_seconds: float,
    preferences: Preferences | None = None,
) -> TrainingRecord:
    """See `tailor.training.train`; without a folder nothing is written and only the record is wanted."""
    import torch

    check_options(options)
    device, bf16 = choose_device()
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        setup = assemble(
            base_folder,
            rows,
            dev,
            options,
            seed=seed,
            general=general,
            on_progress=on_progress,
            preferences=preferences,
        )
        name = identity(base_folder, rows, dev, general, options, seed, bf16)
        checkpoints = Checkpoints(work, sha256_of([name, preferences]) if preferences else name)
        state = Loop(setup, checkpoints, checkpoint_seconds).run()
        count = sum(p.numel() for p in trainable(setup.network).values())
        if folder is not None:
            save(setup.network, base_folder, setup.tokenizer, options, folder)
    return training_record(setup, state, seed, count, left_out=max(0, len(dev) - MOST_ROWS))


def planned(base_folder: Path, rows: Sequence[TrainingRow], options: TrainingOptions) -> tuple[float, int]:
    """The peak learning rate by formula and the number of steps of a training, given packed rows.

    Raises:
        ConfigError, DataError, ModelError: as `run`.
    """
    check_options(options)
    config, tokenizer, ends, limit = reader(base_folder, options)
    lengths = [len(e.tokens) for e in encode(tokenizer, rows, ends=ends, limit=limit, name="training row")]
    steps = len(plan(lengths, epochs=options.epochs, seed=0, batch_tokens=options.batch_tokens, packed=True))
    return default_learning_rate(options.kind, config.hidden_size, steps), steps


class Loop:
    """Steps from a checkpoint or the beginning to the end; leaves the best weights in the network."""

    def __init__(self, setup: Setup, checkpoints: Checkpoints, checkpoint_seconds: float) -> None:
        import torch

        self.setup, self.checkpoints, self.checkpoint_seconds = setup, checkpoints, checkpoint_seconds
        self.parameters = trainable(setup.network)
        self.optimizer = torch.optim.AdamW(
            list(self.parameters.values()), lr=setup.rate, betas=BETAS, weight_decay=setup.options.decay, fused=True
        )
        self.lengths = setup.lengths
        self.state, self.best, self.taken = State(), dict[str, Any](), 0
        self.window_loss, self.window_tokens = torch.zeros((), device=setup.network.device), 0
        self.rehearsed_loss, self.rehearsed_tokens = torch.zeros((), device=setup.network.device), 0
        self._restore()
        self.warmup = warmup_steps(setup.options.warmup, setup.steps)
        self.evaluations = evaluation_steps(setup.steps) if setup.dev else frozenset[int]()
        self.report_every = max(1, setup.steps // REPORTS)

    def run(self) -> State:
        """Train to the end or until dev has not become better for `PATIENCE` evaluations."""
        began = time.perf_counter() - self.state.seconds
        saved_at, saved_step = time.perf_counter(), self.state.step
        while self.state.step < self.setup.steps and self.state.stale < PATIENCE:
            tokens = self.take_step(self.setup.batches[self.state.step], self.state.step)
            step = self.state.step + 1
            elapsed = time.perf_counter() - began
            self.state = replace(self.state, step=step, tokens=self.state.tokens + tokens, seconds=elapsed)
            if step in self.evaluations:
                self.look_at_dev(step)
            if step % self.report_every == 0 or step in self.evaluations or step == self.setup.steps:
                self._report(step)
            if time.perf_counter() - saved_at >= self.checkpoint_seconds:
                self.save()
                saved_at, saved_step = time.perf_counter(), step
        if saved_step < self.state.step:
            self.save()
        self._keep_best()
        return self.state

    def take_step(self, batch: Batch, step: int) -> int:
        """One optimiser step; returns the tokens in it. The loss is divided by the answer tokens of the whole batch, so
        that a batch in several passes has the gradient of one in a single pass."""
        import torch

        setup = self.setup
        if setup.pairs:
            answers = sum(len(row) for row in batch)
        else:
            answers = sum(self.lengths[e] - setup.examples[e].prompt for row in batch for e in row)
        counted = answers + self._rehearse(step, answers)
        for rows in passes(batch, self.lengths, setup.options.micro_tokens):
            loss = self._loss(rows)
            (loss / counted).backward()
            self.window_loss += loss.detach()
        self.window_tokens += answers
        torch.nn.utils.clip_grad_norm_(self.parameters.values(), CLIP)
        for group in self.optimizer.param_groups:
            group["lr"] = setup.rate * rate_at(step, setup.steps, self.warmup)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.taken += 1
        if self.taken % TRIM_EVERY == 0 and setup.network.device.type == "cpu":
            give_back_memory()
        return tokens_of(batch, self.lengths)

    def _loss(self, rows: Batch) -> Any:
        """Summed over what a pass is counted in: answer tokens, or pairs."""
        setup, network = self.setup, self.setup.network
        if setup.pairs:
            return setup.pairs.loss(network.collate(setup.pairs.rows(rows), setup.pairs.examples))
        tensors = network.collate(rows, setup.examples)
        return setup.teacher.loss(tensors) if setup.teacher else answer_loss(network, tensors)

    def _rehearse(self, step: int, answers: int) -> int:
        """Add the gradient of the general rows; returns their answer tokens where these share the team's mean."""
        rehearsal = self.setup.rehearsal
        if rehearsal is None or not rehearsal.batches[step]:
            return 0
        began = self.clock()
        self.rehearsed_loss += rehearsal.backward(step, answers)
        own = rehearsal.answers(step)
        self.rehearsed_tokens += own
        self.state = replace(
            self.state,
            rehearsal_tokens=self.state.rehearsal_tokens + rehearsal.tokens(step),
            rehearsal_seconds=self.state.rehearsal_seconds + self.clock() - began,
        )
        return 0 if rehearsal.base else own

    def clock(self) -> float:
        """Seconds, after a GPU has done what it was told."""
        if self.setup.network.device.type == "cuda":
            import torch

            torch.cuda.synchronize()
        return time.perf_counter()

    def look_at_dev(self, step: int) -> None:
        """Score the dev rows and keep the weights where they are the best so far."""
        setup = self.setup
        if setup.dev_pairs:
            score = setup.dev_pairs.evaluate(step)
        else:
            score = evaluate(setup.network, setup.dev, setup.options.micro_tokens, step)
        better = self.state.best is None or score.better_than(self.state.best)
        if better:
            self.best = {name: p.detach().cpu().clone() for name, p in self.parameters.items()}
        self.state = replace(
            self.state,
            scores=(*self.state.scores, score),
            best=score if better else self.state.best,
            stale=0 if better else self.state.stale + 1,
        )

    def _report(self, step: int) -> None:
        """Add to the curve and tell the caller. The only place where the loss is read back from the device."""
        loss = float(self.window_loss) / self.window_tokens
        if not math.isfinite(loss):
            raise diverged(f"a loss of {loss} by step {step}")
        self.window_loss.zero_()
        self.window_tokens = 0
        last = self.state.scores[-1] if self.state.scores else None
        fresh = last.loss if last and last.step == step else None
        self.state = replace(self.state, curve=(*self.state.curve, (step, loss, fresh)))
        if self.rehearsed_tokens:
            drift = float(self.rehearsed_loss) / self.rehearsed_tokens
            self.state = replace(self.state, rehearsal_curve=(*self.state.rehearsal_curve, (step, drift)))
            self.rehearsed_loss.zero_()
            self.rehearsed_tokens = 0
        if self.setup.on_progress:
            pace = self.state.seconds / step
            self.setup.on_progress(
                Progress(
                    step,
                    self.setup.steps,
                    loss,
                    last.loss if last else None,
                    self.state.tokens / max(self.state.seconds, 1e-9),
                    pace * (self.setup.steps - step),
                )
            )

    def save(self) -> None:
        """Write a checkpoint."""
        import torch

        self.state = replace(
            self.state,
            window=(float(self.window_loss), self.window_tokens),
            rehearsed=(float(self.rehearsed_loss), self.rehearsed_tokens),
        )
        moments = {}
        for name, parameter in self.parameters.items():
            for key, value in self.optimizer.state[parameter].items():
                moments[f"{key}/{name}"] = value
        random = {"cpu": torch.get_rng_state()}
        if self.setup.network.device.type == "cuda":
            random["cuda"] = torch.cuda.get_rng_state()
        self.checkpoints.save(self.state, Tensors(dict(self.parameters), self.best, moments, random))

    def _restore(self) -> None:
        import torch

        found = self.checkpoints.load()
        if not found:
            return
        self.state, tensors = found
        self.best = tensors.best
        self._set(tensors.weights)
        saved = {
            i: {key: tensors.moments[f"{key}/{name}"] for key in ("step", "exp_avg", "exp_avg_sq")}
            for i, name in enumerate(self.parameters)
        }
        self.optimizer.load_state_dict({"state": saved, "param_groups": self.optimizer.state_dict()["param_groups"]})
        torch.set_rng_state(tensors.random["cpu"])
        if "cuda" in tensors.random:
            torch.cuda.set_rng_state(tensors.random["cuda"])
        self.window_loss.fill_(self.state.window[0])
        self.window_tokens = self.state.window[1]
        self.rehearsed_loss.fill_(self.state.rehearsed[0])
        self.rehearsed_tokens = self.state.rehearsed[1]

    def _keep_best(self) -> None:
        if self.best and self.state.best and self.state.best.step != self.state.step:
            self._set(self.best)

    def _set(self, values: dict[str, Any]) -> None:
        import torch

        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(values[name])
