"""Registries: a name, a place to import it from, loaded only when used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from tailor.errors import ConfigError


class Registry:
    """Built-in things of one kind and those of installed packages.

    Args:
        kind: the noun, for messages and the entry-point group `tailor.<kind>s`.
        builtin: name -> "module:attribute".
    """

    def __init__(self, kind: str, builtin: Mapping[str, str]) -> None:
        self.kind = kind
        self.builtin = dict(builtin)

    def names(self) -> list[str]:
        """Built-in names in their table's order, then those of installed packages."""
        others = [e.name for e in entry_points(group=f"tailor.{self.kind}s") if e.name not in self.builtin]
        return [*self.builtin, *sorted(set(others))]

    def load(self, name: str) -> Any:
        """The thing itself.

        Raises:
            ConfigError: no such name (the message offers the nearest), or the package that brings it fails.
        """
        if name in self.builtin:
            module, attribute = self.builtin[name].split(":")
            return getattr(importlib.import_module(module), attribute)
        for entry in entry_points(group=f"tailor.{self.kind}s"):
            if entry.name == name:
                return self._load_entry(entry)
        raise ConfigError(f"no {self.kind} called '{name}'.{did_you_mean(name, self.names())}")

    def _load_entry(self, entry: EntryPoint) -> Any:
        try:
            return entry.load()
        except Exception as error:  # somebody else's package may raise anything
            package = entry.dist.name if entry.dist else entry.value
            raise ConfigError(
                f"the {self.kind} '{entry.name}' of the package {package} cannot be loaded: {error}",
                hint=f"Update or uninstall {package}.",
            ) from error


def did_you_mean(word: str, known: list[str]) -> str:
    """` Did you mean 'lora'? Known: ...` for the end of a message."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    guess = f" Did you mean '{close[0]}'?" if close else ""
    return f"{guess}\nknown: {', '.join(known)}"
