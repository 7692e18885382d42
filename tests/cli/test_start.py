"""Starting the command: fast, every help screen there, exit codes kept."""

from __future__ import annotations

import json
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
