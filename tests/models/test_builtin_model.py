"""The built-in model: its tokenizer, its network against transformers, packing, export, scoring and schedule."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailor.models.builtin.corpus import Document, Probe, Turn, documents
from tailor.models.builtin.evaluate import accuracy, is_right, is_right_uncited, wilson
from tailor.models.builtin.packing import LENGTHS, pieces
from tailor.models.builtin.tokenizer import (
    ASSISTANT,
    BOS,
    END,
    PAD,
    SPECIAL_TOKENS,
    USER,
    VOCABULARY,
    Encoder,
    sample_texts,
    train_tokenizer,
)

CONVERSATION = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "How many eggs are 12 and 30?"},
    {"role": "assistant", "content": "42"},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer learnt from a small sample of the corpus."""
    path = tmp_path_factory.mktemp("tokenizer")
    train_tokenizer(sample_texts(documents(3), 1_500_000), path)
    return path


def test_special_tokens_come_first_and_the_vocabulary_is_full(folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert len(tokenizer) == VOCABULARY == 4096
    assert tokenizer.convert_tokens_to_ids(list(SPECIAL_TOKENS)) == [0, 1, 2, 3, 4, 5]
    assert (tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id) == (PAD, BOS, END)


def test_plain_text_gets_no_special_token_and_digits_stand_alone(folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer("It costs 1204 euros")["input_ids"]
    assert min(ids) > END
    pieces_of_text = tokenizer.convert_ids_to_tokens(ids)
    assert [piece for piece in pieces_of_text if any(c.isdigit() for c in piece)] == ["1", "2", "0", "4"]


def test_chat_template_writes_roles_and_marks_what_the_assistant_says(folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    asked = tokenizer.apply_chat_template(CONVERSATION[:2], tokenize=False, add_generation_prompt=True)
    expected = "<|bos|><|system|> Be brief.<|end|><|user|> How many eggs are 12 and 30?<|end|><|assistant|>"
    assert asked == expected
    full = tokenizer.apply_chat_template(
        CONVERSATION, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
    )
    said = [i for i, mark in zip(full["input_ids"], full["assistant_masks"], strict=True) if mark]
    assert tokenizer.decode(said) == " 42<|end|>"


def test_encoder_agrees_with_the_chat_template(folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    turns = tuple(Turn(message["role"], message["content"]) for message in CONVERSATION)
    encoder = Encoder(folder, seed=0, context_share=0.0)
    encoded = encoder.encode(Document("any", turns))
    whole = tokenizer.apply_chat_template(CONVERSATION, tokenize=True, return_dict=True)["input_ids"]
    asked = tokenizer.apply_chat_template(
        CONVERSATION[:2], tokenize=True, add_generation_prompt=True, return_dict=True
    )["input_ids"]
    assert list(encoded.tokens) == whole
    assert encoder.prompt(turns[:2]) == asked
    weighted = [token for token, weight in zip(encoded.tokens, encoded.weights, strict=True) if weight > 0]
    assert tokenizer.decode(weighted) == " 42<|end|>"


@given(text=st.text(max_size=80))
def test_any_text_survives_the_tokenizer(folder: Path, text: str) -> None:
    encoder = Encoder(folder, seed=0)
    if not any(special in text for special in SPECIAL_TOKENS):
        assert encoder.core.decode(encoder.ids(text)) == text


def test_too_small_a_sample_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected 4096 tokens, found"):
        train_tokenizer(["hello"], tmp_path)


def test_packing_keeps_documents_whole_and_shifts_targets_by_one(folder: Path) -> None:
    encoder = Encoder(folder, seed=0)
    stream = (encoder.encode(document) for document, _ in zip(documents(4), range(1500), strict=False))
    seen, filled, places = 0, 0, 0
    for piece in pieces(stream):
        assert piece.tokens.shape[1] in LENGTHS
        assert (piece.tokens[:, 1:] == piece.targets[:, :-1]).all()
        assert (piece.tokens[:, 0] == BOS).all()
        assert (piece.weights[piece.targets == PAD] == 0).all()
        assert (piece.weights[piece.targets == BOS] == 0).all()
        seen += 1
        filled += int((piece.tokens != PAD).sum())
        places += piece.tokens.size
    assert seen > 10
    assert filled / places > 0.9


def small_shape() -> object:
    from tailor.models.builtin.network import Shape

    return Shape(hidden=64, layers=3, heads=4, key_value_heads=2, feed_forward=96)


def test_scores_equal_those_of_transformers(folder: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from tailor.models.builtin.export import export, load
    from tailor.models.builtin.network import Llama

    model = Llama(small_shape())
    model.initialise(seed=5)
    with torch.no_grad():
        for number, weight in enumerate(model.parameters()):
            weight += 0.05 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(number))
    export(model, folder, tmp_path / "weights")
    ours = load(tmp_path / "weights")
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path / "weights", dtype=torch.float32)
    tokens = torch.randint(0, VOCABULARY, (2, 150), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert torch.allclose(ours(tokens), theirs(tokens).logits, atol=1e-4)
    prompts = [tokens[0, :9].tolist(), tokens[1, :30].tolist()]
    for prompt, answer in zip(prompts, ours.answer(prompts, 8, end=-1), strict=True):
        batch = torch.tensor([prompt])
        greedy = theirs.generate(batch, attention_mask=torch.ones_like(batch), max_new_tokens=8, eos_token_id=None)
        assert greedy[0, len(prompt) :].tolist() == answer


def test_answers_through_transformers_equal_those_of_the_network(folder: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from tailor.models.builtin.evaluate import generate
    from tailor.models.builtin.export import export, load
    from tailor.models.builtin.network import Llama

    model = Llama(small_shape())
    model.initialise(seed=8)
    export(model, folder, tmp_path / "weights")
    ours = load(tmp_path / "weights")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "weights", padding_side="left")
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path / "weights", dtype="float32")
    encoder = Encoder(folder, seed=0)
    turns = [(Turn("user", "Who?"),), (Turn("system", "Answer."), Turn("user", "Where does the train stop at noon?"))]
    conversations = [[{"role": turn.role, "content": turn.text} for turn in one] for one in turns]
    expected = ours.answer([encoder.prompt(one) for one in turns], 64, END)
    given = generate(theirs, tokenizer, conversations)
    assert given == [tokenizer.decode(ids, skip_special_tokens=True) for ids in expected]


def test_a_packed_document_does_not_see_the_one_before() -> None:
    import torch

    from tailor.models.builtin.network import Llama

    model = Llama(small_shape())
    model.initialise(seed=5)
    document = [BOS, USER, 100, 200, END, ASSISTANT, 300, END]
    packed = torch.tensor([[BOS, 50, 60, *document]])
    alone = torch.tensor([document])
    weights = torch.zeros(1, 11)
    weights[0, 3:] = 1.0
    targets = torch.arange(7, 18).unsqueeze(0)
    together = model.losses(packed, targets, weights, BOS)
    apart = model.losses(alone, targets[:, 3:], torch.ones(1, 8), BOS)
    assert torch.allclose(together, apart, atol=1e-5)


def test_exported_folder_is_complete(folder: Path, tmp_path: Path) -> None:
    from tailor.models.builtin.export import export
    from tailor.models.builtin.network import Llama

    export(Llama(small_shape()), folder, tmp_path / "weights")
    names = {path.name for path in (tmp_path / "weights").iterdir()}
    assert names == {
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "chat_template.jinja",
    }
    config = json.loads((tmp_path / "weights" / "config.json").read_text())
    assert (config["model_type"], config["tie_word_embeddings"]) == ("llama", True)


def test_publishing_replaces_what_readers_see_and_drops_the_old(tmp_path: Path) -> None:
    from tailor.models.builtin.export import publish

    for name in ("export-1", "export-2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "step").write_text(name)
        publish(tmp_path / name, tmp_path / "latest")
        assert (tmp_path / "latest" / "step").read_text() == name
    assert not (tmp_path / "export-1").exists()


@pytest.mark.parametrize(
    ("said", "answers", "right", "uncited"),
    [
        ("42", ("42",), True, True),
        (" A tour guide. ", ("a tour guide",), True, True),
        ("in the attic [2]", ("in the attic [2]",), True, True),
        ("in the attic [1]", ("in the attic [2]",), False, True),
        ("in the attic", ("in the attic [2]",), False, True),
        ("in the cellar [2]", ("in the attic [2]",), False, False),
        ("4", ("42", "forty-two"), False, False),
    ],
)
def test_an_answer_is_right_up_to_case_space_and_period(
    said: str, answers: tuple[str, ...], right: bool, uncited: bool
) -> None:
    assert is_right(said, answers) is right
    assert is_right_uncited(said, answers) is uncited


def test_wilson_interval_of_8_of_10() -> None:
    low, high = wilson(8, 10)
    # Newcombe (1998): Wilson interval of 8/10 at 95 % is 0.4902 to 0.9433
    assert math.isclose(low, 0.4902, abs_tol=1e-4)
    assert math.isclose(high, 0.9433, abs_tol=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


@given(n=st.integers(1, 500), data=st.data())
def test_wilson_interval_holds_the_share(n: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, n))
    low, high = wilson(right, n)
    assert 0.0 <= low <= right / n + 1e-12
    assert right / n - 1e-12 <= high <= 1.0


def test_accuracy_counts_with_and_without_citations() -> None:
    probes = [Probe("cite", (Turn("user", "?"),), ("red [1]",)) for _ in range(4)]
    row = accuracy("cite", ["red [1]", "red [2]", "blue [1]", "Red [1]."], probes)
    assert (row.n, row.right, row.uncited) == (4, 0.5, 0.75)


def test_stop_requests() -> None:
    from tailor.models.builtin.pretrain import requested_end

    assert requested_end("decay now", 1000) == 1400
    assert requested_end("decay now 250\n", 1000) == 1250
    assert requested_end("3000", 1000) == 3000
    assert requested_end("", 1000) is None


def test_the_rate_warms_up_holds_and_falls_to_nothing(tmp_path: Path) -> None:
    from tailor.models.builtin.pretrain import Progress, Settings, rate_factor

    settings = Settings(run=tmp_path, tokenizer=tmp_path, deadline=1000.0, shape=small_shape())
    assert rate_factor(settings, Progress(started=0.0, step=9), now=10.0) == pytest.approx(0.1)
    assert rate_factor(settings, Progress(started=0.0, step=500), now=749.0) == 1.0
    assert rate_factor(settings, Progress(started=0.0, step=500), now=875.0) == pytest.approx(0.5)
    assert rate_factor(settings, Progress(started=0.0, step=500), now=1001.0) == 0.0
    shortened = Progress(started=0.0, step=500, decay_from=400, decay_until=600)
    assert rate_factor(settings, shortened, now=300.0) == pytest.approx(0.5)


def test_a_run_continues_from_its_checkpoint(folder: Path, tmp_path: Path) -> None:
    import numpy as np
    import torch

    from tailor.models.builtin.packing import Piece
    from tailor.models.builtin.pretrain import Run, Settings

    class Repeated:
        """The same piece for ever."""

        def take(self) -> Piece:
            tokens = np.arange(64, dtype=np.int64).reshape(2, 32) + 10
            return Piece(tokens, tokens + 1, np.ones((2, 32), np.float32), np.zeros((2, 32), np.int64), ("a",))

    settings = Settings(run=tmp_path / "run", tokenizer=folder, deadline=4e9, shape=small_shape())
    run = Run(settings)
    for _ in range(3):
        run.step(Repeated(), 1.0)
    run.checkpoint()
    continued = Run(settings)
    assert (continued.progress.step, continued.progress.resumed) == (3, 1)
    first, second = (r.step(Repeated(), 1.0) for r in (run, continued))
    assert first == pytest.approx(second)
    for one, other in zip(run.model.parameters(), continued.model.parameters(), strict=True):
        assert torch.equal(one, other)
