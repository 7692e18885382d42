"""A release answers over HTTP as the runtime answers without a server: what was measured is what is served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tailor.files import sha256_of_tree
from tailor.records import (
    Adaptation,
    Artifact,
    Base,
    Completion,
    Generation,
    Interval,
    Message,
    Passage,
    Retriever,
    Weights,
)
from tailor.registry import Evidence, Lineage, ReleaseStore

QUESTIONS = ["Where is the red box?", "What is the price of tea?"]
PASSAGES = [
    Passage("p1", "docs/prices.md", "Prices", "The price of tea is two euros."),
    Passage("p2", "docs/places.md", "Places", "The red box is in the kitchen."),
]


def save_adapter(base: Base, folder: Path) -> None:
    """A LoRA adapter that was not trained but changes every answer: its B matrices are random instead of zero."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(base.location, dtype=torch.float32)
    config = LoraConfig(r=4, lora_alpha=64, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
    get_peft_model(model, config).save_pretrained(str(folder), safe_serialization=True)


@pytest.mark.slow
def test_served_is_measured(workspace: Path, run_server: Any) -> None:
    pytest.importorskip("peft")
    from openai import OpenAI

    from tailor.models import resolve_base
    from tailor.retrieval.index import build_index
    from tailor.runtime import Runtime

    base = resolve_base("builtin/small", workspace)
    models = workspace / ".tailor" / "models"
    save_adapter(base, models / "adapter")
    build_index(PASSAGES, models / "index", dense=False)
    weights = Weights("adapter", Artifact("adapter", sha256_of_tree(models / "adapter")))
    retriever = Retriever(Artifact("index", sha256_of_tree(models / "index")), 1)
    adaptation = Adaptation(base, retriever=retriever, weights=weights, generation=Generation(max_new_tokens=12))

    runtime = Runtime(models)
    conversations = [(Message("user", q),) for q in QUESTIONS]
    measured = runtime.answer(adaptation, conversations)
    without = runtime.answer(Adaptation(base, retriever=retriever, generation=Generation(12)), conversations)
    runtime.close()
    assert [getattr(a, "text", "") for a in measured] != [getattr(a, "text", "") for a in without]

    lineage = Lineage("d", "p", {"a": 1}, "0", Evidence(Interval(0.5, 0.4, 0.6), "adopt", True))
    ReleaseStore(workspace).promote(
        adaptation, arm="rag+lora", seed=0, study="s", lineage=lineage, by="ada", why="test"
    )
    with run_server(workspace, Runtime) as url:
        client = OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=120)
        for question, answer, passage in zip(QUESTIONS, measured, reversed(PASSAGES), strict=True):
            assert isinstance(answer, Completion)
            messages: Any = [{"role": "user", "content": question}]
            reply: Any = client.chat.completions.create(model="champion", messages=messages)
            assert reply.choices[0].message.content == answer.text
            assert reply.usage.prompt_tokens == answer.usage.prompt_tokens
            shown = {"n": 1, "reference": passage.reference, "text": passage.text}
            assert reply.tailor == {"release": "rag+lora@3", "passages": [shown]}
            stream = client.chat.completions.create(model="champion", messages=messages, stream=True)
            assert "".join(c.choices[0].delta.content or "" for c in stream) == answer.text
            several: Any = client.chat.completions.create(
                model="champion", messages=messages, n=2, logprobs=True, top_logprobs=1
            )
            assert [c.message.content for c in several.choices] == [answer.text] * 2
            tokens = several.choices[0].logprobs.content
            assert len(tokens) * 2 == several.usage.completion_tokens
            spoken = "".join(t.token for t in tokens if not t.token.startswith("<|"))  # a special token is no text
            assert spoken.strip() == answer.text
            assert all(t.logprob == t.top_logprobs[0].logprob <= 0 for t in tokens), "greedy takes the likeliest"
        pytest.importorskip("llguidance")
        place = {"type": "string", "enum": ["kitchen", "garden"]}
        schema = {
            "type": "object",
            "properties": {"place": place},
            "required": ["place"],
            "additionalProperties": False,
        }
        held: Any = {"type": "json_schema", "json_schema": {"name": "where", "schema": schema}}
        for stream in (False, True):
            made: Any = client.chat.completions.create(
                model="champion", messages=messages, response_format=held, max_tokens=60, stream=stream
            )
            text = (
                "".join(c.choices[0].delta.content or "" for c in made) if stream else made.choices[0].message.content
            )
            assert json.loads(text)["place"] in place["enum"]
