import random
from collections import Counter, defaultdict
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailor.data.frozen import FrozenSplit
from tailor.data.split import dataset_sha256, split_examples, summarise
from tailor.errors import ConfigError, DataError
from tailor.records import Example, Message


def row(fact: str, number: int, answer: str | None = "x", **fields: object) -> Example:
    question = f"{fact} {number}"
    messages = (Message("user", question),)
    return replace(Example(question, messages, answer, fact=fact, framing=str(number), group=fact), **fields)


def rows(**counts: int) -> list[Example]:
    return [row(fact, i) for fact, n in counts.items() for i in range(n)]


def many(facts: int, framings: int) -> list[Example]:
    return rows(**{f"f{i}": framings for i in range(facts)})


def cells(examples: list[Example], fact: str) -> Counter[tuple[str | None, str | None]]:
    return Counter((e.split, e.cell) for e in examples if e.fact == fact)


def held(examples: list[Example]) -> set[str]:
    return {e.fact for e in examples if e.cell == "held-out-fact"}


@pytest.mark.parametrize(
    ("n", "train", "dev", "test"), [(4, 2, 1, 1), (5, 2, 1, 2), (6, 2, 1, 3), (9, 5, 1, 3), (20, 16, 1, 3)]
)
def test_framings_of_a_trained_fact(n: int, train: int, dev: int, test: int) -> None:
    done = split_examples(many(10, n), seed=0)
    for fact in {e.fact for e in done} - held(done):
        assert cells(done, fact) == {
            ("train", None): train,
            ("dev", "held-out-framing"): dev,
            ("test", "held-out-framing"): test,
            ("test", "trained-framing"): 1,
        }
    for fact in held(done):
        assert cells(done, fact) == Counter({("test", "held-out-fact"): 3, (None, None): n - 3} if n > 3 else {})


def test_few_framings() -> None:
    done = split_examples(many(100, 3) + rows(**{f"two{i}": 2 for i in range(100)}), seed=1)
    trained = {e.fact for e in done} - held(done)
    by_shape = Counter(
        tuple(sorted((e.split or "", e.cell or "") for e in done if e.fact == fact and e.cell != "trained-framing"))
        for fact in trained
    )
    test, dev, train = ("test", "held-out-framing"), ("dev", "held-out-framing"), ("train", "")
    assert set(by_shape) == {(test, train, train), (dev, test, train), (test, train), (dev, train)}
    share = (by_shape[dev, test, train] + by_shape[dev, train]) / len(trained)
    assert 0.1 < share < 0.3  # a fifth of about 160, six standard errors


def test_a_share_of_the_facts_is_held_out() -> None:
    done = split_examples(many(400, 2), seed=3, held_out_facts=0.3)
    assert 0.2 < len(held(done)) / 400 < 0.4
    assert not held(split_examples(many(40, 2), seed=3, held_out_facts=0))


@pytest.mark.parametrize("seed", range(20))
def test_two_facts_are_one_trained_and_one_held_out(seed: int) -> None:
    for share in (0.01, 0.99):
        done = split_examples(rows(a=6, b=6), seed=seed, held_out_facts=share)
        assert len(held(done)) == 1


def test_one_framing_per_fact_lends_dev_from_held_out_facts() -> None:
    done = split_examples(many(100, 1), seed=0)
    count = Counter((e.split, e.cell) for e in done)
    assert count["dev", "held-out-fact"] >= 1
    assert count["test", "held-out-fact"] > count["dev", "held-out-fact"]
    assert count["train", None] == count["test", "trained-framing"]
    assert sum(count.values()) == 100 + count["train", None]


def test_unanswerable_and_general_rows() -> None:
    side = [row(f"none{i}", 0, None) for i in range(200)] + [row(f"gen{i}", 0, cell="general") for i in range(200)]
    done = split_examples(many(5, 6) + side, seed=0)
    for cell in ("unanswerable", "general"):
        count = Counter(e.split for e in done if e.cell == cell)
        assert set(count) == {"dev", "test"}
        assert 20 < count["dev"] < 60
    assert summarise(done).facts == 5


def test_one_question_asked_twice_is_one_framing() -> None:
    twice = [row("a", i) for i in range(6)] + [replace(row("a", i), id=f"again {i}") for i in range(6)] + rows(b=6)
    for seed in range(5):
        done = split_examples(twice, seed=seed)
        places = defaultdict(set)
        for e in done:
            if e.cell != "trained-framing":
                places[e.question].add(e.split)
        assert all(len(p) == 1 for p in places.values())


def test_trained_framings_copy_a_train_row() -> None:
    done = split_examples(many(10, 6), seed=0)
    by_id = {e.id: e for e in done}
    copies = [e for e in done if e.cell == "trained-framing"]
    assert len(copies) == 10 - len(held(done))
    for e in copies:
        original = by_id[e.id.removesuffix("#trained")]
        assert original.split == "train"
        assert e == replace(original, id=e.id, split="test", cell="trained-framing")


def test_given_splits_stay() -> None:
    given_rows = [
        row("a", 0, split="train"),
        row("a", 1, split="test"),
        row("b", 0, split="test"),
        row("c", 0, None, split="test"),
        row("d", 0, split="train"),
        row("d", 1, split="dev"),
    ]
    done = split_examples(given_rows, seed=0)
    assert [(e.split, e.cell) for e in done] == [
        ("train", None),
        ("test", "held-out-framing"),
        ("test", "held-out-fact"),
        ("test", "unanswerable"),
        ("train", None),
        ("dev", "held-out-framing"),
        ("test", "trained-framing"),
        ("test", "trained-framing"),
    ]


def test_given_train_rows_make_a_fact_trained() -> None:
    for seed in range(10):
        done = split_examples([row("a", 0, split="train"), *rows(a=6, b=6, c=6)[1:]], seed=seed, held_out_facts=0.9)
        assert "a" not in held(done)


def test_given_splits_must_not_tear_a_group() -> None:
    torn = [row("a", 0, split="train", group="g"), row("b", 0, split="test", group="g")]
    with pytest.raises(DataError, match="'g'"):
        split_examples(torn, seed=0)


@pytest.mark.parametrize("options", [{"held_out_facts": 1.0}, {"held_out_facts": -0.1}, {"test_framings": 0}])
def test_impossible_options(options: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        split_examples(many(2, 2), seed=0, **options)


def test_hash_and_summary() -> None:
    done = split_examples(many(20, 9), seed=0)
    assert dataset_sha256(done) == dataset_sha256(done[::-1])
    assert dataset_sha256(done) != dataset_sha256(done[1:])
    summary = summarise(done)
    out = len(held(done))
    assert (summary.facts, summary.trained_facts, summary.held_out_facts) == (20, 20 - out, out)
    assert summary.splits == {"": 6 * out, "dev": 20 - out, "test": 4 * (20 - out) + 3 * out, "train": 5 * (20 - out)}
    assert summary.cells["test"]["held-out-framing"] == 3 * (20 - out)


data = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 3)), min_size=1, max_size=30)  # (fact, group), a row each


def build(drawn: list[tuple[int, int]]) -> list[Example]:
    return [row(f"f{fact}", i, group=f"g{group}") for i, (fact, group) in enumerate(drawn)]


@given(data, st.integers(0, 50), st.randoms())
def test_groups_stay_whole_and_order_does_not_matter(
    drawn: list[tuple[int, int]], seed: int, shuffler: random.Random
) -> None:
    examples = build(drawn)
    done = split_examples(examples, seed=seed)
    assert [e.id for e in done[: len(examples)]] == [e.id for e in examples]
    trained = {e.group for e in done if e.split == "train"}
    assert not trained & {e.group for e in done if e.cell == "held-out-fact"}
    assert not {e.fact for e in done if e.split == "train"} & held(done)
    assert all(e.cell for e in done if e.split in ("dev", "test"))
    shuffler.shuffle(examples)
    assert dataset_sha256(split_examples(examples, seed=seed)) == dataset_sha256(done)


@settings(max_examples=25)
@given(st.integers(20, 40), st.integers(1, 20), st.integers(1, 9), st.integers(0, 20))
def test_new_facts_do_not_move_old_ones(old: int, new: int, framings: int, seed: int) -> None:
    first = many(old, framings + 3)  # from 4 framings on nothing has to be lent
    before = {e.id: (e.split, e.cell) for e in split_examples(first, seed=seed)}
    added = first + rows(**{f"new{i}": framings for i in range(new)})
    after = {e.id: (e.split, e.cell) for e in split_examples(added, seed=seed)}
    assert {i: after[i] for i in before} == before


def freeze(examples: list[Example]) -> FrozenSplit:
    return FrozenSplit.of(examples)


@settings(max_examples=60)
@given(
    before=st.lists(st.integers(1, 7), min_size=2, max_size=14),
    more=st.lists(st.integers(0, 6), min_size=14, max_size=14),
    new=st.lists(st.integers(1, 6), max_size=6),
    seed=st.integers(0, 50),
    shuffler=st.randoms(),
)
def test_new_rows_do_not_move_those_of_a_frozen_split(
    before: list[int], more: list[int], new: list[int], seed: int, shuffler: random.Random
) -> None:
    first = rows(**{f"f{i}": n for i, n in enumerate(before)})
    done = split_examples(first, seed=seed)
    places = {e.id: (e.split, e.cell) for e in done}
    later = first + [row(f"f{i}", 100 + k) for i in range(len(before)) for k in range(more[i])]
    later += rows(**{f"new{i}": n for i, n in enumerate(new)})
    shuffler.shuffle(later)
    after = split_examples(later, seed=seed, frozen=freeze(done))
    found = {e.id: (e.split, e.cell) for e in after}
    assert {i: found[i] for i in places} == places
    assert not freeze(done).changes(after, "")
    # No fact is both trained and held out, and what tests a trained fact is within what is asked for.
    trained = {e.fact for e in after if e.split == "train"}
    assert not trained & held(after)
    for fact in trained:
        assert cells(after, fact)["test", "held-out-framing"] <= 3
    assert dataset_sha256(split_examples(later, seed=seed, frozen=freeze(after))) == dataset_sha256(after)


def test_a_frozen_split_grows_its_test_with_its_facts() -> None:
    done = split_examples(many(30, 4), seed=3)
    grown = many(30, 4) + [row(f"f{i}", 100 + k) for i in range(30) for k in range(3)]
    after = split_examples(grown, seed=3, frozen=freeze(done))
    for fact in {e.fact for e in after} - held(after):  # 7 framings: 3 test, 1 dev, 3 train
        assert cells(after, fact)["test", "held-out-framing"] == 3
        assert cells(after, fact)["train", None] == 3
    assert held(after) == held(done)


def test_facts_that_are_inferred_keep_their_names_and_sides() -> None:
    def ask(question: str, answer: str) -> Example:
        return Example(question, (Message("user", question),), answer)

    first = [ask(f"How long is tour number {n}{end}", "two hours") for n in range(9) for end in ("?", " today?")]
    done = split_examples(first, seed=1)
    # With fewer than 12 rows an answer is specific; from 13 on it is not, and facts are grouped by their questions.
    more = [*first, *(ask(f"What time does line {n} need?", "two hours") for n in range(20))]
    after = {e.id: (e.split, e.cell, e.fact) for e in split_examples(more, seed=1, frozen=freeze(done))}
    assert {e.id: (e.split, e.cell, e.fact) for e in done if e.id in after} == {e.id: after[e.id] for e in done}


def test_a_changed_test_is_noticed() -> None:
    done = split_examples(many(10, 6), seed=0)
    kept = freeze(done)
    test = [e for e in done if e.split == "test" and e.cell == "held-out-framing"]
    gone, edited, moved = test[:3]
    changed = [replace(e, answer="another") if e is edited else e for e in done if e is not gone]
    changed = [replace(e, split="train") if e.id == moved.id else e for e in changed]
    fields = sorted(str(p.field) for p in kept.changes(changed, "x"))
    assert fields == ["None", "answer", "split"]
    trained = next(e for e in done if e.split == "train")
    assert not kept.changes([e for e in done if e is not trained], "x")
