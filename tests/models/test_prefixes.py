"""What prompts begin with alike goes through the model once, and changes no answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_families import FAMILIES, make, plain_answers

from tailor.models import Request
from tailor.models.loading import load_model
from tailor.models.prefixes import PASS_TOKENS, PrefixTree, reads_trees
from tailor.models.transformers_engine import TransformersEngine
from tailor.records import Base, Completion, Generation, Message
from tiny_models import make_adapter

SYSTEM = "Answer in one word."
QUESTIONS = ["Colour of Ada?", "Colour of Bo?", "Colour of Ada, please?", "x"]
WINDOWED = ("Mistral", "Gemma 2", "Gemma 3")  # a token sees only the last 16: no tree


def ask(question: str, weights: Any = None, **generation: Any) -> Request:
    messages = (Message("system", SYSTEM), Message("user", question))
    return Request(messages, Generation(**{"max_new_tokens": 8, **generation}), weights)


def texts(answers: Any) -> list[str]:
    return [a.text for a in answers if isinstance(a, Completion)]


@contextmanager
def counted(engine: TransformersEngine) -> Iterator[list[int]]:
    """Tokens of each pass through the model's embedding."""
    seen: list[int] = []
    embedding = engine.models.use(None).get_input_embeddings()
    handle = embedding.register_forward_pre_hook(lambda _, given: seen.append(given[0].numel()))
    yield seen
    handle.remove()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_answers_as_generate_does_whatever_was_asked_before(family: str, tmp_path: Path) -> None:
    base = make(tmp_path / "model", family)
    prompts = [f"<|bos|><|system|>{SYSTEM}<|end|><|user|>{q}<|end|><|assistant|>" for q in QUESTIONS]
    expected = [e.strip() for e in plain_answers(Path(base.location), prompts)]
    engine = TransformersEngine(base)
    for order in ([0, 1, 2, 3], [2, 0], [3, 3, 1], [0]):
        asked = [ask(QUESTIONS[i], max_new_tokens=12) for i in order]
        assert texts(engine.answer(asked)) == [expected[i] for i in order]
    assert reads_trees(engine.models.use(None)) == (family not in WINDOWED)


def test_each_beginning_is_computed_once(engine: TransformersEngine) -> None:
    requests = [ask(q, max_new_tokens=1) for q in QUESTIONS]
    prompts = [engine.render(r) for r in requests]
    beginnings = {tuple(p[:n]) for p in prompts if isinstance(p, list) for n in range(1, len(p) + 1)}
    engine.answer([ask("warm up", max_new_tokens=1)])
    engine.models.tree(None).forget()
    with counted(engine) as seen:
        engine.answer(requests)
    assert sum(seen) == len(beginnings) < sum(len(p) for p in prompts if isinstance(p, list))
    with counted(engine) as seen:
        engine.answer(requests)
    assert sum(seen) == len(QUESTIONS), "asked again, only the last token of each: its logits are not kept"


def test_a_row_that_ended_is_computed_no_more(engine: TransformersEngine) -> None:
    requests = [ask(q, max_new_tokens=n) for q, n in zip(QUESTIONS, (1, 3, 6, 12), strict=True)]
    engine.answer(requests)
    with counted(engine) as seen:
        answers = engine.answer(requests)
    steps = [a.usage.completion_tokens + (a.finish == "stop") for a in answers if isinstance(a, Completion)]
    assert sum(seen) == sum(steps), "the first token comes with the prompt's last, each other takes a pass of its row"


def test_weights_have_trees_of_their_own(engine: TransformersEngine, tiny_base: Base, tmp_path: Path) -> None:
    one, two = (make_adapter(tmp_path / str(n), tiny_base, n) for n in (1, 2))
    alone = {}
    for n, weights in enumerate((None, one, two)):
        fresh = TransformersEngine(tiny_base)
        alone[n] = texts(fresh.answer([ask(q, weights) for q in QUESTIONS]))
    assert alone[0] != alone[1] != alone[2]
    for _ in range(2):
        for n, weights in enumerate((None, one, two)):
            assert texts(engine.answer([ask(q, weights) for q in QUESTIONS])) == alone[n]


@pytest.fixture(scope="module")
def model(tiny_base: Base) -> Any:
    return load_model(tiny_base)[1]


PROMPTS = st.lists(st.lists(st.integers(6, 9), min_size=1, max_size=14), min_size=1, max_size=6)


@settings(max_examples=30, deadline=None)
@given(st.lists(PROMPTS, min_size=1, max_size=4), st.sampled_from([1 << 30, 20_000, 3_000]))
def test_logits_are_those_of_each_prompt_alone(model: Any, calls: list[list[list[int]]], limit: int) -> None:
    """Whatever was read before, and however little may be kept of it."""
    import torch

    tree = PrefixTree(model, limit)
    with torch.inference_mode():
        for prompts in calls:
            logits, cache, mask = tree.begin(prompts)
            assert mask.sum(1).tolist() == [len(p) for p in prompts]
            assert cache.get_seq_length() == max(len(p) for p in prompts)
            for n, prompt in enumerate(prompts):
                alone = model(input_ids=torch.tensor([prompt])).logits[0, -1]
                assert torch.allclose(logits[n], alone, atol=1e-3, rtol=1e-4)
            assert tree.kept_bytes <= max(limit, 0)


def test_prompts_longer_than_a_pass(model: Any) -> None:
    import torch

    generator = torch.Generator().manual_seed(0)
    long = torch.randint(6, 200, (100,), generator=generator).tolist()
    prompts = [[6 + n % 50, 60 + n // 50, *long[n:]] for n in range(12)]
    assert sum(map(len, prompts)) > 2 * PASS_TOKENS
    with torch.inference_mode():
        logits = PrefixTree(model).begin(prompts)[0]
        for row, prompt in zip(logits, prompts, strict=True):
            assert torch.allclose(row, model(input_ids=torch.tensor([prompt])).logits[0, -1], atol=1e-3, rtol=1e-4)


def test_a_pass_that_fails_leaves_nothing_half_known(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    tree = PrefixTree(model)
    with torch.inference_mode():
        tree.begin([[6, 7, 8]])
        monkeypatch.setattr(tree, "_read", full)
        with pytest.raises(RuntimeError, match="can't allocate"):
            tree.begin([[6, 7, 9]])
        monkeypatch.undo()
        logits = tree.begin([[6, 7, 9]])[0]
        assert torch.allclose(logits[0], model(input_ids=torch.tensor([[6, 7, 9]])).logits[0, -1], atol=1e-3)


def full(*_: Any) -> None:
    raise RuntimeError("can't allocate memory")
