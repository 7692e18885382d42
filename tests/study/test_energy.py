"""Energy by counters of the machine, here files that look like Linux's."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from tailor.study.energy import energy_kwh, measured


def counter(root: Path, name: str, what: str, joules: float) -> None:
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "name").write_text(f"{what}\n")
    (folder / "energy_uj").write_text(f"{int(joules * 1e6)}\n")
    (folder / "max_energy_range_uj").write_text("262143328850\n")


def test_packages_are_added_up_and_their_parts_are_not(tmp_path: Path) -> None:
    root, study = tmp_path / "powercap", tmp_path / "study"
    study.mkdir()
    for name, what in (("intel-rapl:0", "package-0"), ("intel-rapl:1", "package-1"), ("intel-rapl:0:0", "core")):
        counter(root, name, what, 1000)
    counter(root, "intel-rapl:2", "psys", 1000)
    with measured(study, root):
        counter(root, "intel-rapl:0", "package-0", 19_000)
        counter(root, "intel-rapl:1", "package-1", 1000 + 18_000)
        counter(root, "intel-rapl:0:0", "core", 9000)
        counter(root, "intel-rapl:2", "psys", 99_000)
    assert energy_kwh(study) == pytest.approx(36_000 / 3.6e6)  # 0.01 kWh
    with contextlib.suppress(RuntimeError), measured(study, root):  # a second run that ends badly counts too
        counter(root, "intel-rapl:0", "package-0", 19_000 + 36_000)
        raise RuntimeError
    assert energy_kwh(study) == pytest.approx(0.02)


def test_a_counter_that_turned_over(tmp_path: Path) -> None:
    counter(tmp_path / "p", "intel-rapl:0", "package-0", 262_143)
    with measured(tmp_path, tmp_path / "p"):
        counter(tmp_path / "p", "intel-rapl:0", "package-0", 36)
    assert energy_kwh(tmp_path) == pytest.approx((36 + 0.32885) / 3.6e6, rel=1e-6)


def test_what_is_not_known_is_not_nothing(tmp_path: Path) -> None:
    assert energy_kwh(tmp_path) is None  # never run
    with measured(tmp_path, tmp_path / "nothing"):
        pass
    assert energy_kwh(tmp_path) is None  # no counter
    counter(tmp_path / "p", "intel-rapl:0", "package-0", 1)
    with measured(tmp_path / "p", tmp_path / "p"):
        (tmp_path / "p" / "intel-rapl:0" / "energy_uj").write_text("")  # as what root alone may read
    assert energy_kwh(tmp_path / "p") is None


def test_a_killed_run_leaves_it_unknown(tmp_path: Path) -> None:
    counter(tmp_path / "p", "intel-rapl:0", "package-0", 1)
    run = measured(tmp_path, tmp_path / "p")
    run.__enter__()  # and no end
    with measured(tmp_path, tmp_path / "p"):
        pass
    assert energy_kwh(tmp_path) is None
