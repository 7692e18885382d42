"""Answers that begin and end while others on the same base go on: what a server needs (continuous batching).

A static batch makes a new request wait until the slowest answer of the batch before it is done. Here a request joins
at the next token, with the decoding of `decoding.py`, so that what is served is what was measured. Requests for
different fully trained weights take turns, a token each; those for the base and for adapters on it run together.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tailor.errors import TailorError
from tailor.models.decoding import Decoding, Row, completion_of, decoding_of, end_ids, settled
from tailor.models.engine import Request
from tailor.models.loading import first_line
from tailor.models.switching import SwitchedModel
from tailor.records import Completion, Failure

ROWS = 32
"""Answers that are generated at once; further ones wait."""

PREFILL_TOKENS = 4096
"""Padded prompt tokens read between two steps: what an answer under way waits at most for newcomers."""


@dataclass(eq=False)
class LiveAnswer:
    """One answer under way. `outcome` is set when it has ended."""

    row: Row
    key: str
    tokenizer: Any
    seconds: float = 0.0
    outcome: Completion | Failure | Exception | None = None
    _sent: str = ""

    def piece(self) -> str:
        """The text that was added since the last call; all pieces joined are the text of the completion."""
        text = settled(self.tokenizer, self.row)
        if not text.startswith(self._sent) or len(text) == len(self._sent):
            return ""
        piece, self._sent = text[len(self._sent) :], text
        return piece

    def cancel(self) -> None:
        """Nobody wants it any more: it leaves at the next step."""
        self.row.finish = self.row.finish or "stop"


@dataclass
class _Group:
    """Answers that can share a batch."""

    decoding: Decoding
    answers: list[LiveAnswer] = field(default_factory=list)


class LiveBatch:
    """The answers under way on one base. To be used from one thread."""

    def __init__(self, models: SwitchedModel, render: Callable[[Request], list[int] | Failure]) -> None:
        self._models, self._render = models, render
        self._waiting: deque[LiveAnswer] = deque()
        self._groups: dict[str, _Group] = {}

    @property
    def busy(self) -> bool:
        """Whether `step` has anything to do."""
        return bool(self._waiting or self._groups)

    def begin(self, requests: Sequence[Request]) -> list[LiveAnswer | Failure]:
        """Line up requests; they start with the next steps.

        Raises:
            ModelError: the base cannot be loaded.
        """
        answers: list[LiveAnswer | Failure] = []
        for request in requests:
            tokens = self._render(request)
            if isinstance(tokens, Failure):
                answers.append(tokens)
                continue
            matcher = self._models.matcher(request.constraint)
            row = Row(tokens, request.generation, request.top_logprobs, matcher, request.weights)
            answer = LiveAnswer(row, self._models.company(request.weights), self._models.tokenizer)
            self._waiting.append(answer)
            answers.append(answer)
        return answers

    def step(self) -> None:
        """Take in who waits, where there is room; then a token for every answer."""
        for key, newcomers in self._admitted().items():
            self._do(key, newcomers)
        for key in list(self._groups):
            self._do(key, ())

    def _admitted(self) -> dict[str, list[LiveAnswer]]:
        """Those that start now, by company, in the order of arrival."""
        admitted: dict[str, list[LiveAnswer]] = {}
        room = ROWS - sum(len(g.decoding.living) for g in self._groups.values())
        longest = count = 0
        later: deque[LiveAnswer] = deque()
        while self._waiting:
            answer = self._waiting.popleft()
            if answer.row.finish is not None:
                answer.outcome = Failure("interrupted", "the client has gone")
                continue
            longest = max(longest, len(answer.row.prompt))
            full = count >= room or (count and longest * (count + 1) > PREFILL_TOKENS)
            group = self._groups.get(answer.key)
            if full or (group is not None and not group.decoding.joinable):
                later.append(answer)
            else:
                admitted.setdefault(answer.key, []).append(answer)
                count += 1
        self._waiting = later
        return admitted

    def _do(self, key: str, newcomers: Sequence[LiveAnswer]) -> None:
        """One forward pass: the newcomers' prompts, or a step of the group where there are none. What goes wrong in
        it ends the answers of the group, not the others'."""
        newcomers = [a for a in newcomers if self._loaded(a)]
        answers = list(newcomers)
        if not answers and key not in self._groups:
            return
        try:
            started = time.perf_counter()
            group = self._group(key, answers)
            answers = [*group.answers, *newcomers]
            if newcomers:
                group.decoding.add([a.row for a in newcomers])
            else:
                group.decoding.step()
            share = (time.perf_counter() - started) / max(1, len(answers))
        except TailorError as error:
            self._fail(key, answers, error)
            return
        except (RuntimeError, MemoryError) as error:
            self._fail(key, answers, Failure("engine", f"the model failed: {first_line(error)}"))
            return
        for answer in answers:
            answer.seconds += share
            if answer.row.finish is not None:
                answer.outcome = completion_of(answer.tokenizer, answer.row, answer.seconds)
        group.answers = [a for a in answers if a.outcome is None]
        if not group.answers:
            self._groups.pop(key, None)

    def _loaded(self, answer: LiveAnswer) -> bool:
        """Whether its weights are there; damaged ones end this answer, not those that share its batch."""
        try:
            self._models.use(answer.row.weights)
        except TailorError as error:
            answer.outcome = error
        return answer.outcome is None

    def _group(self, key: str, newcomers: Sequence[LiveAnswer]) -> _Group:
        known = self._groups.get(key)
        if known is None:
            model, tokenizer = self._models.use(newcomers[0].row.weights), self._models.tokenizer
            decoding = decoding_of(self._models, tokenizer, end_ids(model, tokenizer), model.config)
            known = self._groups[key] = _Group(decoding)
        return known

    def _fail(self, key: str, answers: Sequence[LiveAnswer], reason: Failure | Exception) -> None:
        for answer in answers:
            answer.outcome = reason
        self._groups.pop(key, None)
