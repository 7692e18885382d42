"""A model that makes or checks data: what it will cost, its budget, and whether what it is sent leaves the machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tailor.cost.tokens import tokens_usd
from tailor.errors import ConfigError, ModelError, TailorError
from tailor.files import sha256_of
from tailor.models import on_premises, resolve_base
from tailor.records import Adaptation, Base, Completion, Failure, Generation, Message, Passage, Usage
from tailor.runtime import AnswerMemory, Runtime
from tailor.study.config import Workspace
from tailor.study.ledger import Meter, check_priced, spending

CHARACTERS_PER_TOKEN = 4.0
FRAME_TOKENS = 24  # of a chat template around a request


@dataclass(frozen=True)
class Quote:
    """What is about to be sent. `usd` is None where the price is unknown, 0 on a machine of your own that has none;
    `host` is where it goes, empty where it stays inside."""

    requests: int
    prompt_tokens: float
    completion_tokens: float
    usd: float | None
    model: str
    host: str

    def __add__(self, other: Quote) -> Quote:
        """Both, of one model."""
        usd = None if self.usd is None or other.usd is None else self.usd + other.usd
        return Quote(
            self.requests + other.requests,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            usd,
            self.model,
            self.host,
        )


class Writer:
    """Asks one model. What it answered is remembered, so that a run that was stopped pays for nothing twice.

    Args:
        workspace: whose prices, privacy and memory hold.
        base: the model.
        name: of the work, which has a ledger of its own in `.tailor/writing/`.
        budget: dollars that the work may cost in all, earlier runs included; None for no limit.

    Raises:
        ConfigError: the workspace says that questions stay inside, and the model is outside.
    """

    def __init__(self, workspace: Workspace, base: Base, name: str, budget: float | None) -> None:
        self.base = base
        self._folder = workspace.state / "writing" / name
        if not on_premises(base) and workspace.config.gates.private:
            raise ConfigError(
                f"gates.private says that data stay on your own machines, and {base.name} is not known to.",
                hint="Choose a writer inside, or work without one.",
            )
        self._runtime = Runtime(workspace.store, AnswerMemory(workspace.state / "memory"))
        self._meter = Meter(self._folder, "writer", workspace, _study_base(workspace), budget)
        self._meter.phase = "answer"
        self._runtime.meter = self._meter
        self.prices = self._meter.prices(base)
        check_priced(self.prices, budget, base)

    def quote(self, requests: int, prompt_tokens: float, completion_tokens: float) -> Quote:
        """What so many requests would take.

        Args:
            prompt_tokens, completion_tokens: of one request, on average.
        """
        usage = Usage(round(prompt_tokens + FRAME_TOKENS), round(completion_tokens))
        each = self.usd(usage)
        host = "" if on_premises(self.base) else urlsplit(self.base.location).hostname or self.base.name
        return Quote(
            requests,
            requests * usage.prompt_tokens,
            requests * usage.completion_tokens,
            None if each is None else each * requests,
            self.base.name,
            host,
        )

    def ask(
        self,
        prompts: Sequence[tuple[Message, ...]],
        max_new_tokens: int,
        *,
        system: str | None = None,
        passages: Sequence[tuple[Passage, ...]] | None = None,
        sample: int = 0,
        temperature: float = 0.0,
    ) -> list[Completion | Failure]:
        """The replies, in order.

        Args:
            system: an instruction before conversations that hold none.
            passages: shown with each conversation, as retrieval shows them.
            sample: another number, another reply to the same prompt where the temperature is above 0.

        Raises:
            BudgetReached: the next requests could cost more than is left.
        """
        generation = Generation(max_new_tokens=max_new_tokens, temperature=temperature)
        adaptation = Adaptation(self.base, system=system, generation=generation)
        return self._runtime.answer(adaptation, prompts, passages=passages, sample=sample)

    def usd(self, usage: Usage) -> float | None:
        """Dollars of one reply; 0 where no tokens are paid for, None where the price is unknown."""
        return 0.0 if self.prices.billing == "machine" else tokens_usd(usage, self.prices.tokens)

    @property
    def spent_usd(self) -> float | None:
        """Dollars that the work has cost so far, in all runs; None where a part is unknown."""
        found: float | None = spending(self._folder)["usd"]
        return found

    def close(self) -> None:
        """Free the model or the connections."""
        self._runtime.close()


def open_writer(workspace: Workspace, output: Path, budget: float | None) -> Writer:
    """The writer that `tailor.yaml` names, for the work on one output file.

    Raises:
        ConfigError: it names none, or one that may not be asked.
    """
    settings = workspace.config.writer
    if settings is None:
        raise ConfigError(
            "tailor.yaml names no writer.",
            hint="Add writer: {base: {endpoint: URL, model: NAME, key_env: VARIABLE}}, or leave --by writer out.",
        )
    return Writer(workspace, resolve_base(settings.base, workspace.folder), work_name(output), budget)


def work_name(output: Path) -> str:
    """`more-1a2b3c` for an output file."""
    return f"{output.stem}-{sha256_of(str(output.absolute()))[:6]}"


def tokens_in(texts: Sequence[str]) -> float:
    """Mean tokens of texts, a token taken as four characters."""
    return sum(map(len, texts)) / len(texts) / CHARACTERS_PER_TOKEN if texts else 0.0


def check_any(replies: Sequence[Completion | Failure]) -> None:
    """Raise ModelError where not one request had a reply."""
    failures = [r for r in replies if isinstance(r, Failure)]
    if failures and len(failures) == len(replies):
        raise ModelError(f"None of {len(replies)} requests had a reply: {failures[0].cause}.", hint=failures[0].hint)


def _study_base(workspace: Workspace) -> Base:
    """The study's own base, whose price `usage.tokens` is and no other model's; none where it cannot be found."""
    try:
        return resolve_base(workspace.config.base, workspace.folder)
    except TailorError:
        return Base("predictions", "", "")
