"""How many planted leaks the audit finds, and how many other test questions it names.

    .venv/bin/python benchmarks/data/leaks.py
    .venv/bin/python benchmarks/data/leaks.py --encoder

Three kinds of edits, 200 each, among 10,000 questions from templates and, where they are there, of real people (gsm8k
and XQuAD in ../shared/data). Then paraphrases that people wrote: framings of the example workspace, and geography
questions with one SQL query (text2sql), against questions about facts or queries that were not trained. With
`--encoder` (extra: rag) also by vectors, and by a cosine alone, whatever the answers are. The planting is that of the
tests.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "data"))

from planted import ROWS, SHARED, WORKSPACE, cased, edited, measured, named, one_word, real, row, unchanged

from tailor.data.audit import Embed, Material
from tailor.data.audit.leaks import meaning
from tailor.records import Example

COSINE_ALONE = 0.85


def workspace(chance: random.Random) -> list[Example]:
    """Of three facts in four two wordings train and three are leaks (`leak`); the fourth is only tested (`clean`)."""
    wordings: dict[str, list[dict[str, str]]] = defaultdict(list)
    for line in WORKSPACE.read_text(encoding="utf-8").splitlines():
        asked = json.loads(line)
        wordings[asked["fact"]].append(asked)
    rows = []
    for k, (fact, same) in enumerate(sorted(wordings.items())):
        chance.shuffle(same)
        for n, asked in enumerate(same[:5]):
            kind = "clean" if k % 4 == 0 else "train" if n < 2 else "leak"
            split = "train" if kind == "train" else "test"
            rows.append(row(f"{kind} {fact} {n}", asked["question"], asked["answer"], split))
    return rows


def geography(chance: random.Random) -> list[Example]:
    """Of two queries in three the first wording trains and the others are leaks; the third is only tested."""
    queries = json.loads((SHARED / "text2sql" / "geography.json").read_text(encoding="utf-8"))
    chance.shuffle(queries)
    rows = []
    for k, query in enumerate(queries):
        wordings: dict[str, list[str]] = defaultdict(list)
        for sentence in query["sentences"]:
            text, filled = sentence["text"], query["sql"][0]
            for name, value in sentence["variables"].items():
                text, filled = text.replace(name, value), filled.replace(name, value)
            wordings[filled].append(text)
        for sql, texts in wordings.items():
            for n, text in enumerate(dict.fromkeys(texts)):
                kind = "clean" if k % 3 == 0 else "leak" if n else "train"
                rows.append(row(f"{kind} {len(rows)}", text, sql, "train" if kind == "train" else "test"))
    return rows


def shares(found: set[str], rows: list[Example]) -> str:
    """Found leaks and named others, of how many."""
    counts = []
    for kind in ("leak", "clean"):
        ids = {e.id for e in rows if e.id.startswith(kind)}
        counts.append(f"{len(found & ids)} of {len(ids)} ({100 * len(found & ids) / len(ids):.1f} %)")
    return f"found {counts[0]}, named wrongly {counts[1]}"


def by_cosine(rows: list[Example], embed: Embed) -> set[str]:
    train, test = ([e for e in rows if e.split == split] for split in ("train", "test"))
    cosines = embed([e.question for e in test]) @ embed([e.question for e in train]).T
    return {e.id for e, best in zip(test, cosines.max(axis=1), strict=True) if best >= COSINE_ALONE}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", action="store_true")
    options = parser.parse_args()
    there = SHARED.is_dir()
    for name, make in {
        "templates": lambda c: named(ROWS, c),
        **({"real": lambda _: real(ROWS)} if there else {}),
    }.items():
        chance = random.Random(11)
        rows = make(chance)
        edits = {unchanged: "leak, exact", cased: "leak, form", one_word: "leak, near"}
        planted = measured(rows, [pair for edit in edits for pair in edited(rows, edit, 200, chance)])
        for edit, dimension in edits.items():
            found = sum(i.startswith(edit.__name__) for i in planted.by_dimension[dimension])
            print(f"{name:<10} {edit.__name__:<10} {found} of 200 found by {dimension}")
        print(f"{name:<10} {100 * planted.false_alarms:.2f} % of {len(planted.clean)} other test questions named")
    embeds: list[Embed | None] = [None]
    if options.encoder:
        from tailor.retrieval.embedding import encode

        embeds.append(encode)
    for name, rows in {
        "workspace": workspace(random.Random(0)),
        **({"geography": geography(random.Random(0))} if there else {}),
    }.items():
        for embed in embeds:
            [finding] = meaning(Material(tuple(rows), embed=embed))
            print(f"{name:<10} {'words' if embed is None else 'encoder':<10} {shares(set(finding.rows), rows)}")
        if embeds[-1] is not None:
            print(f"{name:<10} cosine {COSINE_ALONE} {shares(by_cosine(rows, embeds[-1]), rows)}")


if __name__ == "__main__":
    main()
