"""How long the audit looks for leaks, and in how much memory, as the data grow.

    .venv/bin/python benchmarks/data/leak_scale.py --rows 10000 100000 1000000 --output result.json

Questions of 6 to 16 words with word frequencies as in language (Zipf), nine tenths of them train. Of the test questions
a hundredth each copies a train question letter for letter, in capitals, with a sentence behind it (a run of words), and
with a letter added. Each size is a process of its own with one thread; seconds, by the clock and of the processor, are
those of each dimension of `tailor check`; memory is the peak of the whole process, with the rows. `meaning` has no
answers to go by here and is not measured: it reads questions with specific answers only.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

from duplicates import make_texts

SHARE_TEST, SHARE_EDIT = 0.1, 0.01
BEHIND = "kindly answer in one line as soon as ever you can today"


def rows_of(count: int) -> tuple[list[tuple[str, str, str]], dict[str, set[str]]]:
    """(id, question, split), and the ids of the planted test questions by the dimension that should name them."""
    texts, copies = make_texts(count)
    own = sorted(set(range(count)) - {later for _, later in copies})
    chance = random.Random(3)
    tests = set(chance.sample(own, int(SHARE_TEST * count)))
    train = [i for i in range(count) if i not in tests]
    edits = {
        "leak, exact": lambda t: t,
        "leak, form": lambda t: f"{t.upper()}!",
        "leak, n-gram": lambda t: f"{t} {BEHIND}",
        "leak, near": lambda t: f"{t}s",
    }
    planted: dict[str, set[str]] = {name: set() for name in edits}
    each = max(1, int(SHARE_EDIT * len(tests)))
    chosen = iter(chance.sample(sorted(tests), each * len(edits)))
    # A run needs 13 words, and an added letter must leave eight tenths of the shingles.
    long = [i for i in train if len(texts[i].split()) >= 13]
    for name, edit in edits.items():
        for _ in range(each):
            place = next(chosen)
            texts[place] = edit(texts[chance.choice(long)])
            planted[name].add(str(place))
    return [(str(i), t, "test" if i in tests else "train") for i, t in enumerate(texts)], planted


def measure(count: int) -> dict[str, object]:
    """All dimensions on so many rows, in this process."""
    from tailor.data.audit.contract import Material
    from tailor.data.audit.leaks import exact, near, runs
    from tailor.records import Example, Message

    rows, planted = rows_of(count)
    material = Material(tuple(Example(i, (Message("user", t),), "yes", split=s) for i, t, s in rows))  # type: ignore[arg-type]
    result: dict[str, object] = {"rows": count}
    whole, whole_cpu = 0.0, 0.0
    for name, dimension in (("exact", exact), ("n-gram", runs), ("near", near)):
        start, cpu = time.perf_counter(), time.process_time()
        findings = list(dimension(material))
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        whole, whole_cpu = whole + seconds, whole_cpu + cpu
        result[name] = {"seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2)}
        for finding in findings:
            wanted = planted[finding.dimension]
            # A finding names its thousand worst rows; the number counts all.
            listed = len(wanted & set(finding.rows))
            found = {"number": int(finding.number), "planted": len(wanted), "planted_listed": listed}
            result[finding.dimension] = found
    result |= {"seconds": round(whole, 2), "cpu_seconds": round(whole_cpu, 2)}
    return result | {"peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--output", type=Path)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        sys.stdout.write(json.dumps(measure(options.one)))
        return
    results = []
    for rows in options.rows:
        command = [sys.executable, __file__, "--one", str(rows)]
        out = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
        results.append(json.loads(out.stdout))
        print(json.dumps(results[-1]), flush=True)
    if options.output:
        options.output.write_text(json.dumps({"results": results}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
