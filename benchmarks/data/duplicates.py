"""Near-duplicates among many questions: Tailor's MinHash beside datasketch alone.

    .venv/bin/pip install -c constraints.txt -e '.[bench]'
    .venv/bin/python benchmarks/data/duplicates.py --rows 10000 100000 1000000 --output result.json

Questions of 6 to 16 words with word frequencies as in language (Zipf); a tenth of them copy an earlier one with one
letter added. Both sides get the same texts, the same shingles (five characters), 125 hashes in 25 bands of 5, and check
the pairs they find exactly against a Jaccard similarity of 0.8. Every measurement is a process of its own with one
thread; seconds, by the clock and of the processor, are without making the texts; memory is the peak of the whole
process, with the texts. `--audit` also measures the dimension `near-duplicates` of the audit, on rows as `tailor check`
has them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

THRESHOLD = 0.8
# datasketch takes minutes beyond this.
MOST_FOR_DATASKETCH = 100_000

Pairs = set[tuple[int, int]]


def make_texts(rows: int) -> tuple[list[str], Pairs]:
    """Questions, and which of them were made from which."""
    chance = random.Random(7)
    letters = "abcdefghijklmnopqrstuvwxyz"
    vocabulary = ["".join(chance.choices(letters, k=chance.randint(2, 10))) for _ in range(20_000)]
    weights = [1 / (rank + 10) for rank in range(len(vocabulary))]
    cumulative = [sum(weights[:1])]
    for weight in weights[1:]:
        cumulative.append(cumulative[-1] + weight)
    texts: list[str] = []
    copies: Pairs = set()
    for row in range(rows):
        if row and chance.random() < 0.1:
            source = chance.randrange(row)
            words = texts[source].split()
            place = chance.randrange(len(words))
            words[place] += chance.choice(letters)
            copies.add((source, row))
        else:
            words = chance.choices(vocabulary, cum_weights=cumulative, k=chance.randint(6, 16))
        texts.append(" ".join(words))
    return texts, copies


def by_tailor(texts: list[str]) -> Pairs:
    from tailor.data.minhash import near_duplicates

    return {(m.left, m.right) for m in near_duplicates(texts, THRESHOLD)}


def by_datasketch(texts: list[str]) -> Pairs:
    from datasketch import MinHash, MinHashLSH

    from tailor.data.minhash import BANDS, ROWS, shingles
    from tailor.data.similar import jaccard

    index = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
    found: Pairs = set()
    sets = [shingles(t) for t in texts]
    for row, (grams, sketch) in enumerate(
        zip(sets, MinHash.generator(([g.encode() for g in s] for s in sets), num_perm=BANDS * ROWS), strict=True)
    ):
        found |= {(other, row) for other in index.query(sketch) if jaccard(sets[other], grams) >= THRESHOLD}
        index.insert(row, sketch)
    return found


def by_audit(texts: list[str]) -> Pairs:
    from tailor.data.audit.contract import Material
    from tailor.data.audit.duplicates import nearly_repeated
    from tailor.records import Example, Message

    rows = tuple(Example(str(i), (Message("user", t),), "yes") for i, t in enumerate(texts))
    start = time.perf_counter()
    [finding] = nearly_repeated(Material(rows))
    sys.stderr.write(f"audit: {finding.text} ({time.perf_counter() - start:.1f} s without making rows)\n")
    return set()


SIDES: dict[str, Callable[[list[str]], Pairs]] = {
    "tailor": by_tailor,
    "datasketch": by_datasketch,
    "audit": by_audit,
}


def measure(side: str, rows: int) -> dict[str, object]:
    """One side on so many rows, in this process."""
    texts, copies = make_texts(rows)
    from tailor.data.minhash import shingles
    from tailor.data.similar import jaccard

    start, cpu = time.perf_counter(), time.process_time()
    found = SIDES[side](texts)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    result: dict[str, object] = {
        "side": side,
        "rows": rows,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    if side != "audit":  # which counts clusters and names no pairs
        near = {p for p in copies if jaccard(shingles(texts[p[0]]), shingles(texts[p[1]])) >= THRESHOLD}
        result |= {"pairs": len(found), "planted": len(near), "planted_found": len(near & found)}
    return result


def run(side: str, rows: int) -> dict[str, object]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--one", side, str(rows)]
    out = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    return dict(json.loads(out.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--audit", action="store_true")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--one", nargs=2, metavar=("SIDE", "ROWS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        sys.stdout.write(json.dumps(measure(options.one[0], int(options.one[1]))))
        return
    results = []
    for rows in options.rows:
        sides = ["tailor", *(["audit"] if options.audit else []), "datasketch"]
        for side in sides:
            if side == "datasketch" and rows > MOST_FOR_DATASKETCH:
                continue
            results.append(run(side, rows))
            sys.stdout.write(json.dumps(results[-1]) + "\n")
            sys.stdout.flush()
    if options.output:
        machine = {"machine": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}
        options.output.write_text(json.dumps({**machine, "results": results}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
