"""Which learning rate is taken, and when it is worth trying several."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from tailor.errors import DataError
from tailor.training import Progress, TrainingOptions, TrainingRow, default_learning_rate
from tailor.training.ladder import Ladder, Rung, choose, climb

FULL = TrainingOptions("full", epochs=40, batch_tokens=256)


@pytest.mark.parametrize(
    ("rungs", "dev", "rate"),
    [
        # 60 and 80 % of 100: the standard error at 80 % is 4 points, so the higher rate is better.
        ([(1e-4, 0.1, 2.0), (3e-4, 0.6, 1.0), (1e-3, 0.8, 0.5)], 100, 1e-3),
        # 77 % is within 4 points of 80 %: dev cannot tell them apart.
        ([(1e-4, 0.1, 2.0), (3e-4, 0.77, 1.0), (1e-3, 0.8, 0.5)], 100, 3e-4),
        ([(1e-4, 0.75, 2.0), (3e-4, 0.8, 1.0), (1e-3, 0.2, 5.0)], 100, 3e-4),
        # Two right answers of 100 say nothing; the loss does.
        ([(1e-4, 0.02, 2.0), (3e-4, 0.0, 1.0), (1e-3, 0.01, 1.5)], 100, 3e-4),
        ([(1e-4, 1.0, 0.1), (3e-4, 1.0, 0.01), (1e-3, 0.0, math.inf)], 50, 1e-4),
    ],
)
def test_the_lowest_rate_that_dev_cannot_tell_from_the_best(
    rungs: list[tuple[float, float, float]], dev: int, rate: float
) -> None:
    assert choose([Rung(*r) for r in rungs], dev) == rate


def test_a_ladder_of_a_model_tries_three_rates_and_says_so(base: Path, rows: list[TrainingRow], tmp_path: Path) -> None:
    heard: list[float] = []

    def listen(done: float, _progress: Progress) -> None:
        heard.append(done)

    ladder = climb(base, rows, rows[:20], FULL, work=tmp_path, on_progress=listen)
    middle = default_learning_rate("full", 64, 1000)
    assert [r.rate for r in ladder.rungs] == pytest.approx([middle / 3, middle, 3 * middle])
    assert ladder.rate in [r.rate for r in ladder.rungs]
    assert ladder.rungs[2].loss < ladder.rungs[0].loss - 0.2, "a model that knows nothing wants a high rate"
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(1)
    assert ladder.seconds > 0
    assert all(f"{r.rate:.1e}" in ladder.words for r in ladder.rungs)
    assert ("a higher one may be better still" in ladder.words) == (ladder.rate == ladder.rungs[2].rate)


@pytest.mark.parametrize(("epochs", "dev", "why"), [(5, 20, "100 are needed"), (40, 19, "19 dev questions")])
def test_no_ladder_where_it_could_not_tell_rates_apart(
    base: Path, rows: list[TrainingRow], tmp_path: Path, epochs: float, dev: int, why: str
) -> None:
    ladder = climb(base, rows, rows[:dev], replace(FULL, epochs=epochs), work=tmp_path)
    assert ladder.rungs == ()
    assert ladder.rate == default_learning_rate("full", 64, 1000)
    assert why in ladder.words
    assert not list(tmp_path.iterdir()), "nothing was trained"


def test_a_rate_at_which_training_diverges_is_the_worst_and_other_errors_are_told(
    base: Path, rows: list[TrainingRow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tailor.training.ladder.STEPS", (1.0, 1e33))
    ladder = climb(base, rows, rows[:20], FULL, work=tmp_path)
    assert ladder.rungs[1].loss == math.inf
    assert ladder.rate == ladder.rungs[0].rate
    with pytest.raises(DataError):
        climb(base, [replace(rows[0], answer="")], rows, FULL, work=tmp_path)


def test_a_ladder_of_one_rate_has_no_words_about_others() -> None:
    assert "by the formula" in Ladder(1e-3, why="no dev").words
