"""Follow the tutorial from section 2 on, exactly as it is written: python examples/follow_tutorial.py

Every command and every piece of Python of `docs/tutorial.md` is run in a new folder, in order, and what the text says
of it is looked at. What needs a person or a browser is left out (LEFT_OUT). `--quick` compares with one seed.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
LEFT_OUT = ("source ", "pip ", "python", "tailor report", "tailor chat", "rm -r my-shop", "make ", "git ")
REFUSED = {'tailor promote rag -w my-shop --why "tutorial"': 6}
"""Command -> the exit code that the text announces."""


def blocks(section: str) -> list[tuple[str, str]]:
    """(kind, text) of everything to be run: `sh` a line, `python` a block."""
    found: list[tuple[str, str]] = []
    for part in re.split(r"(```\w*\n.*?```)", section, flags=re.DOTALL):
        if part.startswith("```python"):
            found.append(("python", part.removeprefix("```python\n").removesuffix("```")))
        elif not part.startswith("```"):
            found += [("sh", line.strip()) for line in re.findall(r"^    (\S.*)$", part, re.MULTILINE)]
    return found


class Follower:
    """Runs the blocks, one after the other.

    Args:
        folder: where `examples` is copied to and `my-shop` appears.
        quick: compare with one seed.
    """

    def __init__(self, folder: Path, *, quick: bool) -> None:
        self.folder, self.quick = folder, quick
        self.server: subprocess.Popen[bytes] | None = None
        self.names: dict[str, Any] = {}
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "80"}

    def run(self, kind: str, text: str) -> None:
        if kind == "python":
            exec(compile(text, "tutorial", "exec"), self.names)  # what the page shows is what is run
        elif text.startswith("tailor serve"):
            self.serve(text)
        elif not text.startswith(LEFT_OUT):
            self.shell(text)

    def shell(self, text: str) -> None:
        if self.quick and text.startswith("tailor compare"):
            text += " --quick"
        if text.startswith("tailor"):
            command = [sys.executable, "-m", "tailor.cli.main", *shlex.split(text)[1:]]
        else:
            command = shlex.split(text)
        done = subprocess.run(command, cwd=self.folder, env=self.environment, check=False)
        if done.returncode != REFUSED.get(text, 0):
            raise SystemExit(f"{text}: exit code {done.returncode}")

    def serve(self, text: str) -> None:
        command = [sys.executable, "-m", "tailor.cli.main", *shlex.split(text)[1:]]
        self.server = subprocess.Popen(command, cwd=self.folder, env=self.environment)
        deadline = time.monotonic() + 600
        while True:
            if self.server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{text}: the server did not come up")
            try:
                if httpx.get("http://127.0.0.1:8484/readyz").status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.3)

    def stop(self) -> None:
        if self.server is not None:
            self.server.send_signal(signal.SIGINT)
            self.server.wait(60)
            self.server = None

    def asked(self) -> str:
        """Ask again with the client, as the text says: which release answers."""
        reply = self.names["client"].chat.completions.create(
            model="champion", messages=[{"role": "user", "content": "How long is the guarantee on repairs?"}]
        )
        return str(reply.model)

    def look(self, number: int, before: str) -> None:
        """What the text says of what was just run."""
        if number == 7 and "reply" in self.names:
            expect(self.names["reply"].model, "rag@1")
        elif number == 8 and before.startswith("tailor promote lora"):
            expect(self.asked(), "lora@2")
        elif number == 8 and before.startswith("tailor rollback"):
            expect(self.asked(), "rag@1")
        elif number == 9 and before.startswith("tailor feedback export"):
            expect(len((self.folder / "corrections.jsonl").read_text().splitlines()), 1)
        elif number == 10 and "job" in self.names:
            expect(self.names["job"].status, "succeeded")
            model = self.names["job"].fine_tuned_model
            turns = [{"role": "user", "content": "How long is the guarantee on repairs?"}]
            reply = self.names["client"].chat.completions.create(model=model, messages=turns)
            expect(reply.model, model)


def expect(found: object, wanted: object) -> None:
    if found != wanted:
        raise SystemExit(f"expected {wanted!r}, found {found!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="Compare with one seed.")
    quick = parser.parse_args().quick
    sections = re.split(r"^## (\d+)\. ", (ROOT / "docs" / "tutorial.md").read_text(), flags=re.MULTILINE)
    folder = Path(tempfile.mkdtemp(prefix="tutorial-"))
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns(".tailor"))
    os.chdir(folder)
    follower, began = Follower(folder, quick=quick), time.monotonic()
    try:
        for number, section in zip(map(int, sections[1::2]), sections[2::2], strict=True):
            if not 2 <= number <= 10:
                continue
            for kind, text in blocks(section):
                print(f"\n[{time.monotonic() - began:.0f} s] section {number}: {text.strip()}", flush=True)
                follower.run(kind, text)
                follower.look(number, text)
            if "Ctrl-C" in section.rpartition("\n\n")[2] or "Ctrl-C" in section[-200:]:
                follower.stop()
    finally:
        follower.stop()
    print(f"\nEvery step did what the tutorial says, in {time.monotonic() - began:.0f} s. It is in {folder}.")


if __name__ == "__main__":
    main()
