"""`tailor review` with keys from standard input."""

import json
import subprocess
from pathlib import Path

from tiny_workspace import command, environment


def review(folder: Path, keys: str, *options: str) -> str:
    run = command("review", "more.jsonl", *options)
    done = subprocess.run(run, input=keys, capture_output=True, text=True, cwd=folder, env=environment(), check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_sitting_and_the_next(tmp_path: Path) -> None:
    rows = [{"question": f"Q{n}?", "answer": f"A{n}", "made": {"rule": "typos", "from": f"r{n}"}} for n in range(4)]
    (tmp_path / "more.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    out = review(tmp_path, "a\nw\ne\nQ1 better?\n\nr\nwrong\nu\nq\n")
    assert "typos, from r0" in out
    assert "1 approved · 1 edited · 0 rejected · 2 waiting" in out
    kept = [json.loads(line) for line in (tmp_path / "more.approved.jsonl").read_text().splitlines()]
    assert [(r["question"], r["answer"]) for r in kept] == [("Q0?", "A0"), ("Q1 better?", "A1")]
    out = review(tmp_path, "a\na\n")
    assert "4 rows to add" not in out.splitlines()[0]
    assert "3 approved · 1 edited · 0 rejected · 0 waiting" in out
    assert "more.approved.jsonl: 4 rows to add to data.questions" in out
    assert json.loads(review(tmp_path, "", "--json"))["waiting"] == 0
