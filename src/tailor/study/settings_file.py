"""`tailor.yaml` as text: values, the line of each, and what is wrong with them in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tailor.errors import ConfigError

CONFIG_NAME = "tailor.yaml"

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Settings:
    """What a file says. `lines` holds the line of every setting; `problems` names settings that are given twice."""

    value: dict[str, Any]
    lines: Mapping[Place, int]
    problems: tuple[str, ...]

    def where(self, place: Place) -> str:
        """`tailor.yaml line 9`: the line of a setting, or of the section it should be in."""
        while place and place not in self.lines:
            place = place[:-1]
        return f"{CONFIG_NAME} line {self.lines.get(place, 1)}"


def read_settings(folder: Path) -> Settings:
    """Read `tailor.yaml` of a folder.

    Raises:
        ConfigError: it is missing, unreadable, no YAML, or no mapping.
    """
    text = _read(folder)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        cause = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        raise ConfigError(f"{CONFIG_NAME}{where}: not valid YAML: {cause}.", hint="Indent with spaces.") from None
    except (RecursionError, ValueError) as error:
        raise ConfigError(f"{CONFIG_NAME}: cannot be read: {error}.") from None
    if not isinstance(value, dict):
        found = "nothing" if value is None else short(value)
        raise ConfigError(
            f"{CONFIG_NAME}: expected settings like 'name: ...', found {found}.",
            hint="Delete it and run tailor init to have one written.",
        )
    lines: dict[Place, int] = {}
    twice: list[str] = []
    _collect(node, (), lines, twice, set())
    return Settings(value, lines, tuple(twice))


def in_order(problems: Sequence[str]) -> list[str]:
    """Problems by the line they name."""

    def line(problem: str) -> int:
        found = re.match(rf"{re.escape(CONFIG_NAME)} line (\d+)", problem)
        return int(found[1]) if found else 0

    return sorted(problems, key=line)


def short(value: Any) -> str:
    """A value as it may stand in a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _read(folder: Path) -> str:
    path = folder / CONFIG_NAME
    if folder.is_file():
        raise ConfigError(f"{folder} is a file.", hint=f"Name the folder that {CONFIG_NAME} is in: {folder.parent}")
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            f"{path} does not exist.",
            hint=f"Run tailor init in that folder, or name a folder that has a {CONFIG_NAME}.",
        ) from None
    except PermissionError:
        raise ConfigError(f"{path}: no permission to read it.", hint=f"Try: chmod u+r {path}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not UTF-8 text (byte {error.start}).",
            hint="Save it as UTF-8, or run tailor init for a new one.",
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None


def _collect(node: Any, place: Place, lines: dict[Place, int], twice: list[str], seen: set[int]) -> None:
    """Lines by place. A node that aliases lead to again is not entered again: it may hold itself."""
    lines.setdefault(place, node.start_mark.line + 1)
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            inner, line = (*place, str(key.value)), key.start_mark.line + 1
            if inner in lines:
                name = ".".join(map(str, inner))
                twice.append(f"{CONFIG_NAME} line {line}: '{name}' is there twice, first in line {lines[inner]}.")
            lines[inner] = line
            _collect(child, inner, lines, twice, seen)
    elif isinstance(node, yaml.SequenceNode):
        for n, child in enumerate(node.value):
            _collect(child, (*place, n), lines, twice, seen)


def describe(
    error: ValidationError, settings: Settings, sections: Mapping[Place, Sequence[str]], expected: Mapping[str, str]
) -> dict[Place, str]:
    """Every problem of a validation in words, by the setting it is about.

    Args:
        sections: the known settings by section.
        expected: what a setting should be, where Pydantic's words do not help; `*` stands for a place in a list.
    """
    known = {name for names in sections.values() for name in names}
    problems: dict[Place, str] = {}
    for item in error.errors():
        # Pydantic's places also name the branches of a union ("str", "list[str]"): only ours are kept.
        place = tuple(
            p for n, p in enumerate(item["loc"]) if isinstance(p, int) or p in known or n == 0 or _is(p, item)
        )
        where, name = settings.where(place), ".".join(map(str, place))
        if item["type"] == "extra_forbidden":
            text = f"no setting called '{name}'.{_guess(str(place[-1]), sections.get(place[:-1], ()))}"
        elif item["type"] == "missing":
            text = f"the setting '{name}' is missing."
        else:
            wanted = expected.get(".".join("*" if isinstance(p, int) else p for p in place))
            text = f"{name}: {f'expected {wanted}' if wanted else item['msg']}, found {short(item['input'])}."
        problems.setdefault(place, f"{where}: {text}")
    return problems


def _is(part: str | int, item: Any) -> bool:
    """The name of an unknown setting is a part of its place although it is not known."""
    return bool(item["type"] == "extra_forbidden" and part == item["loc"][-1])


def _guess(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f" Did you mean '{close[0]}'?" if close else f" Known: {', '.join(known)}."
