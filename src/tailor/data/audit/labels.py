"""Answers that are class labels: how even the classes are, and which labels look wrong."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tailor.data.audit.contract import Finding, Material, at_most, plural
from tailor.data.audit.vectors import word_counts

# A label is shared by many facts; an answer shared by many wordings of one fact is none.
FACTS_PER_LABEL = 3
ROWS_PER_LABEL = 5
MAX_IMBALANCE = 3.0
MAX_NOISE = 0.03
FOLDS = 5
# A label is doubted if words give another one seven tenths and it two hundredths. These, the smoothing and the
# divisor of the log-likelihoods were chosen on banking77 with 5 % of the labels changed: 70 % of the changed ones are
# found, and 74 % of what is found was changed. Logistic regression with the thresholds of confident learning
# (Northcutt et al. 2021) gives 61 and 67 % there.
SURE, DOUBTED = 0.7, 0.02
SMOOTHING, TEMPERATURE = 0.05, 4.0
_SAMPLE = 100_000


def labels(material: Material) -> dict[str, int]:
    """How many rows every label has, most frequent first; empty if the answers are no labels."""
    answers = [material.answers[i] or "" for i in material.answered]
    counts = Counter(answers)
    facts = {material.rows[i].fact or material.rows[i].id for i in material.answered}
    often = sum(n for n in counts.values() if n >= ROWS_PER_LABEL)
    if len(counts) < 2 or len(facts) < FACTS_PER_LABEL * len(counts) or often < 0.8 * len(answers):
        return {}
    return dict(counts.most_common())


def balance(material: Material) -> Iterator[Finding]:
    """Rows of the largest class for one of the smallest, in the train split where there is one."""
    counts = labels(material)
    if not counts:
        return
    train = [i for i in material.answered if material.rows[i].split == "train"]
    rows = Counter(material.answers[i] or "" for i in train) if train else Counter(counts)
    smallest, largest = min(counts, key=lambda a: (rows[a], a)), max(counts, key=lambda a: (rows[a], a))
    ratio = rows[largest] / max(1, rows[smallest])
    text = f"{plural(len(counts), 'class', 'classes')} of {rows[smallest]:,} to {rows[largest]:,} rows."
    few = [i for i in train or material.answered if material.answers[i] == smallest]
    yield at_most("class balance", ratio, MAX_IMBALANCE, text, material.ids(few), unit="ratio")


def noise(material: Material) -> Iterator[Finding]:
    """Rows whose label a classifier that never saw them is sure is another one.

    Naive Bayes on words and pairs of words, in five folds.
    """
    if not labels(material):
        return
    places = material.answered[:_SAMPLE]
    names = sorted({material.answers[i] or "" for i in places})
    codes = {name: code for code, name in enumerate(names)}
    given = np.array([codes[material.answers[i] or ""] for i in places])
    counts = word_counts([material.questions[i] for i in places], pairs=True)
    folds = np.array([zlib.crc32(material.questions[i].encode("utf-8", "replace")) % FOLDS for i in places])
    own, best, likely = np.ones(len(places)), np.zeros(len(places)), given.copy()
    for fold in range(FOLDS):
        out = np.flatnonzero(folds == fold)
        if 0 < len(out) < len(places):
            chances = _chances(counts[folds != fold], given[folds != fold], counts[out], len(names))
            own[out] = chances[np.arange(len(out)), given[out]]
            best[out], likely[out] = chances.max(axis=1), chances.argmax(axis=1)
    doubted = np.flatnonzero((likely != given) & (best > SURE) & (own < DOUBTED))
    order = doubted[np.argsort(own[doubted], kind="stable")].tolist()
    text = f"{plural(len(order), 'label looks', 'labels look')} wrong to a classifier that did not see them."
    rows = material.ids(places[i] for i in order)
    yield at_most("label noise", len(order) / len(places), MAX_NOISE, text, rows, unit="share")


def _chances(counts: Any, given: NDArray[np.int64], rows: Any, classes: int) -> NDArray[np.float64]:
    """Probabilities of the classes by multinomial naive Bayes, shape [rows, classes], drawn towards each other by the
    temperature because words are not independent."""
    from scipy import sparse

    member = sparse.csr_matrix((np.ones(len(given)), (given, np.arange(len(given)))), shape=(classes, len(given)))
    words = (member @ counts).toarray() + SMOOTHING
    frequent = np.bincount(given, minlength=classes) + SMOOTHING
    scores = rows @ np.log(words / words.sum(axis=1, keepdims=True)).T + np.log(frequent / frequent.sum())
    scores = np.exp((scores - scores.max(axis=1, keepdims=True)) / TEMPERATURE)
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))
