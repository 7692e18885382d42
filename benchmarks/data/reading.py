"""How fast questions are read, and in how much memory, beside `json.loads` line by line and the library `datasets`.

    python benchmarks/data/reading.py [--megabytes 400]

Rows are made here: `short` ones of about 250 bytes with an id, a fact and a source, `long` ones of about 900 bytes with
question and answer only. Each measurement is a process of its own, so that its peak of memory is its own. `tailor` is
the stream that `tailor data convert` reads: every row becomes a checked example and is dropped. `datasets` writes an
Arrow copy of the file to disk and checks nothing but the types.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORDS = (
    *("the", "office", "opens", "at", "nine", "and", "closes", "every", "day", "but", "Sunday", "when", "nobody"),
    *("can", "reach", "our", "support", "by", "phone"),
)
SIZES = {"short": (12, 6), "long": (12, 140)}
READERS = ("tailor", "json", "datasets")


def write(path: Path, kind: str, megabytes: float) -> None:
    """Rows until the file is this large."""
    rng = random.Random(0)
    question_words, answer_words = SIZES[kind]
    with path.open("w", encoding="utf-8") as handle:
        n = 0
        while handle.tell() < megabytes * 1e6:
            row = {
                "question": f"{' '.join(rng.choices(WORDS, k=question_words))} {n}?",
                "answer": " ".join(rng.choices(WORDS, k=answer_words)),
            }
            if kind == "short":
                row |= {"id": f"row-{n}", "fact": f"fact-{n // 5}", "source": f"docs/page-{n % 90}.md#Opening hours"}
            handle.write(json.dumps(row) + "\n")
            n += 1


def read(reader: str, path: Path, cache: Path) -> int:
    """The rows that were read."""
    if reader == "json":
        with path.open("rb") as handle:
            return sum(isinstance(json.loads(line), dict) for line in handle)
    if reader == "datasets":
        import datasets

        datasets.disable_progress_bars()
        return len(datasets.load_dataset("json", data_files=str(path), cache_dir=str(cache), split="train"))
    from tailor.data.stream import Reading, stream

    reading = Reading()
    for _ in stream([path], root=path.parent, reading=reading):
        pass
    return reading.examples


def measure(reader: str, path: Path, cache: Path) -> dict[str, float]:
    """Seconds of wall clock and CPU, and the peak of memory in MB over that of an empty file's reading."""
    wall, cpu = time.perf_counter(), time.process_time()
    rows = read(reader, path, cache)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": rows, "seconds": wall, "cpu_seconds": cpu, "peak_mb": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--megabytes", type=float, default=400)
    parser.add_argument("--one", nargs=3, metavar=("READER", "FILE", "CACHE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one[0], Path(given.one[1]), Path(given.one[2]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        for kind in SIZES:
            for share in (0.25, 1):
                path = Path(folder) / f"{kind}.jsonl"
                write(path, kind, given.megabytes * share)
                for reader in READERS:
                    command = [
                        sys.executable,
                        __file__,
                        "--one",
                        reader,
                        str(path),
                        str(Path(folder) / f"{kind}{share}"),
                    ]
                    done = subprocess.run(command, capture_output=True, check=True, text=True)
                    found = json.loads(done.stdout.splitlines()[-1])
                    megabytes = path.stat().st_size / 1e6
                    per_second = megabytes / found["seconds"], megabytes / found["cpu_seconds"]
                    print(
                        f"{kind:5} {megabytes:6.0f} MB  {reader:8} {per_second[0]:6.0f} MB/s of wall clock"
                        f"  {per_second[1]:6.0f} MB per CPU second  peak {found['peak_mb']:6.0f} MB"
                        f"  {found['rows']:,.0f} rows",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
