"""Answers that join and leave while others go on are the answers that each would be alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tailor.errors import ArtifactError
from tailor.models import Request
from tailor.models.live import LiveAnswer
from tailor.models.transformers_engine import TransformersEngine
from tailor.records import Base, Completion, Failure, Generation, Message
from tiny_models import make_adapter, make_base

QUESTIONS = ["Colour of Ada?", "x", "Which colour does Bo like best of all of them?", "0123456789", "Häuser, 日本"]


def ask(question: str, weights: Any = None, top: int | None = None, **generation: Any) -> Request:
    settings = Generation(**{"max_new_tokens": 12, **generation})
    return Request((Message("user", question),), settings, weights, top)


def joined(engine: TransformersEngine, requests: list[Request], every: int) -> tuple[list[Any], list[str]]:
    """Outcomes and streamed texts where a request joins every so many steps."""
    live, answers, texts = engine.live(), [], [""] * len(requests)
    for step in range(400):
        if step % every == 0 and len(answers) < len(requests):
            answers += live.begin([requests[len(answers)]])
        live.step()
        for i, answer in enumerate(answers):
            if isinstance(answer, LiveAnswer):
                texts[i] += answer.piece()
        if len(answers) == len(requests) and not live.busy:
            break
    return [a.outcome if isinstance(a, LiveAnswer) else a for a in answers], texts


@pytest.mark.parametrize("every", [1, 2, 5])
def test_who_joins_when_changes_no_answer(engine: TransformersEngine, every: int) -> None:
    requests = [ask(q, max_new_tokens=4 + 5 * n) for n, q in enumerate(QUESTIONS)]
    requests += [ask(q, temperature=1.5, seed=n) for n, q in enumerate(QUESTIONS)]
    alone = [engine.answer([r])[0] for r in requests]
    outcomes, texts = joined(engine, requests, every)
    for outcome, text, expected in zip(outcomes, texts, alone, strict=True):
        assert isinstance(outcome, Completion)
        assert isinstance(expected, Completion)
        assert outcome.text == text == expected.text
        assert (outcome.finish, outcome.usage.completion_tokens) == (expected.finish, expected.usage.completion_tokens)


def test_adapters_on_one_base_share_the_steps(engine: TransformersEngine, tiny_base: Base, tmp_path: Path) -> None:
    one, two = (make_adapter(tmp_path / str(n), tiny_base, n) for n in (1, 2))
    requests = [ask(q, w) for q in QUESTIONS[:3] for w in (None, one, two)]
    alone = [engine.answer([r])[0] for r in requests]
    assert len({a.text for a in alone[:3] if isinstance(a, Completion)}) == 3, "the weights must matter"
    expected = [a.text for a in alone if isinstance(a, Completion)]
    outcomes, _ = joined(engine, requests, 2)
    assert [o.text for o in outcomes] == expected
    assert [a.text for a in engine.answer(requests) if isinstance(a, Completion)] == expected
    passes = []
    handle = engine.models.use(None).get_input_embeddings().register_forward_pre_hook(lambda *_: passes.append(1))
    engine.answer([ask(q, w, max_new_tokens=5) for q in QUESTIONS[:3] for w in (None, one, two)])
    handle.remove()
    assert len(passes) == 3 + 4, "the prompts of each, then all rows together"


def test_an_adapter_that_cannot_share_a_batch_has_its_own(
    engine: TransformersEngine, tiny_base: Base, tmp_path: Path
) -> None:
    plain, scaled = (make_adapter(tmp_path / str(n), tiny_base, n, use_dora=n == 2) for n in (1, 2))
    assert engine.models.company(plain) == engine.models.company(None) != engine.models.company(scaled)
    requests = [ask(q, w) for q in QUESTIONS[:3] for w in (scaled, plain)]
    alone = [engine.answer([r])[0] for r in requests]
    assert [a.text for a in engine.answer(requests)] == [a.text for a in alone]  # type: ignore[union-attr]


def test_a_damaged_adapter_ends_its_own_answer_only(
    engine: TransformersEngine, tiny_base: Base, tmp_path: Path
) -> None:
    good, bad = (make_adapter(tmp_path / str(n), tiny_base, n) for n in (1, 2))
    (bad.folder / "adapter_model.safetensors").write_bytes(b"damaged")
    expected = engine.answer([ask(QUESTIONS[0], good, max_new_tokens=20)])[0]
    live = engine.live()
    [first] = live.begin([ask(QUESTIONS[0], good, max_new_tokens=20)])
    live.step()
    [second] = live.begin([ask(QUESTIONS[0], bad)])
    while live.busy:
        live.step()
    assert isinstance(second, LiveAnswer)
    assert isinstance(second.outcome, ArtifactError)
    assert isinstance(first, LiveAnswer)
    assert isinstance(first.outcome, Completion)
    assert isinstance(expected, Completion)
    assert first.outcome.text == expected.text


def test_models_whose_cache_cannot_be_padded_wait_for_their_turn(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, MistralConfig

    from tiny_models import llama_config, save_model

    make_base(tmp_path)  # for its tokenizer
    kept = ("_size", "_layers", "_heads", "_id")
    sizes = {k: v for k, v in llama_config().to_dict().items() if k.endswith(kept)}
    (tmp_path / "model.safetensors").unlink()
    save_model(tmp_path, MistralConfig(**{**sizes, "initializer_range": 0.2, "sliding_window": 8}))
    assert AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).config.sliding_window == 8
    engine = TransformersEngine(Base("folder", "m", str(tmp_path), "r"))
    requests = [ask(q) for q in QUESTIONS[:3]]
    alone = [a.text for a in engine.answer(requests) if isinstance(a, Completion)]
    assert [o.text for o in joined(engine, requests, 2)[0]] == alone


def test_who_leaves_makes_room_and_disturbs_nobody(engine: TransformersEngine) -> None:
    live = engine.live()
    first, second = live.begin([ask(q, max_new_tokens=30) for q in QUESTIONS[:2]])
    assert isinstance(first, LiveAnswer)
    assert isinstance(second, LiveAnswer)
    live.step()
    first.cancel()
    while live.busy:
        live.step()
    expected = engine.answer([ask(QUESTIONS[1], max_new_tokens=30)])[0]
    assert isinstance(second.outcome, Completion)
    assert isinstance(expected, Completion)
    assert second.outcome.text == expected.text


def test_more_than_fit_take_turns(engine: TransformersEngine) -> None:
    requests = [ask(f"{QUESTIONS[n % 5]} {n}", max_new_tokens=3) for n in range(80)]
    live = engine.live()
    answers = live.begin(requests)
    steps = 0
    while live.busy:
        live.step()
        steps += 1
    assert steps >= 6, "80 answers of 3 tokens do not fit into 32 rows at once"
    assert [a.outcome.text for a in answers] == [a.text for a in engine.answer(requests)]


def test_too_long_is_a_failure_of_its_own(engine: TransformersEngine) -> None:
    good, long = engine.live().begin([ask("x"), ask("x " * 3000)])
    assert isinstance(good, LiveAnswer)
    assert isinstance(long, Failure)
    assert long.kind == "too-long"


def test_log_probabilities_are_those_of_the_model(engine: TransformersEngine, tiny_base: Base) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    [answer] = engine.answer([ask(QUESTIONS[0], top=2)])
    assert isinstance(answer, Completion)
    assert len(answer.logprobs) == answer.usage.completion_tokens > 2
    tokenizer = AutoTokenizer.from_pretrained(tiny_base.location)
    model = AutoModelForCausalLM.from_pretrained(tiny_base.location, dtype=torch.float32).eval()
    turns = [{"role": "user", "content": QUESTIONS[0]}]
    prompt = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_tensors="pt")["input_ids"]
    out = model.generate(
        prompt, max_new_tokens=12, do_sample=False, pad_token_id=0, output_scores=True, return_dict_in_generate=True
    )
    for n, (mine, scores) in enumerate(zip(answer.logprobs, out.scores, strict=False)):
        chances = torch.log_softmax(scores[0], -1)
        token = int(out.sequences[0, prompt.shape[1] + n])
        assert mine.text == tokenizer.decode([token])
        assert mine.logprob == pytest.approx(float(chances[token]), abs=1e-4)
        assert [c for _, c in mine.top] == pytest.approx(chances.topk(2).values.tolist(), abs=1e-4)
    together = engine.answer([ask(q, top=None if n % 2 else 2) for n, q in enumerate(QUESTIONS)])
    for n, other in enumerate(together):
        assert isinstance(other, Completion)
        assert len(other.logprobs) == (0 if n % 2 else other.usage.completion_tokens)
