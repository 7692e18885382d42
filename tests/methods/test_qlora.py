"""qlora and the row that is always beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from tailor.errors import ConfigError, ModelError
from tailor.methods.base import FitContext
from tailor.methods.compose import expand, fit_arm
from tailor.records import Adaptation, Base, Completion, Generation
from tailor.runtime import adaptation_from_json, adaptation_sha256, adaptation_to_json, join
from tailor.study.config import load_workspace

Make = Callable[..., FitContext]
YAML = "name: t\ndata: {{questions: q.jsonl}}\narms: {arms}\n"


@pytest.mark.parametrize(
    ("arms", "names"),
    [
        ("[zero-shot, qlora]", ["zero-shot", "qlora", "quantised"]),
        ("[zero-shot, rag+qlora, quantised]", ["zero-shot", "rag+qlora", "quantised"]),
        ("[zero-shot, {qlora: {rank: [4, 8]}}]", ["zero-shot", "qlora[rank=4]", "qlora[rank=8]", "quantised"]),
        ("[zero-shot, lora]", ["zero-shot", "lora"]),
    ],
)
def test_the_untrained_base_in_4_bits_is_always_beside_it(arms: str, names: list[str], tmp_path: Path) -> None:
    (tmp_path / "tailor.yaml").write_text(YAML.format(arms=arms))
    assert [a.name for a in load_workspace(tmp_path).arms] == names


@pytest.mark.slow
def test_it_answers_with_the_base_it_was_trained_beside(context: Make) -> None:
    pytest.importorskip("bitsandbytes", reason="the extra quantise is not installed")
    fit = context()
    arms = [expand(n, o)[0] for n, o in (("zero-shot", {}), ("quantised", {}), ("lora", {"rank": 4, "epochs": 2}),
                                         ("qlora", {"rank": 4, "epochs": 2}))]  # fmt: skip
    made = [dataclasses.replace(fit_arm(a, fit).adaptation, generation=Generation(max_new_tokens=8)) for a in arms]
    assert [a.base.quantised for a in made] == ["", "nf4", "", "nf4"]
    said = []
    for adaptation in made:
        answers = fit.runtime.answer(adaptation, [e.messages for e in fit.dev])
        said.append(tuple(a.text for a in answers if isinstance(a, Completion)))
        alone = [fit.runtime.answer(adaptation, [e.messages])[0] for e in fit.dev[:3]]
        assert [a.text for a in alone if isinstance(a, Completion)] == list(said[-1][:3]), "whoever shares the batch"
    assert len(set(said)) == 4
    assert fit.runtime.answer(made[0], [fit.dev[0].messages])[0].text == said[0][0], "the base itself is unchanged"


def test_hybrids_are_answered_with_the_base_in_4_bits(context: Make) -> None:
    base = context().base
    four = dataclasses.replace(base, quantised="nf4")
    joined = join([Adaptation(base, system="S"), Adaptation(four)], ["zero-shot", "quantised"])
    assert (joined.base, joined.system) == (four, "S")
    with pytest.raises(ConfigError, match="different base models"):
        join([Adaptation(four), Adaptation(dataclasses.replace(base, name="other"))], ["a", "b"])


def test_only_a_base_in_4_bits_needs_the_new_format(context: Make) -> None:
    plain = Adaptation(context().base)
    four = Adaptation(dataclasses.replace(plain.base, quantised="nf4"))
    assert "quantised" not in adaptation_to_json(plain)["base"]
    assert adaptation_to_json(plain)["format_version"] == 1
    assert adaptation_to_json(four)["format_version"] == 2
    assert adaptation_from_json(adaptation_to_json(four)).base == four.base
    assert adaptation_sha256(plain) != adaptation_sha256(four)


@pytest.mark.parametrize("arm", ["quantised", "adapter: {path: a}", "qlora", "distill"])
def test_arms_that_need_weights_are_refused_before_anything_is_spent(arm: str, tmp_path: Path) -> None:
    from tailor.study.inputs import read_inputs
    from tiny_workspace import edit, save_workspace

    folder = save_workspace(tmp_path / "work", "{endpoint: 'http://127.0.0.1:9/v1', model: m}")
    text = (folder / "tailor.yaml").read_text()
    listed = text[text.index("arms:") : text.index("seeds:")]
    edit(folder / "tailor.yaml", listed, f"arms:\n  - zero-shot\n  - {arm}\n")
    with pytest.raises(ConfigError, match="a base whose weights can be trained here"):
        read_inputs(load_workspace(folder))


def test_a_base_behind_an_endpoint_has_no_bits(context: Make) -> None:
    away = context(base=Base("endpoint", "m", "http://127.0.0.1:9/v1", "m"))
    for name in ("quantised", "qlora"):
        with pytest.raises(ModelError, match="behind an endpoint"):
            fit_arm(expand(name, {})[0], away)
