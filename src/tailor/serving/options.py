"""What a client sets differently from the release."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tailor.records import Adaptation, Constraint


@dataclass(frozen=True)
class Options:
    """Generation options of one request; None leaves the release's own value. `top_logprobs` asks for the
    log-probability of every token and so many alternatives, `constraint` for an answer of a form, in
    place of the release's own, `tools` is passed on to an endpoint (`tools.py`)."""

    max_new_tokens: int | None = None
    temperature: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    top_logprobs: int | None = None
    constraint: Constraint | None = None
    tools: str = ""

    def applied_to(self, adaptation: Adaptation) -> Adaptation:
        """The adaptation with these generation options."""
        generation = adaptation.generation
        if self.max_new_tokens is not None:
            generation = replace(generation, max_new_tokens=self.max_new_tokens)
        if self.temperature is not None:
            generation = replace(generation, temperature=self.temperature)
        if self.seed is not None:
            generation = replace(generation, seed=self.seed)
        if self.constraint is not None:
            adaptation = replace(adaptation, constraint=self.constraint, format_version=2)
        stops = dict.fromkeys((*generation.stop, *self.stop))
        return replace(adaptation, generation=replace(generation, stop=tuple(stops)))

    def numbered(self, n: int) -> Options:
        """These options for the n-th of several answers to one request: each samples with a seed of its own."""
        return replace(self, seed=((self.seed or 0) + n) % 2**63) if n else self
