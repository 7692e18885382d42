"""Reading the example handbook: gold passage alone, gold among other passages, and no passage at all.

    python benchmarks/builtin/handbook.py [MODEL_FOLDER] [--items 300] [--json]

Every question of `examples/slippers-studio` names the section that holds its answer. The section is shown as the `rag`
arm shows it (its instruction, numbered passages), alone or with two other sections drawn by seed, and a question
counts as right when the exact match is 1 or the token F1 at least 0.8. The interval is over facts, not questions.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable
from pathlib import Path

from tailor.data.read import read_documents, read_examples
from tailor.evaluation.extract import extract_answer
from tailor.evaluation.metrics.token_f1 import token_f1
from tailor.evaluation.statistics import clustered_mean
from tailor.methods.rag import SYSTEM
from tailor.models import Request, open_engine, resolve_base
from tailor.records import Example, Failure, Generation, Passage
from tailor.retrieval.chunk import chunk
from tailor.runtime.prompt import build_messages

ROOT = Path(__file__).resolve().parents[2]
STUDIO = ROOT / "examples/slippers-studio"
ENOUGH = 0.8


def shown(example: Example, passages: dict[str, Passage], others: int, rng: random.Random) -> list[Passage]:
    """The gold section among ``others`` sections without the answer, in random order."""
    gold = passages[example.source or ""]
    without = [p for p in passages.values() if example.answer and example.answer.casefold() not in p.text.casefold()]
    chosen = [gold, *rng.sample(without, others)]
    rng.shuffle(chosen)
    return chosen


def rights(model: str, items: int, seed: int) -> dict[str, tuple[list[float], list[str]]]:
    """Per condition, 0 or 1 for every question, and the fact of each."""
    rng = random.Random(seed)
    examples = rng.sample(read_examples(STUDIO / "data/questions.jsonl", root=STUDIO), items)
    passages = {p.reference: p for p in chunk(read_documents(STUDIO / "docs", root=STUDIO))}
    engine = open_engine(resolve_base(model, ROOT))
    conditions: dict[str, Callable[[Example], list[Passage]]] = {
        "no passage": lambda _: [],
        "gold passage": lambda e: shown(e, passages, 0, rng),
        "gold passage and two others": lambda e: shown(e, passages, 2, rng),
    }
    found = {}
    for name, choose in conditions.items():
        requests = []
        for example in examples:
            chosen = choose(example)
            messages = build_messages(
                example.messages, system=SYSTEM if chosen else None, demonstrations=(), passages=chosen
            )
            requests.append(Request(messages, Generation(max_new_tokens=48)))
        scores = []
        for example, answer in zip(examples, engine.answer(requests), strict=True):
            text = "" if isinstance(answer, Failure) else extract_answer(answer.text)
            references = [example.answer or "", *example.aliases]
            scores.append(float(token_f1(text, references) >= ENOUGH))
        found[name] = (scores, [e.fact or e.id for e in examples])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="builtin/small")
    parser.add_argument("--items", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = []
    for name, (scores, facts) in rights(arguments.model, arguments.items, arguments.seed).items():
        found = clustered_mean(scores, facts)
        rows.append({"shown": name, "questions": found.n_items, "facts": found.n_facts, "right": found.value})
        rows[-1] |= {"low": found.low, "high": found.high}
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'shown':<30}{'right':>8}{'95 % interval':>18}")
    for r in rows:
        interval = f"{r['low']:.3f}-{r['high']:.3f}"
        print(f"{r['shown']:<30}{r['right']:>8.3f}{interval:>18}")


if __name__ == "__main__":
    main()
