"""An arm as a model of lm-evaluation-harness (EleutherAI): any of its tasks measures what the arm really answers.

Everything goes through the runtime, with the arm's own instruction, examples, passages and weights. Needs the extra
`harness`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tailor.errors import ConfigError, MissingDependency, ModelError
from tailor.records import Adaptation, Completion, Message
from tailor.runtime import Runtime

LONGEST = 256  # tokens of an answer, where a task does not say


class Likely(Protocol):
    """An engine that can say how likely a continuation is: a local model."""

    def likelihoods(self, requests: Sequence[Any], continuations: Sequence[str]) -> list[tuple[float, bool]]: ...


@dataclass(frozen=True)
class TaskScores:
    """One task. `values` holds the metric, in [0, 1], of every document by its number; `mean` is their mean."""

    task: str
    metric: str
    values: Mapping[str, float]

    @property
    def mean(self) -> float:
        return sum(self.values.values()) / len(self.values)


def harness_model(runtime: Runtime, adaptation: Adaptation) -> Any:
    """An `lm_eval.api.model.LM` that answers as an arm does, for `lm_eval.simple_evaluate(model=...,
    apply_chat_template=True)`.

    Perplexity tasks are refused. An answer that fails stops the run: a failure is no score.

    Raises:
        MissingDependency: lm_eval is not installed.
    """
    try:
        from lm_eval.api.model import LM
    except ImportError:
        raise MissingDependency("lm-evaluation-harness tasks", "harness") from None

    class TailorModel(LM):  # type: ignore[misc]  # lm_eval has no types
        tokenizer_name = f"{adaptation.base.name}@{adaptation.base.revision}"

        def chat_template(self, chat_template: bool | str = False) -> str:  # noqa: ARG002 - the contract
            return "tailor"

        def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
            """The messages themselves: the runtime renders them."""
            return json.dumps({"messages": chat_history, "open": add_generation_prompt})

        def generate_until(self, requests: Sequence[Any]) -> list[str]:
            groups: dict[str, list[int]] = {}
            for i, request in enumerate(requests):
                groups.setdefault(json.dumps(request.args[1], sort_keys=True, default=str), []).append(i)
            texts: dict[int, str] = {}
            for places in groups.values():
                used = _with(adaptation, requests[places[0]].args[1])
                asked = [_messages(requests[i].args[0]) for i in places]
                for i, answer in zip(places, runtime.answer(used, asked), strict=True):
                    if not isinstance(answer, Completion):
                        raise ModelError(f"A question of the task got no answer: {answer.cause}", hint=answer.hint)
                    texts[i] = answer.text
            return [texts[i] for i in range(len(requests))]

        def loglikelihood(self, requests: Sequence[Any]) -> list[tuple[float, bool]]:
            engine: Any = runtime.engine(adaptation.base)
            if not hasattr(engine, "likelihoods"):
                raise ModelError(
                    f"{adaptation.base.name} gives no likelihoods, which multiple-choice tasks need.",
                    hint="Choose tasks that generate an answer, or a local base.",
                )
            likely: Likely = engine
            prepared, _ = runtime.prepare(adaptation, [_messages(r.args[0]) for r in requests])
            return likely.likelihoods(prepared, [r.args[1] for r in requests])

        def loglikelihood_rolling(self, requests: Sequence[Any]) -> list[float]:  # noqa: ARG002 - the contract
            raise ModelError("Perplexity tasks are not supported.", hint="Choose tasks with questions and answers.")

    return TailorModel()


def run_tasks(
    runtime: Runtime,
    adaptation: Adaptation,
    tasks: Sequence[str],
    *,
    include: Path | None = None,
    limit: int | None = None,
) -> list[TaskScores]:
    """The scores of an arm on tasks by name.

    Args:
        include: a folder with further task files (YAML).
        limit: documents of each task at most.

    Raises:
        MissingDependency: lm_eval is not installed.
        ConfigError: no such task, or one whose metric is not a share that is better when higher.
        ModelError: a question cannot be answered.
    """
    model = harness_model(runtime, adaptation)
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    manager = TaskManager(include_path=str(include) if include else None)
    unknown = [t for t in tasks if t not in manager.all_tasks]
    if unknown:
        raise ConfigError(
            f"lm-evaluation-harness has no task '{unknown[0]}'.",
            hint="A file of your own: name its folder with --include, and the task by the file's 'task'.",
        )
    # It prints progress and warnings of its own; what goes wrong comes as an exception.
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        found = simple_evaluate(
            model=model,
            tasks=list(tasks),
            task_manager=manager,
            limit=limit,
            apply_chat_template=True,
            bootstrap_iters=0,
            log_samples=True,
        )
    return [_scores(task, found["configs"][task], rows) for task, rows in found["samples"].items()]


def _messages(context: str) -> tuple[Message, ...]:
    try:
        history = json.loads(context)["messages"]
    except (ValueError, KeyError, TypeError):  # a task that insists on plain text
        return (Message("user", context),)
    return tuple(Message(m["role"], m["content"]) for m in history)


def _with(adaptation: Adaptation, settings: Mapping[str, Any]) -> Adaptation:
    """The arm with the generation settings of a task."""
    until = settings.get("until") or []
    stop = (until,) if isinstance(until, str) else tuple(until)
    longest = next(
        (int(settings[k]) for k in ("max_gen_toks", "max_new_tokens", "max_tokens") if k in settings), LONGEST
    )
    temperature = float(settings.get("temperature") or 0.0) if settings.get("do_sample") else 0.0
    generation = dataclasses.replace(
        adaptation.generation, max_new_tokens=longest, temperature=temperature, stop=tuple(s for s in stop if s)
    )
    return dataclasses.replace(adaptation, generation=generation)


def _scores(task: str, config: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> TaskScores:
    wanted = (config.get("metric_list") or [{}])[0]
    metric, first = str(wanted.get("metric")), rows[0].get("filter") if rows else None
    values = {str(r["doc_id"]): r.get(metric) for r in rows if r.get("filter") == first}
    shares = {k: float(v) for k, v in values.items() if isinstance(v, (int, float)) and 0 <= v <= 1}
    if not shares or len(shares) < len(values) or wanted.get("higher_is_better") is False:
        raise ConfigError(
            f"The task {task} is measured by {metric}, which is not a share of every document.",
            hint="Choose tasks with accuracy, exact match or F1.",
        )
    return TaskScores(task, metric, shares)
