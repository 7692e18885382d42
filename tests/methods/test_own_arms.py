"""Arms that a workspace defines: a program, or another model behind an address."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tailor.errors import ArtifactError, ConfigError, ModelError
from tailor.files import write_json
from tailor.methods.base import FitContext
from tailor.methods.compose import expand, fit_arm
from tailor.models import command
from tailor.models.engine import LoadedWeights, Request
from tailor.records import Base, Completion, Failure, Generation, Message

Make = Callable[..., FitContext]
ECHO = "print(json.dumps({'id': asked['id'], 'text': ' ' + asked['messages'][-1]['content'] + '! '}))"


def write_bot(folder: Path, body: str, before: str = "", after: str = "") -> str:
    """A script in the folder; returns the command line."""
    lines = ["import json, sys, time", before, "for line in sys.stdin:", "    asked = json.loads(line)", f"    {body}"]
    (folder / "bot.py").write_text("\n".join([*lines, after, ""]), encoding="utf-8")
    return f"{shlex.quote(sys.executable)} bot.py"


def ask(folder: Path, run: str, *questions: str) -> list[Completion | Failure]:
    engine = command.Command(command.command_base(run, folder))
    return engine.answer([Request((Message("user", q),), Generation(max_new_tokens=7)) for q in questions])


def test_a_program_answers(tmp_path: Path) -> None:
    heard: list[int] = []
    engine = command.Command(command.command_base(write_bot(tmp_path, ECHO), tmp_path))
    asked = [Request((Message("system", "S"), Message("user", q)), Generation()) for q in ("Grüße", "two\nlines")]
    answers = engine.answer(asked, on_progress=heard.append)
    assert [a.text for a in answers if isinstance(a, Completion)] == ["Grüße!", "two\nlines!"]
    assert heard == [2]
    *pieces, last = engine.stream(asked[1])
    assert isinstance(last, Completion)
    assert pieces == [last.text] == ["two\nlines!"]
    assert engine.answer([]) == []


def test_it_is_told_all_turns_and_the_limit_and_may_count_tokens(tmp_path: Path) -> None:
    body = "print(json.dumps({'id': 0, 'text': str([asked['max_tokens'], *asked['messages']]), 'prompt_tokens': 9}))"
    [answer] = ask(tmp_path, write_bot(tmp_path, body), "Q")
    assert isinstance(answer, Completion)
    assert answer.text == "[7, {'role': 'user', 'content': 'Q'}]"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (9, 0)
    assert answer.usage.seconds > 0


def test_answers_may_come_in_any_order_after_the_input_has_ended(tmp_path: Path) -> None:
    run = write_bot(
        tmp_path, "kept.append(asked)", "kept = []",
        "for asked in reversed(kept): print(json.dumps({'id': asked['id'], 'text': asked['messages'][0]['content']}))",
    )  # fmt: skip
    many = [str(n) for n in range(3000)]  # more than a pipe holds
    assert [a.text for a in ask(tmp_path, run, *many) if isinstance(a, Completion)] == many


@pytest.mark.parametrize(
    ("body", "after", "cause"),
    [
        ("pass", "", "gave no answer to this question"),
        ("print('hello')", "", "wrote a line that is no JSON object"),
        ("print('[1]')", "", "wrote a line that is no JSON object"),
        ("print(json.dumps({'id': '0', 'text': 'x'}))", "", "number as id"),
        ("print(json.dumps({'id': 0, 'text': 3}))", "", "expected a text"),
        ("print(json.dumps({'id': 0, 'error': 'no such thing'}))", "", "no such thing"),
        ("pass", "raise SystemExit('out of cheese')", "ended with code 1: out of cheese"),
        ("pass", "sys.stdout.buffer.write(b'\\xff\\xfe')", "wrote a line that is no JSON object"),
    ],
)
def test_what_goes_wrong_is_a_failure_that_says_so(body: str, after: str, cause: str, tmp_path: Path) -> None:
    [answer] = ask(tmp_path, write_bot(tmp_path, body, after=after), "Q")
    assert isinstance(answer, Failure)
    assert cause in answer.cause


def test_answers_before_a_crash_count(tmp_path: Path) -> None:
    run = write_bot(tmp_path, f"{ECHO}; sys.stdout.flush(); asked['id'] == 1 and sys.exit(3)")
    first, second, third = ask(tmp_path, run, "a", "b", "c")
    assert isinstance(first, Completion)
    assert isinstance(second, Completion)
    assert isinstance(third, Failure)
    assert "ended with code 3" in third.cause


def test_a_program_that_never_ends_is_stopped_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "START_SECONDS", 1.0)
    monkeypatch.setattr(command, "QUESTION_SECONDS", 0.1)
    start = "import subprocess; child = subprocess.Popen(['sleep', '600']); open('pid', 'w').write(str(child.pid))"
    run = write_bot(tmp_path, "time.sleep(600)", before=start)
    [answer] = ask(tmp_path, run, "Q")
    assert isinstance(answer, Failure)
    assert answer.kind == "timeout"
    child = int((tmp_path / "pid").read_text())
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z", "the child of the program still runs"


def test_a_program_that_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no-such-program x cannot be started: No such file"):
        ask(tmp_path, "no-such-program x", "Q")


def test_no_shell_is_between(tmp_path: Path) -> None:
    body = "print(json.dumps({'id': 0, 'text': sys.argv[1]}))"
    run = write_bot(tmp_path, body) + " '$HOME; touch oops'"
    [answer] = ask(tmp_path, run, "Q")
    assert isinstance(answer, Completion)
    assert answer.text == "$HOME; touch oops"
    assert not (tmp_path / "oops").exists()


def test_an_edited_script_is_another_base(tmp_path: Path) -> None:
    run = write_bot(tmp_path, ECHO)
    first = command.command_base(run, tmp_path)
    assert first == command.command_base(run, tmp_path)
    write_bot(tmp_path, "pass")
    assert command.command_base(run, tmp_path).revision != first.revision


def test_trained_weights_are_refused(tmp_path: Path) -> None:
    asked = Request((Message("user", "Q"),), Generation(), LoadedWeights("adapter", tmp_path, "0"))
    with pytest.raises(ModelError, match="takes neither trained weights"):
        command.Command(command.command_base(write_bot(tmp_path, ECHO), tmp_path)).answer([asked])


def test_arms_may_have_names_of_their_own(context: Make, tmp_path: Path) -> None:
    run = write_bot(tmp_path, ECHO)
    bots = expand("our-bot", {"command": [run, f"{run} --fast"], "system": "Be kind."})
    assert [a.name for a in bots] == [f"our-bot[run={run}]", f"our-bot[run={run} --fast]"]
    [bot] = expand("our-bot", {"command": run})
    assert (bot.name, bot.method) == ("our-bot", "command")
    fit = context(workspace=tmp_path)
    [answer] = fit.runtime.answer(fit_arm(bot, fit).adaptation, [(Message("user", "Hi"),)])
    assert isinstance(answer, Completion)
    assert answer.text == "Hi!"
    [today] = expand("today", {"endpoint": "http://127.0.0.1:9/v1", "model": "large", "key_env": "KEY"})
    assert today.method == "endpoint"
    expected = Base("endpoint", "large", "http://127.0.0.1:9/v1", "large", "KEY")
    assert fit_arm(today, fit).adaptation.base == expected


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("command", {}, "the option 'run' is missing"),
        ("endpoint", {"url": "http://127.0.0.1/v1"}, "the option 'model' is missing"),
        ("our-bot", {"command": ""}, "the option 'run' is missing"),
        ("our bot", {"command": "x"}, "has a name of letters"),
        ("our-bot", {"command": "x", "mode": 1}, "no option called 'mode'"),
        ("rag+endpoint", {"endpoint": {"url": "http://x/v1", "model": "m"}}, "joins with no other arm"),
        ("our-bot", {}, "no arm called 'our-bot'"),
    ],
)
def test_mistakes_are_named(name: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        expand(name, options)


def test_a_release_never_starts_a_program(tmp_path: Path) -> None:
    from tailor.records import Adaptation
    from tailor.registry.manifest import write_manifest
    from tailor.registry.release import load_release
    from tailor.runtime import adaptation_to_json

    folder = tmp_path / "1"
    folder.mkdir()
    write_json(folder / "adaptation.json", adaptation_to_json(Adaptation(command.command_base("echo", tmp_path))))
    lineage = {
        "dataset_sha256": "d", "plan_sha256": "p", "config": {"a": 1}, "code_version": "0",
        "evidence": {"quality": {"value": 1, "low": 1, "high": 1}, "verdict": "adopt", "recommended": True,
                     "metrics": {}},
    }  # fmt: skip
    write_json(
        folder / "release.json",
        {"name": "n", "version": 1, "created": "", "arm": "our-bot", "seed": 0, "study": "s", "lineage": lineage,
         "base": {}, "parent": None, "format_version": 1},
    )  # fmt: skip
    write_manifest(folder)
    with pytest.raises(ArtifactError, match="a release never starts one"):
        load_release(folder)


def test_the_plan_covers_the_script(tmp_path: Path) -> None:
    from tailor.study.config import load_workspace
    from tailor.study.inputs import read_inputs
    from tailor.study.plan import plan_study
    from tiny_workspace import edit, save_base, save_workspace

    folder = save_workspace(tmp_path / "work", save_base(tmp_path / "base"))
    run = write_bot(folder, ECHO)
    edit(folder / "tailor.yaml", "  - zero-shot\n", f'  - zero-shot\n  - our-bot: {{command: "{run}"}}\n')

    def plan() -> Any:
        workspace = load_workspace(folder)
        return plan_study(workspace, read_inputs(workspace))

    first = plan()
    assert plan().id == first.id
    parts = next(a["parts"] for a in first.plan["arms"] if a["name"] == "our-bot")
    assert list(parts[0]["files"]) == ["bot.py"]
    write_bot(folder, "pass")
    assert plan().id != first.id
