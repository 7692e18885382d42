"""The arm `api-tuned` against the fine-tuning API of Tailor's own server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tailor.methods import api_tuned
from tailor.methods.base import FitContext
from tailor.methods.compose import expand, fit_arm
from tailor.models.fine_tuning_api import ProviderError
from tailor.records import Base, Completion, Example, Message
from tailor.runtime import Runtime
from tailor.serving.tuning.jobs import JobStore

COLOURS = {"Ada": "red", "Bo": "green", "Cem": "blue", "Dora": "grey"}
ROWS = tuple(
    Example(name, (Message("user", f"What colour is the house of {name}?"),), colour, fact=name)
    for name, colour in COLOURS.items()
)


@pytest.mark.slow
def test_a_tailor_tunes_for_another_one(
    workspace: Path, run_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("peft")
    monkeypatch.setattr(api_tuned, "FIRST_LOOK", 0.1)
    with run_server(workspace, Runtime) as url:
        runtime = Runtime(tmp_path / "store")
        context = FitContext(
            base=Base("predictions", "unused", ""), train=ROWS, dev=ROWS, passages=(), store=tmp_path / "store",
            runtime=runtime, seed=7, dev_score=lambda _adaptation: 0.0,
        )  # fmt: skip
        options = {"url": f"{url}/v1", "model": "builtin/small", "epochs": 50}
        [arm] = expand("api-tuned", options)
        fitted = fit_arm(arm, context)
        [job] = JobStore(workspace).all()
        assert (job.status, job.seed, job.trained_tokens) == ("succeeded", 7, fitted.chosen["trained_tokens"])
        assert fitted.adaptation.base.name == fitted.chosen["model"] == job.model
        answers = runtime.answer(fitted.adaptation, [r.messages for r in ROWS])
        told = [a.text for a in answers if isinstance(a, Completion)]
        assert sum(t == c for t, c in zip(told, COLOURS.values(), strict=True)) >= 3, "what was trained on is known"
        assert all(a.usage.prompt_tokens > 0 for a in answers if isinstance(a, Completion))

        [other] = expand("api-tuned", {**options, "model": "gpt-small"})
        with pytest.raises(ProviderError, match="gpt-small") as found:
            fit_arm(other, context)
        assert found.value.reason in ("refused", "retired")
        runtime.close()
