"""A name becomes a thing, or an error that offers the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tailor.errors import ConfigError
from tailor.plugins import Registry, did_you_mean


def install(folder: Path, name: str, group: str, entry: str) -> None:
    """What pip leaves of an installed package that brings an entry point."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{entry}\n")


def test_builtin_things_are_loaded_by_name() -> None:
    registry = Registry("number", {"root": "math:sqrt", "big": "math:inf"})
    assert registry.names() == ["root", "big"]
    assert registry.load("root")(9) == 3


def test_an_unknown_name_is_told_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no number called 'rot'\. Did you mean 'root'"):
        Registry("number", {"root": "math:sqrt"}).load("rot")
    assert did_you_mean("zzz", ["root"]) == "\nknown: root"


def test_installed_packages_bring_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "other", "tailor.numbers", "circle = math:tau")
    install(tmp_path, "broken", "tailor.numbers", "lost = no_such_module:thing")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry = Registry("number", {"root": "math:sqrt"})
    assert registry.names() == ["root", "circle", "lost"]
    assert registry.load("circle") == pytest.approx(6.283185307)
    with pytest.raises(ConfigError, match="'lost' of the package broken cannot be loaded"):
        registry.load("lost")


def test_a_package_cannot_replace_a_builtin_thing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "thief", "tailor.numbers", "root = math:tau")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry = Registry("number", {"root": "math:sqrt"})
    assert registry.names() == ["root"]
    assert registry.load("root")(4) == 2
