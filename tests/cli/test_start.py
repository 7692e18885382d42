"""Starting the command: fast, every help screen there, exit codes kept."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tiny_workspace import tailor

COMMANDS = ("init", "check", "compare", "report", "chat", "promote", "rollback", "serve", "doctor")
HEAVY = ("torch", "transformers", "mlflow", "scipy", "pandas", "numpy", "sentence_transformers", "fastapi", "jinja2")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom tailor.cli.main import main\nsys.argv = ['tailor', '--help']\n"
        f"try: main()\nexcept SystemExit: print('FOUND', [m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "FOUND []"
    assert all(command in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    ran = tailor(command, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: {command}" in ran.out or f"main.py {command}" in ran.out or f"main {command}" in ran.out


def test_version_and_unknown_commands() -> None:
    assert tailor("--version").out.startswith("tailor 0.")
    ran = tailor("comapre")
    assert ran.code == 2
    assert "comapre" in ran.err
    assert "Traceback" not in ran.err
    assert tailor("compare", "--wrokers", "2").code == 2
    assert tailor("compare", "--workers", "0").code == 2


def test_doctor() -> None:
    ran = tailor("doctor", "--json")
    facts = json.loads(ran.out)
    assert ran.code == (3 if facts["problems"] else 0)
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert set(facts["extras"]) == set(project["optional-dependencies"]) - {"all", "dev", "bench"}
    assert facts["cores"] >= 1


def interrupted(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"import atexit, os, signal, sys, threading\n{code}\nmain()"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def test_an_interrupt_while_the_commands_are_read() -> None:
    ran = interrupted(
        "from tailor.cli.main import main\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'tailor.cli.compare': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\nsys.argv = ['tailor', '--help']"
    )
    assert (ran.returncode, ran.stdout) == (130, "")
    assert ran.stderr == "Interrupted. Finished work is kept; the same command continues.\n"


@pytest.mark.parametrize(("argument", "code"), [("--version", 0), ("comapre", 2)])
def test_an_interrupt_when_all_is_said_changes_nothing(argument: str, code: int) -> None:
    ran = interrupted(
        "from tailor.cli.main import main\natexit.register(os.kill, os.getpid(), signal.SIGINT)\n"
        f"sys.argv = ['tailor', {argument!r}]"
    )
    assert ran.returncode == code
    assert "Traceback" not in ran.stderr
