"""A search over rate, rank, batch and epochs: declared, on dev, the same each time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tailor.errors import ConfigError, DataError
from tailor.methods.full import FullOptions
from tailor.methods.lora import LoRAOptions
from tailor.training import Progress, TrainingOptions, TrainingRow
from tailor.training.search import BATCHES, EPOCHS, RANKS, Search, Trial, search

OPTIONS = TrainingOptions("lora", epochs=3, replay=0.0)


@pytest.mark.slow
def test_declared_trials_are_spent_within_bounds_and_the_same_each_time(
    base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    pytest.importorskip("optuna", reason="the extra search is not installed")
    dev = rows[:20]
    found = [search(base, rows, dev, OPTIONS, 6, work=tmp_path / n) for n in ("one", "two")]
    plain = [[replace(t, seconds=0.0) for t in f.trials] for f in found]
    assert plain[0] == plain[1]
    assert len(plain[0]) == 6
    rates = [t.learning_rate for t in plain[0]]
    assert max(rates) / min(rates) <= 100
    assert {t.rank for t in plain[0]} <= set(RANKS)
    assert {t.batch_tokens for t in plain[0]} <= set(BATCHES)
    assert {t.epochs for t in plain[0]} <= {3 * share for share in EPOCHS}
    assert all(t.state == "complete" for t in plain[0][:4]), "the first four are held against nothing"
    best = found[0].best
    assert best.accuracy == max(t.accuracy for t in plain[0] if t.accuracy is not None)
    assert found[0].chosen(OPTIONS) == replace(
        OPTIONS,
        learning_rate=best.learning_rate,
        rank=best.rank,
        batch_tokens=best.batch_tokens,
        epochs=best.epochs,
    )
    assert found[0].seconds == pytest.approx(sum(t.seconds for t in found[0].trials))


@pytest.mark.slow
def test_a_search_that_was_killed_goes_on_as_if_it_had_not_been(
    base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    pytest.importorskip("optuna", reason="the extra search is not installed")
    dev = rows[:20]
    whole = search(base, rows, dev, OPTIONS, 6, work=tmp_path / "whole")

    class Killed(Exception):
        pass

    def kill(done: float, progress: Progress) -> None:
        if done > 4.6 / 6 and progress.dev is not None:
            raise Killed

    with pytest.raises(Killed):
        search(base, rows, dev, OPTIONS, 6, work=tmp_path / "work", on_progress=kill)
    told = list[float]()
    again = search(base, rows, dev, OPTIONS, 6, work=tmp_path / "work", on_progress=lambda done, _: told.append(done))
    assert [replace(t, seconds=0.0) for t in again.trials] == [replace(t, seconds=0.0) for t in whole.trials]
    assert min(told) > 4 / 6, "trials that had ended are not trained again"
    assert not list(tmp_path.rglob("*.safetensors")), "the checkpoints of ended trials are gone"


def test_the_best_has_most_right_answers_then_the_smaller_loss() -> None:
    trials = (
        Trial(1e-3, 8, 512, 1.0, "complete", 0.5, 1.0),
        Trial(2e-3, 8, 512, 1.0, "complete", 0.7, 0.9),
        Trial(3e-3, 8, 512, 1.0, "complete", 0.7, 0.8),
        Trial(4e-3, 8, 512, 1.0, "pruned"),
    )
    found = Search(trials)
    assert found.best.learning_rate == 3e-3
    assert "4 declared trials (1 given up" in found.words
    assert "rank 8, 512 tokens" in found.words
    whole = Search((Trial(1e-3, None, 512, 1.0, "complete", 0.5, 1.0),))
    assert whole.words.startswith("rate, batch and epochs chosen")
    assert "rank" not in whole.words
    assert whole.chosen(TrainingOptions("full", rank=32)) == TrainingOptions("full", 1e-3, 1.0, 512, rank=32)


def test_too_few_dev_questions_and_impossible_budgets_are_refused(
    base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    pytest.importorskip("optuna", reason="the extra search is not installed")
    with pytest.raises(DataError, match="needs 20 dev questions"):
        search(base, rows, rows[:19], OPTIONS, 3, work=tmp_path)
    with pytest.raises(ConfigError, match="trials must be from 0 to 1000"):
        LoRAOptions(trials=-1)
    with pytest.raises(ConfigError, match="look for the learning rate, and one is given"):
        FullOptions(trials=3, learning_rate=1e-3)
