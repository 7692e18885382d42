"""Draw the loss of a pretraining over its tokens, from the `log.jsonl` of its stages.

cd benchmarks/builtin && python curves.py first-run second-run third-run fourth-run -o loss.svg
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tailor.decision.svg import Picture, Scale, ticks

STREAMS = ("reading", "fewshot", "instructions", "skills", "procedural", "world_questions")
STYLE = (
    "<style>text{font-family:system-ui,sans-serif;fill:#222}.grid{stroke:#ddd}.axis{stroke:#555}"
    ".s0{stroke:#0072b2;fill:#0072b2}.s1{stroke:#d55e00;fill:#d55e00}.s2{stroke:#009e73;fill:#009e73}"
    ".s3{stroke:#cc79a7;fill:#cc79a7}.s4{stroke:#e69f00;fill:#e69f00}.s5{stroke:#56b4e9;fill:#56b4e9}"
    "polyline{fill:none!important;stroke-width:1.6}"
    "@media(prefers-color-scheme:dark){svg{background:#161616}text{fill:#ddd}.grid{stroke:#333}.axis{stroke:#999}}"
    "</style>"
)
TOP = 3.0  # nats; the first million tokens lie above and say little
WINDOW = 12  # log lines averaged into a point


def points(log: Path, stream: str) -> list[tuple[float, float]]:
    """(million tokens, mean loss over `WINDOW` lines) of one stage."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    seen = [(line["tokens"] / 1e6, line["loss"][stream]) for line in lines if stream in line["loss"]]
    groups = [seen[i : i + WINDOW] for i in range(0, len(seen), WINDOW)]
    return [(g[-1][0], sum(loss for _, loss in g) / len(g)) for g in groups if len(g) == WINDOW]


def draw(folders: list[Path]) -> str:
    """One line for each stream and stage; where a stage began from weights of an earlier one its line begins there."""
    series = [(n, s, points(f / "log.jsonl", s)) for f in folders for n, s in enumerate(STREAMS)]
    most = max(x for _, _, line in series for x, _ in line)
    ends = {s: line[-1] for _, s, line in series if line}
    said = "; ".join(f"{s} {loss:.2f} nats at {tokens:.0f} million tokens" for s, (tokens, loss) in ends.items())
    picture = Picture(800, 380, "Loss of the built-in model while it was pretrained", said, "pretraining")
    x, y = Scale(0.0, most, 50, 610), Scale(0.0, TOP, 330, 20)
    for value in ticks(0.0, TOP, 6):
        picture.line(50, y(value), 610, y(value), "grid" if value else "axis")
        picture.text(44, y(value) + 4, f"{value:g}", "end")
    for value in ticks(0.0, most, 6):
        picture.text(x(value), 350, f"{value:g}", "middle")
    picture.text(330, 372, "million tokens", "middle")
    for n, _, line in series:
        picture.path([(x(a), y(min(b, TOP))) for a, b in line], f"s{n}")
    height = 400.0
    for n, s in sorted(enumerate(STREAMS), key=lambda e: ends[e[1]][1]):
        height = min(height - 16, y(ends[s][1]) + 4)
        picture.circle(622, height - 4, f"s{n}", 3.5)
        picture.text(630, height, f"{s} {ends[s][1]:.2f}")
    return str(picture).replace("<title", STYLE + "<title", 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.output.write_text(draw(arguments.folders) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
