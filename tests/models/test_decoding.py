"""Generation: equal to Hugging Face's own, the same alone, together and streamed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailor.models import Request
from tailor.models.decoding import cut_at_stop
from tailor.models.transformers_engine import TransformersEngine
from tailor.records import Base, Completion, Failure, Generation, Message
from tiny_models import END, make_base, make_speaker

QUESTIONS = [
    "Colour of Ada?",
    "Which colour does Bo like best of all?",
    "x",
    "Say what Cem paints the house with.",
    "Dora: favourite colour",
    "a b c d e f g h i j k l m n o p q r s t u v w x y z",
    "0123456789",
    "Häuser, 日本, 😀",
]
SYSTEM = "Answer in one word, and only from what you know about the colours of houses."


def ask(question: str, system: str = "", **generation: Any) -> Request:
    head = (Message("system", system),) if system else ()
    return Request((*head, Message("user", question)), Generation(**{"max_new_tokens": 12, **generation}))


def texts(answers: list[Completion | Failure]) -> list[str]:
    assert all(isinstance(a, Completion) for a in answers), answers
    return [a.text for a in answers if isinstance(a, Completion)]


def reference(base: Base, requests: list[Request]) -> list[tuple[list[int], str]]:
    """What `generate` of Transformers answers, one question at a time: tokens without the end token, and text."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base.location)
    model = AutoModelForCausalLM.from_pretrained(base.location, dtype=torch.float32).eval()
    found = []
    for request in requests:
        turns = [{"role": m.role, "content": m.content} for m in request.messages]
        ids = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_tensors="pt")["input_ids"]
        out = model.generate(ids, max_new_tokens=request.generation.max_new_tokens, do_sample=False, pad_token_id=0)
        new = out[0, ids.shape[1] :].tolist()
        new = new[:-1] if new[-1] == END else new
        found.append((new, tokenizer.decode(new, skip_special_tokens=True).strip()))
    return found


@pytest.mark.parametrize("system", ["", SYSTEM], ids=["nothing shared", "shared beginning"])
def test_greedy_answers_are_those_of_generate_alone_and_in_a_ragged_batch(
    tiny_base: Base, engine: TransformersEngine, system: str
) -> None:
    requests = [ask(q, system, max_new_tokens=2 + 3 * n) for n, q in enumerate(QUESTIONS)]
    expected = reference(tiny_base, requests)
    lengths = [len(tokens) for tokens, _ in expected]
    assert len(set(lengths)) > 3, "rows must end at different steps for this to say anything"
    together = engine.answer(requests)
    alone = [engine.answer([r])[0] for r in requests]
    assert texts(together) == texts(alone) == [text for _, text in expected]
    for answers in (together, alone):
        assert [a.usage.completion_tokens for a in answers if isinstance(a, Completion)] == lengths


def test_some_rows_stop_by_themselves_and_others_at_the_limit(engine: TransformersEngine, tiny_base: Base) -> None:
    requests = [ask(q, max_new_tokens=20) for q in QUESTIONS]
    answers = engine.answer(requests)
    for answer, (tokens, _) in zip(answers, reference(tiny_base, requests), strict=True):
        assert isinstance(answer, Completion)
        assert answer.finish == ("length" if len(tokens) == 20 else "stop")
    assert {a.finish for a in answers if isinstance(a, Completion)} == {"length", "stop"}


@pytest.mark.parametrize(
    ("architecture", "changes"),
    [
        ("MistralConfig", {"sliding_window": 8}),
        ("Gemma2Config", {"sliding_window": 8, "head_dim": 16}),
        ("Qwen2Config", {}),
        ("GPT2Config", {"n_embd": 64, "n_head": 4, "n_layer": 2, "n_positions": 128}),
    ],
)
def test_other_architectures_answer_as_generate_does(
    tmp_path: Path, architecture: str, changes: dict[str, Any]
) -> None:
    import torch
    import transformers
    from transformers import AutoModelForCausalLM

    from tiny_models import llama_config, save_model

    make_base(tmp_path)  # for its tokenizer
    sizes = {k: v for k, v in llama_config().to_dict().items() if k.endswith(("_size", "_layers", "_heads", "_id"))}
    config = getattr(transformers, architecture)(**{**sizes, "initializer_range": 0.2, **changes})
    (tmp_path / "model.safetensors").unlink()
    save_model(tmp_path, config)
    assert AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).config.model_type != "llama"
    base = Base("folder", architecture, str(tmp_path), "r")
    requests = [ask(q, SYSTEM, max_new_tokens=8) for q in QUESTIONS[:5]]
    assert texts(TransformersEngine(base).answer(requests)) == [t for _, t in reference(base, requests)]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=12), min_size=1, max_size=6), st.integers(1, 6))
def test_any_company_leaves_an_answer_as_it_is(tiny_engine: TransformersEngine, asked: list[str], limit: int) -> None:
    requests = [ask(q, max_new_tokens=limit) for q in asked]
    assert texts(tiny_engine.answer(requests)) == [texts(tiny_engine.answer([r]))[0] for r in requests]


@pytest.fixture(scope="module")
def tiny_engine(tiny_base: Base) -> TransformersEngine:
    return TransformersEngine(tiny_base)


def test_sampling_is_decided_by_the_seed_and_not_by_company(engine: TransformersEngine) -> None:
    sampled = [ask(q, temperature=1.5, seed=n) for n, q in enumerate(QUESTIONS)]
    first, again = texts(engine.answer(sampled)), texts(engine.answer(sampled))
    mixed = texts(engine.answer([*sampled, *(ask(q) for q in QUESTIONS)]))
    assert first == again == mixed[: len(sampled)]
    other = texts(engine.answer([ask(QUESTIONS[0], temperature=1.5, seed=s) for s in range(8)]))
    assert len(set(other)) > 4


def test_a_low_temperature_is_nearly_greedy(engine: TransformersEngine) -> None:
    greedy = texts(engine.answer([ask(q) for q in QUESTIONS]))
    assert texts(engine.answer([ask(q, temperature=1e-4, seed=3) for q in QUESTIONS])) == greedy


SPOKEN = "né 日😀!\nXyw\tZq"


@pytest.fixture(scope="module")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> TransformersEngine:
    return TransformersEngine(make_speaker(tmp_path_factory.mktemp("models") / "speaker", SPOKEN))


def streamed(engine: TransformersEngine, request: Request) -> tuple[list[str], Completion]:
    *pieces, last = engine.stream(request)
    assert isinstance(last, Completion)
    assert all(isinstance(p, str) for p in pieces)
    return [p for p in pieces if isinstance(p, str)], last


def test_streamed_characters_of_several_bytes_arrive_whole(speaker: TransformersEngine) -> None:
    pieces, last = streamed(speaker, ask("?", max_new_tokens=60))
    assert last.text == "".join(pieces) == SPOKEN
    assert last.finish == "stop"
    assert all("\ufffd" not in p and p for p in pieces)
    assert len(pieces) > 5, "it comes bit by bit"


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        (("😀",), "né 日"),
        (("\n",), "né 日😀!"),
        (("\nX",), "né 日😀!"),
        (("!\nXyw\tZ",), "né 日😀"),
        (("!\nXyw?",), SPOKEN),
        (("日😀?", "w"), "né 日😀!\nXy"),
        ((" 日", "é"), "n"),
        (("",), SPOKEN),
        (("never",), SPOKEN),
        (("n",), ""),
    ],
)
def test_a_stop_string_ends_the_answer_before_it(
    speaker: TransformersEngine, stop: tuple[str, ...], expected: str
) -> None:
    request = ask("?", max_new_tokens=60, stop=stop)
    pieces, last = streamed(speaker, request)
    assert last.text == "".join(pieces) == expected
    assert texts(speaker.answer([request, ask("? ?", max_new_tokens=60)])) == [expected, SPOKEN]


def test_a_stop_string_ends_the_work_too(speaker: TransformersEngine) -> None:
    [stopped], [whole] = (speaker.answer([ask("?", max_new_tokens=60, stop=s)]) for s in (("\n",), ()))
    assert isinstance(stopped, Completion)
    assert isinstance(whole, Completion)
    assert stopped.usage.completion_tokens == whole.usage.completion_tokens - len("Xyw\tZq")


@pytest.mark.parametrize("limit", range(1, 14))
def test_an_answer_cut_in_the_middle_of_a_character_streams_as_it_is(speaker: TransformersEngine, limit: int) -> None:
    request = ask("?", max_new_tokens=limit)
    pieces, last = streamed(speaker, request)
    assert "".join(pieces) == last.text == texts(speaker.answer([request]))[0]
    assert last.finish == "length"


@pytest.mark.parametrize("seed", range(12))
def test_streamed_noise_is_the_answer(engine: TransformersEngine, seed: int) -> None:
    request = ask("x", temperature=3.0, seed=seed, max_new_tokens=40, stop=("e", "\ufffdt", " a"))
    pieces, last = streamed(engine, request)
    assert "".join(pieces) == last.text == texts(engine.answer([request]))[0]


def test_a_stream_can_be_read_from_several_threads(engine: TransformersEngine) -> None:
    import torch

    request = ask("Colour of Ada?", max_new_tokens=10)
    stream, found = engine.stream(request), []
    while not found or isinstance(found[-1], str):
        thread = threading.Thread(target=lambda: found.append(next(stream)))
        thread.start()
        thread.join()
        assert not torch.is_inference_mode_enabled(), "what the caller does is not the stream's business"
    assert found[-1].text == texts(engine.answer([request]))[0]


def test_a_prompt_that_is_too_long_fails_alone(engine: TransformersEngine) -> None:
    seen: list[int] = []
    long = ask("word " * 200)
    answers = engine.answer([ask("a"), long, ask("b")], on_progress=seen.append)
    assert [type(a) for a in answers] == [Completion, Failure, Completion]
    failure = answers[1]
    assert isinstance(failure, Failure)
    assert failure.kind == "too-long"
    assert "context is 128" in failure.cause
    assert seen == [3]
    with pytest.raises(Exception, match="context is 128"):
        next(engine.stream(long))


def test_the_answer_is_part_of_the_context(engine: TransformersEngine) -> None:
    [fits] = engine.answer([ask("a", max_new_tokens=100)])
    assert isinstance(fits, Completion)
    room = 128 - fits.usage.prompt_tokens
    assert isinstance(engine.answer([ask("a", max_new_tokens=room)])[0], Completion)
    assert isinstance(engine.answer([ask("a", max_new_tokens=room + 1)])[0], Failure)


def test_no_requests_no_answers(engine: TransformersEngine) -> None:
    assert engine.answer([]) == []


def test_progress_counts_up_to_all(engine: TransformersEngine) -> None:
    seen: list[int] = []
    engine.answer([ask(f"{n}", max_new_tokens=1) for n in range(70)], on_progress=seen.append)
    assert seen == [32, 64, 70]


@given(st.text("abc", max_size=12), st.lists(st.text("abc", min_size=1, max_size=3), max_size=3))
def test_cutting_leaves_no_stop_string(text: str, stop: list[str]) -> None:
    cut, stopped = cut_at_stop(text, stop)
    assert text.startswith(cut)
    assert not any(s in cut for s in stop)
    assert stopped == any(s in text for s in stop)
