"""The answers that a study recorded for an arm, beside those that the same arm gives in another form now."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tailor.errors import StudyError
from tailor.evaluation.parity import Parity, Reply, parity
from tailor.models import resolve_base
from tailor.records import Adaptation, Base, Completion, Example, Failure, Message
from tailor.runtime import Runtime
from tailor.study.items import StudyItems

MARGIN = 0.05
"""Largest share of other answers that is let pass. On one machine greedy answers are equal to the last character; on
another, near-ties fall differently for about one answer in fifty (rounding)."""
NOT_ASKED = ("trained-framing", "general")  # copies of training rows; and what is asked of the model alone
Ask = Callable[[Sequence[Example]], list[Completion | Failure]]


@dataclass(frozen=True)
class ParityReport:
    """What was compared: `items`, the recorded answers and the ones found, in the same order."""

    form: str
    result: Parity
    items: tuple[Example, ...]
    expected: tuple[str, ...]
    found: tuple[str, ...]


class Recorded:
    """An arm's recorded answers to a sample of the test items: the measured form that others are held against.

    Args:
        count: at most this many items, drawn by a hash of their ids, so that a repetition asks the same.

    Raises:
        StudyError: no such study, arm or seed, or no answers.
    """

    def __init__(self, workspace: Path, study: str | None, arm: str, seed: int | None, count: int) -> None:
        self.items = StudyItems(workspace, study)
        self.arm, self.seed = arm, seed if seed is not None else self.items.seeds(arm)[0]
        self.store = workspace / ".tailor" / "models"
        order = sorted(self.items.items.values(), key=lambda e: hashlib.sha256(e.id.encode()).hexdigest())
        answers = [(e, self.items.answer(e, arm, self.seed).answer) for e in order if e.cell not in NOT_ASKED]
        self.sample = [(e, a) for e, a in answers if isinstance(a, Completion)][:count]
        if not self.sample:
            raise StudyError(f"{arm} has no answers in this study.", hint="Run tailor compare to finish it.")

    def adaptation(self) -> Adaptation:
        found = self.items.adaptation(self.arm, self.seed)
        if found is None:
            raise StudyError(f"{self.arm} has no fit in this study.", hint="Run tailor compare to finish it.")
        return found

    def hold_against(self, form: str, ask: Ask, reference: Ask | None = None) -> ParityReport:
        """Ask the sample in another form and compare.

        Args:
            reference: the measured form, asked again for the log-probabilities of its answers, which no study keeps.
        """
        examples = [e for e, _ in self.sample]
        found = [_reply(a) for a in ask(examples)]
        likely = [_reply(a).logprobs for a in reference(examples)] if reference else [()] * len(examples)
        expected = [
            dataclasses.replace(_reply(a), without_system=n, logprobs=p)
            for (_, a), n, p in zip(self.sample, self._without_system(examples), likely, strict=True)
        ]
        return ParityReport(
            form,
            parity(expected, found),
            tuple(examples),
            tuple(r.text for r in expected),
            tuple(r.text for r in found),
        )

    def _without_system(self, examples: Sequence[Example]) -> list[int]:
        """Prompt tokens of each item had the system turn been lost; 0 where there is none or nobody can count."""
        from tailor.models.tokens import prompt_tokens

        adaptation = self.adaptation()
        if adaptation.base.kind == "endpoint" or not adaptation.system:
            return [0] * len(examples)
        shown = [a.passages for _, a in self.sample]
        prompts, _ = Runtime(self.store).prompts(adaptation, [e.messages for e in examples], shown)
        return prompt_tokens(adaptation.base, [[m for m in p if m.role != "system"] for p in prompts])


def _reply(answer: Completion | Failure) -> Reply:
    if isinstance(answer, Failure):
        return Reply(f"({answer.kind}: {answer.cause})", too_long=answer.kind == "too-long")
    logprobs = tuple((t.text, t.logprob) for t in answer.logprobs)
    return Reply(answer.text, answer.usage.prompt_tokens, cut=answer.finish == "length", logprobs=logprobs)


def _asked(recorded: Recorded, adaptation: Adaptation, examples: Sequence[Example]) -> list[Completion | Failure]:
    """Answers with log-probabilities, or without where an engine has none."""
    runtime = Runtime(recorded.store)
    conversations: list[tuple[Message, ...]] = [e.messages for e in examples]
    try:
        requests, _ = runtime.prepare(adaptation, conversations, top_logprobs=0)
        answers = runtime.engine(adaptation.base).answer(requests)
        if adaptation.base.kind == "endpoint" and all(isinstance(a, Failure) for a in answers):
            # Some servers refuse what they do not know.
            return runtime.answer(adaptation, conversations)
        return answers
    finally:
        runtime.close()


def again(recorded: Recorded) -> Ask:
    """The arm itself, loaded anew."""
    return lambda examples: _asked(recorded, recorded.adaptation(), examples)


def in_folder(recorded: Recorded, folder: Path) -> Ask:
    """The arm's prompts answered by the model of a folder: a merged, quantised or exported one."""

    def ask(examples: Sequence[Example]) -> list[Completion | Failure]:
        base = resolve_base(str(folder.resolve()), Path())
        return _asked(recorded, dataclasses.replace(recorded.adaptation(), base=base, weights=None), examples)

    return ask


def behind(recorded: Recorded, endpoint: str, model: str, key_env: str = "") -> Ask:
    """A server that is meant to bring system prompt and retrieval itself: it gets the bare conversation."""

    def ask(examples: Sequence[Example]) -> list[Completion | Failure]:
        base = Base("endpoint", model, endpoint.rstrip("/"), model, key_env)
        return _asked(recorded, Adaptation(base, generation=recorded.adaptation().generation), examples)

    return ask
