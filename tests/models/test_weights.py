"""Adapters and tuned models over one base, and what cannot be loaded."""

from __future__ import annotations

import gc
import json
import shutil
import weakref
from pathlib import Path
from typing import Any

import pytest

from tailor.errors import ArtifactError, ConfigError, ModelError
from tailor.models import LoadedWeights, Request, describe_base, resolve_base
from tailor.models.switching import KEPT_ADAPTERS, KEPT_MODELS, SwitchedModel
from tailor.models.transformers_engine import TransformersEngine
from tailor.records import Base, Completion, Failure, Generation, Message
from tiny_models import make_adapter, make_base, make_full

PROMPT = [1, 3, 40, 50, 60, 70, 5, 4]


@pytest.fixture(scope="module")
def adapters(tiny_base: Base, tmp_path_factory: pytest.TempPathFactory) -> list[LoadedWeights]:
    folder = tmp_path_factory.mktemp("adapters")
    return [make_adapter(folder / str(n), tiny_base, n) for n in range(3)]


@pytest.fixture(scope="module")
def tuned(tiny_base: Base, tmp_path_factory: pytest.TempPathFactory) -> LoadedWeights:
    return make_full(tmp_path_factory.mktemp("full") / "tuned", tiny_base, 7)


def logits(model: Any) -> Any:
    import torch

    with torch.inference_mode():
        return model(input_ids=torch.tensor([PROMPT])).logits.clone()


def plain_logits(base: Base, weights: LoadedWeights | None = None) -> Any:
    """The same by Transformers and PEFT alone."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    location = str(weights.folder) if weights and weights.kind == "full" else base.location
    model = AutoModelForCausalLM.from_pretrained(location, dtype=torch.float32)
    if weights and weights.kind == "adapter":
        model = PeftModel.from_pretrained(model, str(weights.folder))
    return logits(model.eval())


def question(weights: LoadedWeights | None, text: str = "Colour of Ada?", limit: int = 8) -> Request:
    return Request((Message("user", text),), Generation(max_new_tokens=limit), weights)


def said(engine: TransformersEngine, *weights: LoadedWeights | None) -> list[str]:
    answers = engine.answer([question(w) for w in weights])
    assert all(isinstance(a, Completion) for a in answers)
    return [a.text for a in answers if isinstance(a, Completion)]


def test_weights_switch_and_leave_the_base_alone(
    tiny_base: Base, adapters: list[LoadedWeights], tuned: LoadedWeights
) -> None:
    import torch

    models = SwitchedModel(tiny_base)
    order = [None, adapters[0], None, adapters[1], adapters[0], tuned, adapters[0], None, tuned, adapters[2], None]
    expected = {w: plain_logits(tiny_base, w) for w in (None, tuned, *adapters)}
    assert len({round(float(v.sum()), 3) for v in expected.values()}) == 5, "all five must differ"
    for weights in order:
        torch.testing.assert_close(logits(models.use(weights)), expected[weights], rtol=0, atol=1e-5)


def test_an_adapter_used_first_leaves_the_base_alone(tiny_base: Base, adapters: list[LoadedWeights]) -> None:
    import torch

    models = SwitchedModel(tiny_base)
    models.use(adapters[0])
    torch.testing.assert_close(logits(models.use(None)), plain_logits(tiny_base), rtol=0, atol=1e-5)


def test_one_call_answers_with_many_weights(
    tiny_base: Base, engine: TransformersEngine, adapters: list[LoadedWeights], tuned: LoadedWeights
) -> None:
    mixed = [None, adapters[0], tuned, adapters[1], None, adapters[0]]
    assert said(engine, *mixed) == [said(TransformersEngine(tiny_base), w)[0] for w in mixed]
    assert len(set(said(engine, *mixed))) == 4


def test_answers_may_be_made_while_a_stream_is_open(
    engine: TransformersEngine, adapters: list[LoadedWeights], tuned: LoadedWeights
) -> None:
    asked = [None, adapters[0], adapters[1], tuned]
    expected = said(engine, *asked)
    streams, pieces = [engine.stream(question(w)) for w in asked], [[] for _ in asked]
    while any(not p or isinstance(p[-1], str) for p in pieces):
        for stream, got in zip(streams, pieces, strict=True):
            if not got or isinstance(got[-1], str):
                got.append(next(stream))
    assert ["".join(p[:-1]) for p in pieces] == expected


def test_more_adapters_than_are_kept(tiny_base: Base, tmp_path: Path) -> None:
    many = [make_adapter(tmp_path / str(n), tiny_base, n) for n in range(KEPT_ADAPTERS + 3)]
    engine = TransformersEngine(tiny_base)
    base, first = said(engine, None), [said(engine, w)[0] for w in many]
    assert [said(engine, w)[0] for w in many] == first
    assert len(set(first)) > KEPT_ADAPTERS - 4, "the adapters must answer differently"
    assert said(engine, None) == base
    import peft

    model = engine.models.use(None)
    assert isinstance(model, peft.PeftModel)
    assert len(model.peft_config) == KEPT_ADAPTERS


def copied(weights: LoadedWeights, folder: Path) -> LoadedWeights:
    shutil.copytree(weights.folder, folder)
    return LoadedWeights(weights.kind, folder, "0" * 64)


def edit_config(folder: Path, **changes: Any) -> None:
    path = folder / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def rename_layer(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = folder / "adapter_model.safetensors"
    save_file({k.replace("layers.1", "layers.7"): v for k, v in load_file(path).items()}, path)


def drop_layer(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = folder / "adapter_model.safetensors"
    save_file({k: v for k, v in load_file(path).items() if "layers.1" not in k}, path)


def truncate(folder: Path) -> None:
    path = folder / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:500])


@pytest.mark.parametrize(
    ("damage", "kind", "words"),
    [
        (shutil.rmtree, ArtifactError, "adapter_config.json does not exist"),
        (lambda f: (f / "adapter_config.json").write_text("{"), ArtifactError, "not valid JSON"),
        (lambda f: edit_config(f, peft_type="IA3"), ArtifactError, "not a LoRA adapter"),
        (lambda f: edit_config(f, r=8), ModelError, "cannot be loaded"),
        (lambda f: edit_config(f, target_modules=["no_such"]), ModelError, "cannot be loaded"),
        (lambda f: (f / "adapter_model.safetensors").unlink(), ArtifactError, "does not exist"),
        (lambda f: (f / "adapter_model.safetensors").rename(f / "adapter_model.bin"), ArtifactError, "does not exist"),
        (lambda f: (f / "adapter_model.safetensors").write_bytes(b""), ArtifactError, "damaged"),
        (truncate, ArtifactError, "damaged"),
        (rename_layer, ModelError, "no layer model.layers.7"),
        (drop_layer, ModelError, "another base"),
    ],
)
def test_a_damaged_adapter_is_an_error_and_the_engine_goes_on(
    tiny_base: Base, adapters: list[LoadedWeights], tmp_path: Path, damage: Any, kind: type, words: str
) -> None:
    bad = copied(adapters[0], tmp_path / "bad")
    damage(bad.folder)
    engine = TransformersEngine(tiny_base)
    expected = said(TransformersEngine(tiny_base), None, adapters[1])
    for first in (None, adapters[1]):
        said(engine, first)
        with pytest.raises(kind, match=words):
            engine.answer([question(bad)])
        assert said(engine, None, adapters[1]) == expected


@pytest.mark.parametrize("changes", [{"hidden_size": 32}, {"num_hidden_layers": 4}])
def test_an_adapter_of_another_base_is_refused(tiny_base: Base, tmp_path: Path, changes: dict[str, int]) -> None:
    other = make_base(tmp_path / "other", **changes)
    weights = make_adapter(tmp_path / "adapter", other, 0)
    with pytest.raises(ModelError, match="another base"):
        TransformersEngine(tiny_base).answer([question(weights)])


def test_missing_full_weights_are_an_error(engine: TransformersEngine, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        engine.answer([question(LoadedWeights("full", tmp_path / "gone", "0" * 64))])


def base_of(folder: Path) -> Base:
    return Base("folder", "mine", str(folder), "r")


def remove_tensor(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    save_file({k: v for k, v in load_file(path).items() if "1.mlp.up_proj" not in k}, path, metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (shutil.rmtree, "does not exist"),
        (lambda f: (f / "config.json").unlink(), "cannot be loaded"),
        (lambda f: (f / "config.json").write_text("{}"), "cannot be loaded"),
        (lambda f: (f / "model.safetensors").write_bytes(b"\x10" * 64), "cannot be loaded"),
        (lambda f: (f / "model.safetensors").unlink(), "cannot be loaded"),
        (lambda f: (f / "tokenizer.json").write_text("{"), "cannot be loaded"),
        (remove_tensor, "lacks 1 of its weights, the first is model.layers.1.mlp.up_proj"),
        (lambda f: (f / "chat_template.jinja").unlink(), "no chat template"),
    ],
)
def test_a_base_that_cannot_be_used_is_an_error_in_words(
    tiny_base: Base, tmp_path: Path, damage: Any, words: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_base.location, folder)
    damage(folder)
    with pytest.raises(ModelError, match=words):
        TransformersEngine(base_of(folder)).answer([question(None)])


def test_pickled_weights_are_never_read(tiny_base: Base, tmp_path: Path) -> None:
    import torch

    folder, marker = tmp_path / "model", tmp_path / "marker"
    shutil.copytree(tiny_base.location, folder)

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (marker,)

    torch.save({"model.embed_tokens.weight": Trap()}, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"no \.safetensors weights"):
        resolve_base("./model", tmp_path)
    with pytest.raises(ModelError, match="cannot be loaded"):
        TransformersEngine(base_of(folder)).answer([question(None)])
    assert not marker.exists()


@pytest.mark.parametrize("known", [True, False], ids=["known architecture", "own architecture"])
def test_code_in_a_model_folder_never_runs(
    tiny_base: Base, tmp_path: Path, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda *_: "y")  # whoever asks at the terminal would be told yes
    folder, marker = tmp_path / "model", tmp_path / "marker"
    shutil.copytree(tiny_base.location, folder)
    (folder / "evil.py").write_text(
        f"from pathlib import Path\nPath({str(marker)!r}).touch()\n"
        "from transformers import LlamaConfig, LlamaForCausalLM\n"
        "class EvilConfig(LlamaConfig):\n    model_type = 'evil'\n"
        "class EvilModel(LlamaForCausalLM):\n    config_class = EvilConfig\n"
    )
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "evil.EvilConfig", "AutoModelForCausalLM": "evil.EvilModel"}
    config["model_type"] = "llama" if known else "evil"
    (folder / "config.json").write_text(json.dumps(config))
    tokenizer = json.loads((folder / "tokenizer_config.json").read_text())
    tokenizer["auto_map"] = {"AutoTokenizer": [None, "evil.EvilTokenizer"]}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    engine = TransformersEngine(base_of(folder))
    if known:
        assert isinstance(engine.answer([question(None)])[0], Completion)
    else:
        with pytest.raises(ModelError, match="brings its own Python code, which Tailor does not run"):
            engine.answer([question(None)])
    assert not marker.exists()


def test_a_template_that_refuses_is_a_failure_of_that_question(tmp_path: Path) -> None:
    base = make_base(
        tmp_path / "strict",
        template="{% for m in messages %}{% if m.role == 'assistant' %}{{ raise_exception('no answers') }}{% endif %}"
        "<|user|>{{ m.content }}<|end|>{% endfor %}<|assistant|>",
    )
    refused = Request((Message("assistant", "s"), Message("user", "q")), Generation(max_new_tokens=2))
    answers = TransformersEngine(base).answer([refused, question(None)])
    assert isinstance(answers[0], Failure)
    assert "no answers" in answers[0].cause
    assert isinstance(answers[1], Completion)


@pytest.mark.parametrize(
    ("spec", "error", "words"),
    [
        ("./missing", ConfigError, "does not exist"),
        ("~/no-such-folder-here", ConfigError, "does not exist"),
        ("builtin/smal", ConfigError, "no model called"),
        ("nonsense", ConfigError, "no model called"),
        ("", ConfigError, "expected the name"),
        (7, ConfigError, "expected the name"),
        ({"endpoint": "http://x/v1"}, ConfigError, "expected endpoint, model"),
        ({"endpoint": "x/v1", "model": "m"}, ConfigError, "not an http"),
        ({"endpoint": 5, "model": "m"}, ConfigError, "must be text"),
        ({"endpoint": "http://me:secret@x/v1", "model": "m"}, ConfigError, "user name or password"),
        ({"endpoint": "http://x/v1", "model": "m", "key": "secret"}, ConfigError, "expected endpoint, model"),
    ],
)
def test_a_base_that_does_not_exist_is_named(tmp_path: Path, spec: Any, error: type, words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        resolve_base(spec, tmp_path)
    assert "secret" not in str(caught.value)


def test_bases_are_found_and_described(tiny_base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(tiny_base.location, tmp_path / "home" / "model")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    by_home, by_path = resolve_base("~/model", tmp_path / "workspace"), resolve_base("./model", tmp_path / "home")
    assert by_home.revision == by_path.revision
    assert Path(by_home.location) == tmp_path / "home" / "model"
    facts = describe_base(by_home)
    # 2 layers of 64 wide: embeddings and head 2*400*64; q, o 64*64, k, v 64*32; three of 64*128; norms 5*64.
    expected = 2 * 400 * 64 + 2 * (2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128) + 5 * 64
    assert facts == {"architecture": "LlamaForCausalLM", "parameters": expected, "context": 128}
    assert resolve_base("org/model@v1", tmp_path) == Base("hub", "org/model", "org/model", "v1")
    endpoint = resolve_base({"endpoint": "http://x/v1/", "model": "m", "key_env": "K"}, tmp_path)
    assert endpoint == Base("endpoint", "m", "http://x/v1", "m", "K")


def test_the_revision_changes_with_the_content(tiny_base: Base, tmp_path: Path) -> None:
    shutil.copytree(tiny_base.location, tmp_path / "a")
    before = resolve_base("./a", tmp_path).revision
    (tmp_path / "a" / "notes.txt").write_text("no part of the model")
    assert resolve_base("./a", tmp_path).revision == before
    with (tmp_path / "a" / "chat_template.jinja").open("a") as handle:
        handle.write(" ")
    assert resolve_base("./a", tmp_path).revision != before


def test_a_whole_model_that_is_not_kept_leaves_the_memory(tiny_base: Base, tmp_path: Path) -> None:
    import torch

    models = SwitchedModel(tiny_base)
    loaded = []
    for seed in range(KEPT_MODELS + 2):
        tree = models.tree(make_full(tmp_path / str(seed), tiny_base, seed))
        with torch.inference_mode():
            tree.begin([[3, 5, 7]])
        loaded.append(weakref.ref(tree.model))
        del tree
    gc.collect()
    assert [model() is not None for model in loaded] == [False] * 2 + [True] * KEPT_MODELS
