"""A program of the user's as what answers: JSON lines in, JSON lines out.

The program is started once for each batch of questions, reads all of them from its input, and writes an answer for each
to its output:

    in   {"id": 0, "messages": [{"role": "user", "content": "..."}], "max_tokens": 48}
    out  {"id": 0, "text": "..."}                       and optionally "prompt_tokens", "completion_tokens"
    out  {"id": 1, "error": "why there is no answer"}
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tailor.errors import ConfigError, ModelError
from tailor.files import sha256_of, sha256_of_file
from tailor.models.engine import OnAnswers, OnAsk, Request
from tailor.records import Base, Completion, Failure, Usage

START_SECONDS = 120.0
QUESTION_SECONDS = 30.0
"""A program may take 120 seconds and 30 for each question before it is stopped."""


def command_base(run: str, folder: Path) -> Base:
    """A program as a base. Its revision is the hash of the command line and of the files of `folder` in it, so that an
    edited script is another arm.

    Raises:
        ConfigError: the command line is empty or its quotes do not match.
    """
    words = command_words(run)
    files = {str(f): sha256_of_file(folder / f) for f in command_files(run, folder)}
    return Base("command", run, str(folder.resolve()), sha256_of([words, files]))


def command_words(run: str) -> list[str]:
    """The command line in words, as a shell would split it; no shell is ever started."""
    try:
        words = shlex.split(run)
    except ValueError as error:
        raise ConfigError(f"the command {run!r} cannot be read: {error}.") from None
    if not words:
        raise ConfigError("a command is missing.", hint='For example: our-bot: {command: "python bot.py"}')
    return words


def command_files(run: str, folder: Path) -> list[Path]:
    """The words of a command line that are files below `folder`, relative to it."""
    inside = (w for w in command_words(run) if (folder / w).is_file())
    root = folder.resolve()
    return sorted({(folder / w).resolve().relative_to(root) for w in inside if _below(folder / w, root)})


def _below(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root)


class Command:
    """Answers by running a program in the workspace's folder."""

    def __init__(self, base: Base) -> None:
        self.base = base

    def answer(
        self,
        requests: Sequence[Request],
        *,
        on_progress: Callable[[int], None] | None = None,
        on_answers: OnAnswers | None = None,
        on_ask: OnAsk | None = None,  # noqa: ARG002 - nobody is paid
    ) -> list[Completion | Failure]:
        """Ask all requests in one run of the program; what it does not answer is a Failure that says why.

        Raises:
            ModelError: the program cannot be started, or trained weights or a constraint are asked for.
        """
        if not requests:
            return []
        if any(r.weights is not None or r.constraint is not None for r in requests):
            raise ModelError(f"The command {self.base.name} takes neither trained weights nor a constraint.")
        started = time.perf_counter()
        found, why = self._run([_line(n, r) for n, r in enumerate(requests)])
        share = (time.perf_counter() - started) / len(requests)
        answers = [_answer(found.get(n), share, why) for n in range(len(requests))]
        if on_answers:
            on_answers(dict(enumerate(answers)))
        if on_progress:
            on_progress(len(answers))
        return answers

    def stream(self, request: Request) -> Iterator[str | Completion]:
        """The whole answer as one piece, then the Completion.

        Raises:
            ModelError: the program gives no answer.
        """
        [answer] = self.answer([request])
        if isinstance(answer, Failure):
            raise ModelError(answer.cause, hint=answer.hint)
        if answer.text:
            yield answer.text
        yield answer

    def close(self) -> None:
        """Nothing is kept open."""

    def _run(self, lines: Sequence[str]) -> tuple[dict[int, dict[str, Any]], Failure]:
        """What the program wrote, by number, and the failure of every question that it left out."""
        limit = START_SECONDS + QUESTION_SECONDS * len(lines)
        try:
            process = subprocess.Popen(
                command_words(self.base.name),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self.base.location,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise ModelError(
                f"The command {self.base.name} cannot be started: {error.strerror or error}.",
                hint=f"It is run in {self.base.location}.",
            ) from None
        try:
            out, complaints = process.communicate("".join(lines), timeout=limit)
        except subprocess.TimeoutExpired:
            _stop(process)
            return {}, Failure("timeout", f"the command {self.base.name} did not end within {limit:.0f} s")
        except BaseException:
            _stop(process)
            raise
        found, wrong = _read(out)
        last = (complaints.strip().splitlines() or [""])[-1][:300]
        if process.returncode != 0:
            wrong = f"ended with code {process.returncode}" + (f": {last}" if last else "")
        return found, Failure("endpoint", f"the command {self.base.name} {wrong or 'gave no answer to this question'}")


def _stop(process: subprocess.Popen[str]) -> None:
    """End a program with all it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _line(number: int, request: Request) -> str:
    value = {
        "id": number,
        "messages": [{"role": m.role, "content": m.content} for m in request.messages],
        "max_tokens": request.generation.max_new_tokens,
    }
    return json.dumps(value, ensure_ascii=False) + "\n"


def _read(out: str) -> tuple[dict[int, dict[str, Any]], str]:
    """Answers by number; and what is wrong with the first line that is none."""
    found: dict[int, dict[str, Any]] = {}
    wrong = ""
    for line in out.split("\n"):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if isinstance(value, dict) and type(value.get("id")) is int:
            found.setdefault(value["id"], value)
        else:
            wrong = wrong or f"wrote a line that is no JSON object with a number as id: {line[:200]!r}"
    return found, wrong


def _answer(value: dict[str, Any] | None, seconds: float, why: Failure) -> Completion | Failure:
    if value is None:
        return why
    if value.get("error"):
        return Failure("endpoint", str(value["error"])[:300])
    if not isinstance(value.get("text"), str):
        return Failure("endpoint", f"expected a text, the command wrote {json.dumps(value)[:200]}")
    counts = [value.get(k) for k in ("prompt_tokens", "completion_tokens")]
    prompt, completion = (c if isinstance(c, int) and c > 0 else 0 for c in counts)
    return Completion(value["text"].strip(), Usage(prompt, completion, seconds))
