"""The model card of exported weights: what they are, what they were trained and measured on, what they need."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tailor.records import CELLS, Base
from tailor.registry.release import Lineage

LOAD = {
    "adapter": """from peft import PeftModel
from transformers import {loader}, AutoTokenizer

base = "{base}"
model = PeftModel.from_pretrained({loader}.from_pretrained(base), "this folder")
tokenizer = AutoTokenizer.from_pretrained(base)
""",
    "model": """from transformers import {loader}, AutoTokenizer

model = {loader}.from_pretrained("this folder")
tokenizer = AutoTokenizer.from_pretrained("this folder")
""",
    "ctranslate2": """import ctranslate2
from transformers import AutoTokenizer

generator = ctranslate2.Generator("this folder", compute_type="int8")  # or float32
tokenizer = AutoTokenizer.from_pretrained("this folder")
messages = [{{"role": "user", "content": "..."}}]
prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
tokens = tokenizer.tokenize(prompt, add_special_tokens=False)
[answer] = generator.generate_batch([tokens], max_length=48, sampling_topk=1, include_prompt_in_result=False)
print(tokenizer.decode(answer.sequences_ids[0], skip_special_tokens=True))
""",
    "gguf": """# ollama create NAME -f Modelfile && ollama run NAME
# llama-server -m model.gguf --jinja
""",
}
LIBRARIES = {"adapter": "peft", "ctranslate2": "ctranslate2", "gguf": "llama.cpp"}


def model_card(
    results: Mapping[str, Any],
    arm: str,
    form: str,
    base: Base,
    lineage: Lineage,
    training: Mapping[str, Any] | None,
    seed: int,
    needs: Sequence[str],
    loader: str = "AutoModelForCausalLM",
) -> str:
    """Markdown with the front matter that model hubs read.

    Args:
        results: `results.json` of the study.
        arm: its name there.
        form: `adapter`, `model`, `ctranslate2` or `gguf`.
        base: what was trained.
        lineage: data, plan, configuration and code it came from.
        training: the training record of this seed, None where the weights were trained elsewhere.
        seed: of the training.
        needs: parts of the arm that are not in its weights.
        loader: class of Transformers that loads the base.
    """
    front = {
        "base_model": base.name,
        "library_name": LIBRARIES.get(form, "transformers"),
        "pipeline_tag": "text2text-generation" if "Seq2Seq" in loader else "text-generation",
        "tags": ["tailor"],
    }
    head = "\n".join(["---", *(f"{k}: {json.dumps(v)}" for k, v in front.items()), "---"])
    what = "A LoRA adapter" if form == "adapter" else "A whole model"
    parts = [
        head,
        f"# {arm}\n\n{what} from the Tailor study {results['study']}, seed {seed}. Its base is `{base.name}`, revision "
        f"`{base.revision}`.",
        "## Load it\n\n```python\n" + LOAD[form].format(base=base.name, loader=loader) + "```",
        _needs(needs),
        "## Results\n\n" + _results(results["arms"][arm]),
        "## Training\n\n" + _training(training),
        "## Where it comes from\n\n" + _origin(lineage),
        "## Limits\n\nMeasured on the questions of one team and on nothing else. What was not asked for in the test, "
        "above all safety, is unknown. Questions and documents may hold confidential facts, and trained weights can "
        "give them away: pass them on only to those who may read the data.",
    ]
    return "\n\n".join(p for p in parts if p) + "\n"


def _needs(needs: Sequence[str]) -> str:
    if not needs:
        return ""
    return (
        f"The results below were measured with more than these weights: {', '.join(needs)}. "
        "`adaptation.json` holds them; without them the answers are others."
    )


def _results(record: Mapping[str, Any]) -> str:
    rows = ["| Questions | Right | 95 % interval | Items | Facts |", "|---|---:|---:|---:|---:|"]
    for cell in CELLS:
        found = record["cells"].get(cell)
        if found and found.get("value") is not None:
            interval = f"{_percent(found.get('low'))} to {_percent(found.get('high'))}"
            counts = f"{found.get('n_items')} | {found.get('n_facts')}"
            rows.append(f"| {cell} | {_percent(found['value'])} | {interval} | {counts} |")
    general = record.get("general")
    if general and general.get("difference") is not None:
        rows.append(
            f"\nGeneral ability changed by {100 * general['difference']:+.1f} points "
            f"(95 % interval {100 * general['low']:+.1f} to {100 * general['high']:+.1f}): {general['verdict']}."
        )
    return "\n".join(rows)


def _percent(value: float | None) -> str:
    return "unknown" if value is None else f"{100 * value:.1f} %"


def _training(training: Mapping[str, Any] | None) -> str:
    if training is None:
        return "Trained elsewhere; nothing is known of it here."
    facts = [
        f"{training['trainable_parameters']:,} parameters were trained, {training['tokens']:,} tokens in "
        f"{training['steps']} steps and {training['seconds']:.0f} seconds; the weights are those of step "
        f"{training['best_step']}.",
        *(f"{note[0].upper()}{note[1:]}." for note in training["notes"]),
    ]
    return "\n".join(f"- {fact}" for fact in facts)


def _origin(lineage: Lineage) -> str:
    config = json.dumps(lineage.config, indent=2, ensure_ascii=False, sort_keys=True)
    return (
        f"- data: sha256 `{lineage.dataset_sha256}`\n- plan: sha256 `{lineage.plan_sha256}`\n"
        f"- Tailor {lineage.code_version}\n\n```json\n{config}\n```"
    )
