"""What is weak about a data set, in numbers. Findings are warnings; what makes data unusable is refused by `read`."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tailor.data.similar import content_words, near_pairs, normalise, question_key, words
from tailor.records import Document, Example

Verdict = Literal["ok", "warn", "bad"]
SEVERITY: tuple[Verdict, ...] = ("ok", "warn", "bad")
NEAR = 0.9
MIN_FACTS = 30
MIN_FRAMINGS = 5
SMALLEST_SIZE = 100
DISCORDANT = 0.2
WORST_ROWS = 10


@dataclass(frozen=True)
class Finding:
    """One dimension of the audit.

    `number` is what was measured and `threshold` where it stops being fine; `rows` names the worst rows by id, ten at
    most. `number` is NaN where nothing could be measured.
    """

    dimension: str
    number: float
    threshold: float
    verdict: Verdict
    text: str
    rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Audit:
    """All findings, in a fixed order."""

    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all findings."""
        return max((f.verdict for f in self.findings), key=SEVERITY.index, default="ok")


def audit(examples: Sequence[Example], documents: Sequence[Document] = ()) -> Audit:
    """Measure duplicates, leaks from train to test, contradictions, grounding, lengths, framings, facts and size.

    Works on rows with facts, with or without splits. The cell `trained-framing` repeats train rows by design and is
    left out. Linear in rows but for near-duplicates, which compare rows that share a rare word.
    """
    rows = [e for e in examples if e.cell != "trained-framing"]
    findings = [
        _duplicates(rows),
        _near_duplicates(rows),
        *_leaks(rows),
        _contradictions(rows),
        *([_grounding(rows, documents)] if documents else []),
        _given_away(rows),
        _lengths(rows),
        _framings(rows),
        _facts(rows),
        _detectable(rows),
        _size(rows),
    ]
    return Audit(tuple(findings))


def detectable_difference(facts: int, discordant: float = DISCORDANT) -> float:
    """The smallest difference in the share of right answers that a paired comparison shows with power 0.8 at 5 %.

    Solves n = ((1.96 sqrt(p) + 0.84 sqrt(p - d^2)) / d)^2 for d, where p is the share of facts on which the two arms
    disagree (Connor 1987, "Sample size for testing differences in proportions for the paired-sample design").

    Returns:
        d in (0, p]; NaN if even d = p cannot be shown with so few facts.
    """

    def needed(d: float) -> float:
        return ((1.96 * math.sqrt(discordant) + 0.84 * math.sqrt(max(0.0, discordant - d * d))) / d) ** 2

    low, high = 1e-9, min(discordant, math.sqrt(discordant))
    if facts < needed(high):
        return math.nan
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if needed(middle) > facts else (low, middle)
    return high


def _finding(
    dimension: str, number: float, threshold: float, text: str, rows: Sequence[str] = (), worse: Verdict = "warn"
) -> Finding:
    """A finding that is fine up to the threshold."""
    verdict = "ok" if number <= threshold else worse
    return Finding(dimension, number, threshold, verdict, text, tuple(rows[:WORST_ROWS]))


def _duplicates(rows: list[Example]) -> Finding:
    seen = Counter(question_key(e) for e in rows)
    repeated = [e.id for e in rows if seen[question_key(e)] > 1]
    extra = sum(n - 1 for n in seen.values())
    return _finding("duplicates", extra, 0, f"{extra} questions repeat another word for word.", repeated)


def _near_duplicates(rows: list[Example]) -> Finding:
    keys = [question_key(e) for e in rows]
    pairs = near_pairs([words(k) for k in keys], NEAR)
    close = [(i, j) for i, j, _ in pairs if keys[i] != keys[j]]
    ids = list(dict.fromkeys(rows[i].id for pair in close for i in pair))
    text = f"{len(close)} pairs of questions share nine tenths of their words: they count as one way of asking."
    return _finding("near-duplicates", len(close), 0, text, ids)


def _leaks(rows: list[Example]) -> list[Finding]:
    train = [e for e in rows if e.split == "train"]
    test = [e for e in rows if e.split == "test"]
    keys = {question_key(e) for e in train}
    same = [e.id for e in test if question_key(e) in keys]
    text = f"{len(same)} test questions stand in the train split."
    exact = _finding("leak", len(same), 0, text, same, "bad")
    pairs = near_pairs([words(question_key(e)) for e in [*train, *test]], NEAR)
    across = {j - len(train) for i, j, _ in pairs if i < len(train) <= j}
    close = [test[j].id for j in sorted(across) if question_key(test[j]) not in keys]
    text = f"{len(close)} test questions share nine tenths of their words with a train question."
    return [exact, _finding("near-leak", len(close), 0, text, close)]


def _contradictions(rows: list[Example]) -> Finding:
    answers: dict[str, set[str]] = defaultdict(set)
    for e in rows:
        answers[question_key(e)].add("" if e.answer is None else normalise(e.answer))
    ids = [e.id for e in rows if len(answers[question_key(e)]) > 1]
    count = sum(len(a) > 1 for a in answers.values())
    return _finding("contradictions", count, 0, f"{count} questions have more than one answer.", ids, "bad")


def _grounding(rows: list[Example], documents: Sequence[Document]) -> Finding:
    text = "\n".join(" ".join(normalise(d.text).split()) for d in documents)
    answered = [e for e in rows if e.answer is not None]
    missing = [e.id for e in answered if not any(_stands_in(a, text) for a in (e.answer or "", *e.aliases))]
    share = len(missing) / len(answered) if answered else math.nan
    return _finding(
        "grounding", share, 0.2, f"{len(missing)} of {len(answered)} answers do not stand in the documents.", missing
    )


def _stands_in(answer: str, text: str) -> bool:
    """Whether a normalised text holds an answer as whole words."""
    wanted = normalise(answer)
    return wanted in text and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", text) is not None


def _given_away(rows: list[Example]) -> Finding:
    answered = [e for e in rows if e.answer is not None]
    given = [e.id for e in answered if content_words(e.answer or "") and _stands_in(e.answer or "", question_key(e))]
    share = len(given) / len(answered) if answered else math.nan
    return _finding("given away", share, 0.05, f"{len(given)} questions hold their own answer.", given)


def _lengths(rows: list[Example]) -> Finding:
    """Tukey's far-out fence (third quartile and three interquartile ranges), on the number of words."""
    long: list[tuple[int, str]] = []
    for texts in ([e.question for e in rows], [e.answer or "" for e in rows]):
        counts = [len(t.split()) for t in texts]
        if counts:
            low, high = np.percentile(counts, [25, 75])
            # Short texts differ by a few words without being odd: no fence below 50 words.
            fence = max(50.0, float(high + 3 * (high - low)))
            long += [(-n, e.id) for n, e in zip(counts, rows, strict=True) if n > fence]
    ids = list(dict.fromkeys(i for _, i in sorted(long)))
    return _finding("length", len(ids), 0, f"{len(ids)} rows are far longer than the others.", ids)


def _fact_rows(rows: list[Example]) -> dict[str, list[Example]]:
    facts: dict[str, list[Example]] = defaultdict(list)
    for e in rows:
        if e.answer is not None and e.cell != "general":
            facts[e.fact or e.id].append(e)
    return facts


def _framings(rows: list[Example]) -> Finding:
    facts = _fact_rows(rows)
    few = {f: r for f, r in facts.items() if len({question_key(e) for e in r}) < MIN_FRAMINGS}
    share = len(few) / len(facts) if facts else math.nan
    text = f"{len(few)} of {len(facts)} facts are asked in fewer than {MIN_FRAMINGS} ways; one way is learnt by heart."
    return _finding("framings", share, 0.5, text, [r[0].id for r in few.values()])


def _tested_facts(rows: list[Example]) -> int:
    split = any(e.split for e in rows)
    return len(_fact_rows([e for e in rows if e.split == "test" or not split]))


def _facts(rows: list[Example]) -> Finding:
    count = _tested_facts(rows)
    verdict: Verdict = "ok" if count >= MIN_FACTS else "warn"
    text = f"{count} facts are tested" + ("." if verdict == "ok" else f"; below {MIN_FACTS} no ranking is possible.")
    return Finding("facts", count, MIN_FACTS, verdict, text)


def _detectable(rows: list[Example]) -> Finding:
    count = _tested_facts(rows)
    difference = detectable_difference(count)
    if math.isnan(difference):
        text = f"With {count} facts not even a difference of {DISCORDANT * 100:.0f} points can be shown."
        return Finding("detectable difference", math.nan, 0.1, "warn", text)
    text = f"With {count} facts a difference of {difference * 100:.1f} points can be shown (power 0.8)."
    return _finding("detectable difference", difference, 0.1, text)


def _size(rows: list[Example]) -> Finding:
    verdict: Verdict = "ok" if len(rows) >= SMALLEST_SIZE else "warn"
    return Finding("size", len(rows), SMALLEST_SIZE, verdict, f"{len(rows)} rows.")
