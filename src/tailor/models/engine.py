"""What answers a request: the contract of every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from tailor.errors import ModelError
from tailor.records import Base, Completion, Constraint, Failure, Generation, Message


@dataclass(frozen=True)
class LoadedWeights:
    """Trained weights in a folder; `sha256` tells two apart that share a folder name."""

    kind: Literal["adapter", "full"]
    folder: Path
    sha256: str


@dataclass(frozen=True)
class Request:
    """One conversation to answer, exactly as the model will see it. `top_logprobs` asks for every token's
    log-probability and those of so many alternatives (0 to 20); None for none. `tools` is a JSON object that an
    endpoint's body gets besides (`tools`, `tool_choice`, `parallel_tool_calls`). `key` names this very answer: where it
    is asked for again, a provider may bill once. Empty where a new answer is wanted."""

    messages: tuple[Message, ...]
    generation: Generation
    weights: LoadedWeights | None = None
    top_logprobs: int | None = None
    constraint: Constraint | None = None
    tools: str = ""
    key: str = ""


OnAsk = Callable[[int], None]
OnAnswers = Callable[[Mapping[int, Completion | Failure]], None]


class Engine(Protocol):
    """One loaded base model, or a connection to one."""

    def answer(
        self,
        requests: Sequence[Request],
        *,
        on_progress: Callable[[int], None] | None = None,
        on_answers: OnAnswers | None = None,
        on_ask: OnAsk | None = None,
    ) -> list[Completion | Failure]:
        """Answer all requests, in their order.

        Args:
            on_progress: called with the number answered so far.
            on_answers: called with each answer by the place of its request, as soon as it is there, every one once, and
                from several threads where several requests are under way.
            on_ask: called with the place of a request before it is sent, where somebody may be paid for it; likewise.
        """
        ...

    def stream(self, request: Request) -> Iterator[str | Completion]:
        """Pieces of the answer's text as they come, then the whole Completion.

        Raises:
            ModelError: the request cannot be answered.
        """
        ...

    def close(self) -> None:
        """Free memory and connections."""
        ...


def open_engine(base: Base) -> Engine:
    """The engine for a base model; the first request pays for loading.

    Raises:
        ModelError: there is no model, only a file of answers.
    """
    if base.kind == "predictions":
        raise ModelError(f"The answers come from the file {base.name}: there is no model to ask.")
    if base.kind == "endpoint":
        if base.api == "anthropic":
            from tailor.models.anthropic_endpoint import AnthropicEndpoint

            return AnthropicEndpoint(base)
        from tailor.models.openai_endpoint import OpenAIEndpoint

        return OpenAIEndpoint(base)
    if base.kind == "command":
        from tailor.models.command import Command

        return Command(base)
    from tailor.models.transformers_engine import TransformersEngine

    return TransformersEngine(base)
