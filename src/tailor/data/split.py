"""The frozen split: which rows train, which choose options (dev), and which test what (cells).

Every choice is a hash of the seed and of the thing itself. So the split does not depend on the order of the rows, and
new facts join without moving old ones. New framings of old facts join around those of a frozen split.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tailor.data.facts import infer_facts
from tailor.data.frozen import TRAINED_SUFFIX, FrozenSplit, Place
from tailor.data.similar import UnionFind, question_key
from tailor.errors import ConfigError, DataError
from tailor.files import canonical_json, sha256_of
from tailor.records import CellName, Example

DEV_SHARE = 0.2

UNUSED: Place = (None, None)
TRAIN: Place = ("train", None)
DEV_FRAMING: Place = ("dev", "held-out-framing")
HELD_OUT_FRAMING: Place = ("test", "held-out-framing")
DEV_FACT: Place = ("dev", "held-out-fact")
HELD_OUT_FACT: Place = ("test", "held-out-fact")


@dataclass(frozen=True)
class SplitSummary:
    """How many rows a split holds. `cells` counts by split and cell; train rows have the cell ""; rows that are not
    used (further framings of held-out facts) have the split ""."""

    rows: int
    facts: int
    trained_facts: int
    held_out_facts: int
    splits: Mapping[str, int]
    cells: Mapping[str, Mapping[str, int]]


def split_examples(
    examples: Sequence[Example],
    *,
    seed: int,
    held_out_facts: float = 0.2,
    test_framings: int = 3,
    frozen: FrozenSplit | None = None,
) -> list[Example]:
    """Give every row its split and cell, and add the cell `trained-framing`.

    Held-out facts are not trained at all: up to `test_framings` of their framings test (cell held-out-fact), the others
    are not used (split None). All facts that share a group are held out or trained together. Of a trained fact with n
    framings, n >= 4: min(test_framings, n - 3) test (cell held-out-framing), one is dev, the others train; n = 3: one
    tests; n = 2: one tests, or is dev; n = 1: it trains. For n = 2 and 3 a fifth of the facts has a dev framing. If no
    fact has one that way, the dev split takes one from the facts there are: with one framing per fact, from a fifth of
    the held-out facts. One train row of each trained fact is copied to the test split (cell trained-framing, id with
    `#trained`). Unanswerable rows and rows of the cell `general` are dev (a fifth) or test. One question asked twice is
    one framing. Rows that come with a split keep it.

    With a frozen split, questions it knows keep their place. New framings of a fact fill up what its number of framings
    calls for, then train (of held-out facts: are not used); new facts are held out by their own chance.

    Args:
        examples: rows; missing facts are inferred.
        seed: another seed, another split.
        held_out_facts: share of the facts, in [0, 1); at least one is held out and one trained if there are two.
        test_framings: test framings per fact, at least 1.
        frozen: the split that was tested before.

    Returns:
        All rows in their order, then the copies.

    Raises:
        ConfigError: a share or number out of range.
        DataError: given splits tear a group apart.
    """
    if not 0 <= held_out_facts < 1:
        raise ConfigError(f"held_out_facts is a share from 0 to below 1, not {held_out_facts}.")
    if test_framings < 1:
        raise ConfigError(f"test_framings is at least 1, not {test_framings}.")
    rows = infer_facts(examples)
    known: dict[int, Place] = {}
    if frozen is not None:
        rows = frozen.renamed(rows)
        known = {i: kept.place for i, e in enumerate(rows) if e.split is None and (kept := frozen.get(e))}
    free = [i for i, e in enumerate(rows) if e.split is None and i not in known]
    places: dict[int, Place] = {i: _side_place(rows[i], seed) for i in free if not _asks_fact(rows[i])} | known
    blocks = _blocks([e for e in rows if _asks_fact(e)])
    trained = {e.fact for e in rows if e.split in ("train", "dev")}
    old = _old_facts(rows, known)
    trained |= {f for f, of_fact in old.items() if _is_trained(of_fact)}
    held = _held_out(blocks, trained, seed, held_out_facts, set(old) - trained)
    framings = _framings(rows, [i for i in free if _asks_fact(rows[i])], seed)
    dev = _dev_facts({f: len(q) for f, q in framings.items() if f not in held}, seed)
    for fact, questions in framings.items():
        wanted = _fact_places(len(questions) + len(old.get(fact, {})), fact in held, fact in dev, test_framings)
        for place, same in zip(_left(wanted, old.get(fact, {}), len(questions)), questions, strict=True):
            places.update(dict.fromkeys(same, place))
    has_dev = {i for i, e in enumerate(rows) if "dev" in (e.split, places.get(i, UNUSED)[0]) and _asks_fact(e)}
    if not has_dev and not known:
        _lend_dev({f: q for f, q in framings.items() if f in held}, places, seed)
    placed = [replace(e, split=places[i][0], cell=places[i][1]) if i in places else e for i, e in enumerate(rows)]
    trained = {e.fact for e in placed if e.split == "train" and _asks_fact(e)}
    _check_groups(placed, blocks, trained)
    placed = [e if i in places else replace(e, cell=_given_cell(e, trained)) for i, e in enumerate(placed)]
    return placed + _trained_framings(placed, seed, frozen)


def dataset_sha256(examples: Iterable[Example]) -> str:
    """Hex SHA-256 of the rows, whatever their order."""
    return sha256_of(sorted(canonical_json(e) for e in examples))


def summarise(examples: Sequence[Example]) -> SplitSummary:
    """Count rows by split and cell, and facts by whether they were trained."""
    cells: dict[str, Counter[str]] = defaultdict(Counter)
    for example in examples:
        cells[example.split or ""][example.cell or ""] += 1
    asked = [e for e in examples if _asks_fact(e)]
    trained = {e.fact for e in asked if e.split == "train"}
    held = {e.fact for e in asked if e.cell == "held-out-fact"} - trained
    splits = {split: sum(count.values()) for split, count in sorted(cells.items())}
    by_cell = {split: dict(sorted(count.items())) for split, count in sorted(cells.items())}
    return SplitSummary(len(examples), len({e.fact for e in asked}), len(trained), len(held), splits, by_cell)


def _asks_fact(example: Example) -> bool:
    return example.answer is not None and example.cell != "general"


def _chance(seed: int, *parts: str) -> float:
    """A number in [0, 1) that belongs to these words: the first 52 bits of their SHA-256."""
    digest = hashlib.sha256(canonical_json([seed, *parts]).encode()).hexdigest()
    return int(digest[:13], 16) / 16**13


def _side_place(example: Example, seed: int) -> Place:
    cell: CellName = "general" if example.cell == "general" else "unanswerable"
    return ("dev" if _chance(seed, cell, example.group) < DEV_SHARE else "test"), cell


def _blocks(examples: list[Example]) -> dict[str, set[str]]:
    """What may not be torn apart: the facts that groups tie together, by the smallest of their groups' names."""
    groups = sorted({e.group for e in examples})
    number = {g: i for i, g in enumerate(groups)}
    sets = UnionFind(len(groups))
    first: dict[str, int] = {}
    for example in examples:
        sets.union(first.setdefault(example.fact, number[example.group]), number[example.group])
    blocks: dict[str, set[str]] = defaultdict(set)
    for example in examples:
        blocks[groups[sets.find(number[example.group])]].add(example.fact)
    return dict(blocks)


def _old_facts(rows: list[Example], known: dict[int, Place]) -> dict[str, dict[str, Place]]:
    """The facts of a frozen split with their questions and where those are."""
    old: dict[str, dict[str, Place]] = defaultdict(dict)
    for i, place in known.items():
        if _asks_fact(rows[i]):
            old[rows[i].fact][question_key(rows[i])] = place
    return dict(old)


def _is_trained(places: dict[str, Place]) -> bool:
    return any(split == "train" or cell == "held-out-framing" for split, cell in places.values())


def _left(wanted: list[Place], old: dict[str, Place], n: int) -> list[Place]:
    """The places of n new questions: what is wanted and not there yet, tests first. What is too much stays."""
    if DEV_FACT in old.values():  # a held-out fact that options were chosen on tests nothing
        return [UNUSED] * n
    there = Counter(old.values())
    left = []
    for place in wanted:
        if there[place]:
            there[place] -= 1
        else:
            left.append(place)
    return left[:n]


def _held_out(blocks: dict[str, set[str]], trained: set[str], seed: int, share: float, before: set[str]) -> set[str]:
    """The facts that are held out: those that were, and others by chance. Those with train or dev rows cannot be."""
    chance = {b: _chance(seed, "held out", b) for b, facts in blocks.items() if not facts & trained}
    order = sorted(chance, key=lambda b: (chance[b], b))
    chosen = [b for b in order if chance[b] < share or blocks[b] & before]
    if share > 0 and len(blocks) > 1 and not before:
        chosen = chosen or order[:1]
        if len(chosen) == len(blocks):
            chosen = chosen[:-1]
    return {fact for b in chosen for fact in blocks[b]}


def _framings(rows: list[Example], indices: list[int], seed: int) -> dict[str, list[list[int]]]:
    """For every fact its distinct questions in the order of their hashes, each as the rows that ask it."""
    same: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i in indices:
        same[rows[i].fact][question_key(rows[i])].append(i)
    return {
        fact: [questions[q] for q in sorted(questions, key=lambda q: (_chance(seed, "framing", fact, q), q))]
        for fact, questions in same.items()
    }


def _dev_facts(framings: dict[str, int], seed: int) -> set[str]:
    """The trained facts with 2 or 3 framings that give one to dev."""
    few = sorted((n == 2, _chance(seed, "dev", f), f) for f, n in framings.items() if n in (2, 3))
    chosen = {f for _, chance, f in few if chance < DEV_SHARE}
    if chosen or any(n >= 4 for n in framings.values()):
        return chosen
    # A fact of 2 framings gives its only test framing, so another one must be there to test.
    return {f for two, _, f in few[:1] if not two or len(few) > 1}


def _fact_places(n: int, held: bool, dev: bool, test_framings: int) -> list[Place]:
    """The places of a fact's n questions."""
    if held:
        tests = min(n, test_framings)
        return [HELD_OUT_FACT] * tests + [UNUSED] * (n - tests)
    devs = int(dev or n >= 4)
    tests = min(test_framings, n - 3) if n >= 4 else int(n == 3 or (n == 2 and not dev))
    return [HELD_OUT_FRAMING] * tests + [DEV_FRAMING] * devs + [TRAIN] * (n - tests - devs)


def _lend_dev(held: dict[str, list[list[int]]], places: dict[int, Place], seed: int) -> None:
    """Without any dev framing, a fifth of the held-out facts (one at least, never all) becomes dev."""
    order = sorted(held, key=lambda f: (_chance(seed, "dev", f), f))
    count = max(1, sum(_chance(seed, "dev", f) < DEV_SHARE for f in order))
    for fact in order[: min(count, len(order) - 1)]:
        for i in (i for same in held[fact] for i in same):
            places[i] = DEV_FACT if places[i][0] else UNUSED


def _given_cell(example: Example, trained: set[str]) -> CellName | None:
    if example.cell == "general" or example.split == "train":
        return example.cell if example.cell == "general" else None
    if example.answer is None:
        return "unanswerable"
    return "held-out-framing" if example.fact in trained else "held-out-fact"


def _check_groups(placed: list[Example], blocks: dict[str, set[str]], trained: set[str]) -> None:
    held = {e.fact for e in placed if e.split in ("dev", "test") and _asks_fact(e)} - trained
    torn = sorted(block for block, facts in blocks.items() if facts & trained and facts & held)
    if torn:
        raise DataError(
            f"The splits tear {len(torn)} groups apart, such as '{torn[0]}': some of its facts are trained, some only"
            " tested.",
            hint="Give all facts of a group train rows or none, or leave the column split out. New rows cannot join a"
            " trained and a held-out group of a frozen split.",
        )


def _trained_framings(placed: list[Example], seed: int, frozen: FrozenSplit | None) -> list[Example]:
    rows: dict[str, list[tuple[bool, float, str, Example]]] = defaultdict(list)
    for e in placed:
        if e.split == "train" and _asks_fact(e):
            kept = frozen.get(e) if frozen else None
            first = not (kept and kept.copied)
            rows[e.fact].append((first, _chance(seed, "trained", e.fact, question_key(e)), e.id, e))
    chosen = (min(rows[fact], key=lambda r: r[:3])[3] for fact in sorted(rows))
    return [replace(e, id=e.id + TRAINED_SUFFIX, split="test", cell="trained-framing") for e in chosen]
