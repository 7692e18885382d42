"""Encoder-decoder models: a small random T5 is read, asked and differentiated as Transformers does it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "bases"))

import make_small_t5

from tailor.files import sha256_of_tree
from tailor.models import Request, open_engine
from tailor.models.transformers_engine import TransformersEngine
from tailor.records import Base, Completion, Generation, Message
from tailor.training import TrainingOptions, TrainingRow
from tailor.training.batches import answer_loss
from tailor.training.loading import end_tokens, load_config, load_network, load_tokenizer, trainable
from tailor.training.packing import plan
from tailor.training.rendering import Encoded, encode

ASKED = ["Colour of Ada?", "Nia likes blue best. Tom likes red best. Which colour does Nia like best?", "Bo"]
ROWS = [
    TrainingRow((Message("user", "Colour of Ada?"),), "red"),
    TrainingRow((Message("system", "Be brief."), Message("user", "Which colour does Bo like best?")), "dark green"),
    TrainingRow((Message("user", "Jo: favourite colour"),), "I don't know."),
]


@pytest.fixture(scope="module", params=[True, False], ids=["T5 1.0", "FLAN-T5"])
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Base:
    """Random weights, large enough for clear choices; with one matrix for words in and out (T5 1.0), and with two."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("t5") / "model"
    words = make_small_t5.tokenizer()
    words.save_pretrained(folder)
    torch.manual_seed(2)
    config = T5Config(
        vocab_size=len(words), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, initializer_factor=4.0,
        feed_forward_proj="relu" if request.param else "gated-gelu", decoder_start_token_id=0,
        tie_word_embeddings=request.param,
    )  # fmt: skip
    model = T5ForConditionalGeneration(config)
    if not request.param:
        model.lm_head.weight = torch.nn.Parameter(torch.randn_like(model.lm_head.weight))
    model.save_pretrained(folder)
    return Base("folder", str(folder), str(folder), sha256_of_tree(folder))


def plain(base: Base) -> tuple[Any, Any]:
    """Tokenizer and model by Transformers alone."""
    from transformers import AutoTokenizer, T5ForConditionalGeneration

    return (
        AutoTokenizer.from_pretrained(base.location),
        T5ForConditionalGeneration.from_pretrained(base.location).eval(),
    )


def requests() -> list[Request]:
    return [Request((Message("user", q),), Generation(max_new_tokens=9)) for q in ASKED]


def texts(answers: Any) -> list[str]:
    return [a.text for a in answers if isinstance(a, Completion)]


def test_answers_are_those_of_generate_alone_in_a_batch_streamed_and_served(base: Base) -> None:
    tokenizer, model = plain(base)
    expected = []
    for question in ASKED:
        inputs = tokenizer(question, return_tensors="pt")
        output = model.generate(**inputs, max_new_tokens=9, do_sample=False)[0]
        expected.append(tokenizer.decode(output, skip_special_tokens=True).strip())
    engine = open_engine(base)
    assert isinstance(engine, TransformersEngine)
    assert texts(engine.answer(requests())) == expected
    assert len(set(expected)) > 1
    for request, text in zip(requests(), expected, strict=True):
        *pieces, last = engine.stream(request)
        assert "".join(str(p) for p in pieces) == text
        assert texts([last]) == [text]

    live = engine.live()
    first = live.begin(requests()[:2])
    live.step()
    second = live.begin(requests()[2:])  # comes while others are under way
    while live.busy:
        live.step()
    assert texts([a.outcome for a in [*first, *second] if hasattr(a, "outcome")]) == expected


def test_a_prompt_is_counted_and_ends_as_the_tokenizer_ends_it(base: Base) -> None:
    tokenizer, _ = plain(base)
    engine = TransformersEngine(base)
    for request, question in zip(requests(), ASKED, strict=True):
        assert engine.render(request) == tokenizer(question)["input_ids"]
    shown = (
        Message("system", "Be brief."),
        Message("user", "One?"),
        Message("assistant", "two"),
        Message("user", "Three?"),
    )
    expected = tokenizer("Be brief. Q: One? A: two Q: Three? A:")["input_ids"]
    assert engine.render(Request(shown, Generation())) == expected


def encoded(base: Base) -> list[Encoded]:
    folder = Path(base.location)
    tokenizer = load_tokenizer(folder)
    return encode(tokenizer, ROWS, ends=end_tokens(tokenizer, folder, load_config(folder)), limit=99, name="row")


def test_loss_and_gradients_are_those_of_transformers(base: Base) -> None:
    tokenizer, model = plain(base)
    inputs = tokenizer(["Colour of Ada?", "Be brief. Which colour does Bo like best?", "Jo: favourite colour"],
                       padding=True, return_tensors="pt")  # fmt: skip
    labels = tokenizer([r.answer for r in ROWS], padding=True, return_tensors="pt")["input_ids"]
    expected = model(**inputs, labels=labels.masked_fill(labels == 0, -100)).loss
    expected.backward()

    examples = encoded(base)
    network = load_network(Path(base.location), TrainingOptions("full"), examples, bf16=False)
    network.model.eval()  # without dropout
    [batch] = plan([len(e.tokens) for e in examples], epochs=1, seed=1, batch_tokens=999, packed=network.packed)
    answers = sum(len(e.tokens) - e.prompt for e in examples)
    assert answers == int((labels != 0).sum())
    loss = answer_loss(network, network.collate(batch, examples)) / answers
    loss.backward()
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-5)
    theirs = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    ours = {n: p.grad for n, p in trainable(network).items() if p.grad is not None}
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert float((ours[name] - theirs[name]).abs().max()) <= 1e-4 * float(theirs[name].abs().max()) + 1e-7, name


def test_a_likelihood_is_the_sum_of_the_log_probabilities_of_an_answer(base: Base) -> None:
    import torch

    tokenizer, model = plain(base)
    engine, continuations = TransformersEngine(base), ["red", "dark green"]
    found = engine.likelihoods([requests()[0]] * 2, continuations)
    for (value, greedy), continuation in zip(found, continuations, strict=True):
        labels = tokenizer(continuation, add_special_tokens=False, return_tensors="pt")["input_ids"]
        logits = model(**tokenizer(ASKED[0], return_tensors="pt"), labels=labels).logits
        logs = torch.log_softmax(logits[0], -1)
        assert value == pytest.approx(float(logs.gather(1, labels[0][:, None]).sum()), rel=1e-4)
        assert greedy == bool((logs.argmax(-1) == labels[0]).all())
