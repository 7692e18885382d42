"""Nine arms on one base answer one test set: tokens computed by Tailor's engine and by nine runs of `generate`.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/answering/compare.py --output result.json

The arms are fitted on the example workspace as a study fits them (training cut to one epoch). Then both answer the same
messages: Tailor's engine arm after arm, as a study does, and Transformers' `generate` as people write it: batches in
the order of the test set, padded on the left, weights loaded and adapters switched on by PEFT.

A computed token is a position of `input_ids` that goes through the model, padding and rows that have ended included;
both are counted at the same place, where ids become vectors. Seconds are those of the processor, without loading and
without retrieval. For some of the items `generate` one at a time says what the answer is.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tailor.methods.base import FitContext
from tailor.methods.compose import fit_arm
from tailor.models import Request
from tailor.models.decoding import end_ids
from tailor.models.switching import SwitchedModel
from tailor.models.transformers_engine import TransformersEngine
from tailor.records import Base, Completion
from tailor.runtime import Runtime
from tailor.study.cell import dev_score
from tailor.study.config import load_workspace
from tailor.study.inputs import read_inputs
from tailor.study.plan import Study, plan_study

WORKSPACE = Path(__file__).parents[2] / "examples" / "slippers-studio"
LINE = r"[A-Za-z0-9 ,.$%:+-]{1,80}"  # an answer without the marks of citations
LORA = {"epochs": 1, "learning_rate": 0.005}
ARMS: list[tuple[Any, int]] = [  # as in tailor.yaml, with the seed
    ("zero-shot", 1),
    ("few-shot", 1),
    ("few-shot-nearest", 1),
    ("rag", 1),
    ({"rag+constrained": {"constrained": {"regex": LINE}}}, 1),
    ({"lora": LORA}, 1),
    ({"lora": LORA}, 2),
    ({"full": {"epochs": 1, "learning_rate": 0.002}}, 1),
    ({"rag+lora": {"lora": LORA}}, 1),
]


@dataclass(frozen=True)
class Asked:
    """An arm, and the requests of the whole test set with their prompts as token ids."""

    name: str
    requests: list[Request]
    prompts: list[list[int]]


class Counter:
    """Tokens that went through the embedding of any model while it was switched on."""

    def __init__(self) -> None:
        self.tokens = 0

    @contextmanager
    def counting(self, models: Sequence[Any]) -> Iterator[None]:
        seen: set[int] = set()
        handles = []
        for model in models:
            embedding = model.get_input_embeddings()
            if id(embedding) not in seen:
                seen.add(id(embedding))
                handles.append(embedding.register_forward_pre_hook(self._count))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _count(self, _: Any, arguments: tuple[Any, ...]) -> None:
        self.tokens += arguments[0].numel()


def prepare(folder: Path, items: int | None) -> tuple[Base, list[Asked]]:
    """Fit the arms as a study does, and put the questions of its test set to each."""
    shutil.copytree(WORKSPACE, folder, ignore=shutil.ignore_patterns(".tailor"))
    settings = (folder / "tailor.yaml").read_text(encoding="utf-8")
    head, _, rest = settings.partition("arms:")
    listed = [a for n, (a, _) in enumerate(ARMS) if a not in [b for b, _ in ARMS[:n]]]
    arms = f"arms: {json.dumps(listed)}\nseeds: [1, 2]\n{rest[rest.index('metric:') :]}"
    (folder / "tailor.yaml").write_text(head + arms, encoding="utf-8")
    workspace = load_workspace(folder)
    study = plan_study(workspace, read_inputs(workspace))
    runtime = Runtime(workspace.store)
    test = [e for e in study.inputs.of("test") if e.cell != "general"][:items]
    engine: Any = runtime.engine(study.inputs.base)
    asked = []
    for entry, seed in ARMS:
        name = entry if isinstance(entry, str) else next(iter(entry))
        cell = next(c for c in study.cells if c.arm.name == name and c.seed == seed)
        fitted = fit_arm(cell.arm, context_of(study, runtime, seed))
        requests, _ = runtime.prepare(fitted.adaptation, [e.messages for e in test])
        asked.append(
            Asked(f"{name}, seed {seed}" if name == "lora" else name, requests, [engine.render(r) for r in requests])
        )
        print(f"fitted {cell.name}", file=sys.stderr, flush=True)
    runtime.close()
    return study.inputs.base, asked


def context_of(study: Study, runtime: Runtime, seed: int) -> FitContext:
    return FitContext(
        base=study.inputs.base,
        train=study.inputs.of("train"),
        dev=tuple(e for e in study.inputs.of("dev") if e.answer is not None),
        passages=study.inputs.passages,
        store=study.workspace.store,
        runtime=runtime,
        seed=seed,
        dev_score=lambda a: dev_score(study, a, runtime),
        progress=lambda *_: None,
        judge=lambda *_: 0.0,
        workspace=study.workspace.folder,
        general=lambda: [],
    )


@dataclass(frozen=True)
class Run:
    """What answering one arm took."""

    tokens: int
    seconds: float
    answers: list[str]


def by_tailor(base: Base, asked: Sequence[Asked]) -> list[Run]:
    """The engine of studies and servers, arm after arm."""
    engine, runs = TransformersEngine(base), []
    for arm in asked:
        engine.models.tree(arm.requests[0].weights)  # loads
        counter = Counter()
        with counter.counting([engine.models.use(arm.requests[0].weights)]):
            started = time.process_time()
            answers = engine.answer(arm.requests)
            seconds = time.process_time() - started
        runs.append(Run(counter.tokens, seconds, [a.text if isinstance(a, Completion) else "" for a in answers]))
    engine.close()
    return runs


def by_generate(base: Base, asked: Sequence[Asked], rows: int) -> list[Run]:
    """Nine runs of `generate` over padded batches in the order of the test set."""
    import torch

    models, runs = SwitchedModel(base), []
    for arm in asked:
        model, tokenizer, counter = models.use(arm.requests[0].weights), models.tokenizer, Counter()
        texts: list[str] = []
        with counter.counting([model]), torch.inference_mode():
            started = time.process_time()
            for start in range(0, len(arm.prompts), rows):
                prompts, request = arm.prompts[start : start + rows], arm.requests[start]
                longest = max(map(len, prompts))
                ids = torch.tensor([[tokenizer.pad_token_id] * (longest - len(p)) + p for p in prompts])
                mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts])
                out = model.generate(
                    input_ids=ids,
                    attention_mask=mask,
                    max_new_tokens=request.generation.max_new_tokens,
                    do_sample=False,
                    pad_token_id=tokenizer.pad_token_id,
                    eos_token_id=sorted(end_ids(model, tokenizer)),
                    logits_processor=[Formed(models, request, longest, len(prompts))] if request.constraint else None,
                )
                texts += tokenizer.batch_decode(out[:, longest:], skip_special_tokens=True)
            seconds = time.process_time() - started
        runs.append(Run(counter.tokens, seconds, [t.strip() for t in texts]))
    models.forget()
    return runs


class Formed:
    """A constraint as a logits processor of `generate`."""

    def __init__(self, models: SwitchedModel, request: Request, prompt: int, rows: int) -> None:
        self._matchers = [models.matcher(request.constraint) for _ in range(rows)]
        self._ends = sorted(end_ids(models.use(request.weights), models.tokenizer))
        self._prompt, self._ended = prompt, [False] * rows

    def __call__(self, ids: Any, scores: Any) -> Any:
        for row, matcher in enumerate(self._matchers):
            assert matcher is not None
            if ids.shape[1] > self._prompt and not self._ended[row]:
                last = int(ids[row, -1])
                self._ended[row] = last in self._ends or not matcher.take(last)
            if self._ended[row]:
                scores[row] = float("-inf")
                scores[row, self._ends[0]] = 0.0
            else:
                matcher.restrict(scores[row])
        return scores


def report(asked: Sequence[Asked], ours: Sequence[Run], theirs: Sequence[Run], alone: Sequence[Run]) -> dict[str, Any]:
    arms = {}
    for arm, mine, padded, single in zip(asked, ours, theirs, alone, strict=True):
        arms[arm.name] = {
            "items": len(arm.prompts),
            "tokens": mine.tokens,
            "tokens_generate": padded.tokens,
            "seconds": mine.seconds,
            "seconds_generate": padded.seconds,
            "unlike_padded_generate": sum(a != b for a, b in zip(mine.answers, padded.answers, strict=True)),
            "items_one_by_one": len(single.answers),
            "unlike_one_by_one": sum(a != b for a, b in zip(mine.answers, single.answers, strict=False)),
            "padded_unlike_one_by_one": sum(a != b for a, b in zip(padded.answers, single.answers, strict=False)),
        }
    total = {key: sum(a[key] for a in arms.values()) for key in next(iter(arms.values()))}
    return {"arms": arms, "total": total}


def show(found: dict[str, Any]) -> None:
    print(f"{'':18}{'computed tokens':>28}{'processor seconds':>26}{'other answers than generate':>30}")
    print(
        f"{'arm':18}{'tailor':>9}{'generate':>11}{'ratio':>8}{'tailor':>9}{'generate':>10}{'ratio':>7}{'padded':>14}{'alone':>16}"
    )
    for name, a in [*found["arms"].items(), ("all", found["total"])]:
        tokens, seconds = a["tokens_generate"] / a["tokens"], a["seconds_generate"] / a["seconds"]
        padded = f"{a['unlike_padded_generate']} of {a['items']}"
        alone = f"{a['unlike_one_by_one']} of {a['items_one_by_one']}"
        print(
            f"{name:18}{a['tokens']:>9}{a['tokens_generate']:>11}{tokens:>7.1f}x{a['seconds']:>9.1f}"
            f"{a['seconds_generate']:>10.1f}{seconds:>6.1f}x{padded:>14}{alone:>16}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=16, help="of a padded batch")
    parser.add_argument("--items", type=int, help="test items; all if left out")
    parser.add_argument("--check", type=int, default=48, help="items that are also answered one at a time")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        base, asked = prepare(Path(name) / "workspace", options.items)
        theirs = by_generate(base, asked, options.rows)
        ours = by_tailor(base, asked)
        first = [Asked(a.name, a.requests[: options.check], a.prompts[: options.check]) for a in asked]
        alone = by_generate(base, first, 1)
    found = report(asked, ours, theirs, alone)
    show(found)
    if options.output:
        plan = {"base": base.name, "rows": options.rows, "load": os.getloadavg()[0]}
        options.output.write_text(json.dumps({**plan, **found}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
