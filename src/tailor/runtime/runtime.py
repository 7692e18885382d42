"""The only way anything answers: (Adaptation, conversations) -> completions."""

from __future__ import annotations

import dataclasses
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from tailor.errors import ArtifactError, DataError, ModelError
from tailor.files import sha256_of_tree
from tailor.models import Engine, LoadedWeights, OnAnswers, OnAsk, Request, open_engine
from tailor.records import (
    Adaptation,
    Artifact,
    Base,
    Completion,
    Demonstration,
    Demonstrations,
    Failure,
    Message,
    Passage,
)
from tailor.runtime.memory import AnswerMemory
from tailor.runtime.prompt import build_messages, question_place

if TYPE_CHECKING:
    from tailor.models.live import LiveAnswer, LiveBatch
    from tailor.retrieval.search import Index

Conversation = tuple[Message, ...]
Begun = tuple["LiveAnswer | Failure", tuple[Passage, ...]]
"""An answer under way, or why there is none, with the passages that the model sees."""


@runtime_checkable
class Stepping(Protocol):
    """An engine whose answers can begin and end while others go on."""

    def live(self) -> LiveBatch: ...


@runtime_checkable
class Remembering(Protocol):
    """An engine that computes what prompts begin with alike only once."""

    def forget_prompts(self) -> None: ...


class Meter(Protocol):
    """Who counts what answers cost. `portion` is how many requests may be sent between two looks; None for all."""

    @property
    def portion(self) -> int | None: ...

    def admit(self, base: Base, requests: Sequence[Request]) -> None:
        """Called before requests are sent; raises where they may not be."""
        ...

    def count(self, base: Base, answers: Sequence[Completion | Failure]) -> None:
        """Called with what came back."""
        ...

    def admit_tuning(self, base: Base, most: float | None) -> None:
        """Called before a provider is asked to tune a base for at most so many dollars, None where nobody can say;
        raises where it may not be."""
        ...

    def paid(self, base: Base, usd: float | None) -> None:
        """Called with what a provider asks for tuning a base; None where it is unknown."""
        ...

    def again(self, requests: int) -> None:
        """Called with how many are asked for again because their answers were lost to a kill."""
        ...


class Runtime:
    """Answers with any number of adaptations; bases, indexes and adapters are loaded once and shared.

    Args:
        root: the folder that artifact paths are relative to (`.tailor/models`, or a release).
        memory: answers given before; None asks every time.
    """

    def __init__(self, root: Path, memory: AnswerMemory | None = None) -> None:
        self.root = root
        self.memory = memory
        self.meter: Meter | None = None
        self._engines: dict[Base, Engine] = {}
        self._indexes: dict[str, Index] = {}
        self._pools: dict[tuple[Demonstration, ...], tuple[Any, list[str]]] = {}
        self._verified: dict[Artifact, Path] = {}
        self._loading = threading.RLock()

    def answer(
        self,
        adaptation: Adaptation,
        conversations: Sequence[Conversation],
        *,
        passages: Sequence[tuple[Passage, ...]] | None = None,
        sample: int = 0,
        fresh: bool = False,
        tools: str = "",
        on_progress: Callable[[int], None] | None = None,
    ) -> list[Completion | Failure]:
        """Answer every conversation, in order; what goes wrong for one is a Failure in its place.

        Args:
            passages: shown with each conversation in place of what a search would find.
            sample: which of several answers to the same question; other samples have other seeds.
            fresh: ask, whatever is remembered, and remember nothing: for measuring time.
            tools: passed on to an endpoint (`models.engine.Request`); such answers are not remembered.
            on_progress: called with the number answered so far, remembered ones not counted.

        Raises:
            ArtifactError: an index or weights of the adaptation are missing or were changed.
            ModelError: the base model cannot be loaded.
        """
        if sample:
            generation = dataclasses.replace(adaptation.generation, seed=adaptation.generation.seed + sample)
            adaptation = dataclasses.replace(adaptation, generation=generation)
        requests, shown = self.prepare(adaptation, conversations, passages, tools=tools)
        if self.memory is None or fresh or tools:
            answers = self._metered(adaptation.base, requests, on_progress)
        else:
            answers = self._answer_once(self.memory, adaptation, requests, sample, on_progress)
        return [
            dataclasses.replace(a, passages=p) if isinstance(a, Completion) else a
            for a, p in zip(answers, shown, strict=True)
        ]

    def _metered(
        self,
        base: Base,
        requests: list[Request],
        on_progress: Callable[[int], None] | None,
        on_answers: OnAnswers | None = None,
        on_ask: OnAsk | None = None,
    ) -> list[Completion | Failure]:
        """All answers, counted by the meter as they come."""
        meter, engine = self.meter, self.engine(base)
        if meter is None:
            return engine.answer(requests, on_progress=on_progress, on_answers=on_answers, on_ask=on_ask)
        answers: list[Completion | Failure] = []
        size = meter.portion or max(1, len(requests))
        for start in range(0, len(requests), size):
            part = requests[start : start + size]
            meter.admit(base, part)
            asking = None if on_ask is None else partial(_ask_from, start, on_ask)
            answers += engine.answer(part, on_answers=_from(start, on_answers), on_ask=asking)
            meter.count(base, answers[start:])
            if on_progress:
                on_progress(len(answers))
        return answers

    def _answer_once(
        self,
        memory: AnswerMemory,
        adaptation: Adaptation,
        requests: Sequence[Request],
        sample: int,
        on_progress: Callable[[int], None] | None,
    ) -> list[Completion | Failure]:
        """Ask what is not remembered, each request once, and write every answer down as it comes."""
        names = memory.names(adaptation, requests, sample)
        known: dict[str, Completion | Failure] = dict(memory.recall(names))
        todo = {
            name: dataclasses.replace(request, key=name.partition("/")[2])
            for name, request in zip(names, requests, strict=True)
            if name not in known
        }
        asked = list(todo)
        lost = memory.lost(asked)
        if lost and self.meter is not None:
            self.meter.again(len(lost))

        intended: set[int] = set()

        def intend(place: int) -> None:
            memory.intend(asked[place])
            intended.add(place)

        def keep(found: Mapping[int, Completion | Failure]) -> None:
            memory.keep({asked[i]: a for i, a in found.items() if isinstance(a, Completion)})
            for place in intended.intersection(i for i, a in found.items() if isinstance(a, Failure)):
                memory.refused(asked[place])

        if todo:
            made = self._metered(adaptation.base, list(todo.values()), on_progress, keep, intend)
            known.update(zip(asked, made, strict=True))
        return [known[name] for name in names]

    def stream(self, adaptation: Adaptation, messages: Conversation, *, tools: str = "") -> Iterator[str | Completion]:
        """Pieces of one answer as they come, then the Completion whose text they make up."""
        requests, shown = self.prepare(adaptation, [messages], tools=tools)
        for piece in self.engine(adaptation.base).stream(requests[0]):
            yield dataclasses.replace(piece, passages=shown[0]) if isinstance(piece, Completion) else piece

    def takes_threads(self, adaptation: Adaptation) -> bool:
        """Whether `answer` and `stream` may be called from many threads at once: where the model is behind an
        endpoint. A local model has `begin` and `step` instead, for one thread."""
        return adaptation.base.kind == "endpoint"

    def begin(
        self, adaptation: Adaptation, conversations: Sequence[Conversation], *, top_logprobs: int | None = None
    ) -> list[Begun]:
        """Start answers on a local base, among those that are under way there; `step` brings them forward.

        Raises:
            ArtifactError: an index or weights of the adaptation are missing or were changed.
            ModelError: the base model cannot be loaded, or is behind an endpoint.
        """
        engine = self.engine(adaptation.base)
        if not isinstance(engine, Stepping):
            raise ModelError(f"{adaptation.base.name} cannot be stepped.", hint="Use answer or stream.")
        requests, shown = self.prepare(adaptation, conversations, top_logprobs=top_logprobs)
        return list(zip(engine.live().begin(requests), shown, strict=True))

    def step(self) -> None:
        """One token for every answer begun."""
        for engine in self._engines.values():
            if isinstance(engine, Stepping) and engine.live().busy:
                engine.live().step()

    def prepare(
        self,
        adaptation: Adaptation,
        conversations: Sequence[Conversation],
        passages: Sequence[tuple[Passage, ...]] | None = None,
        *,
        top_logprobs: int | None = None,
        tools: str = "",
    ) -> tuple[list[Request], list[tuple[Passage, ...]]]:
        """The requests as the model will see them, and the passages shown in each."""
        prompts, shown = self.prompts(adaptation, conversations, passages)
        weights = self._weights(adaptation)
        constraint = adaptation.constraint
        return [Request(m, adaptation.generation, weights, top_logprobs, constraint, tools) for m in prompts], shown

    def prompts(
        self,
        adaptation: Adaptation,
        conversations: Sequence[Conversation],
        passages: Sequence[tuple[Passage, ...]] | None = None,
    ) -> tuple[list[tuple[Message, ...]], list[tuple[Passage, ...]]]:
        """The messages of each request and the passages among them. Loads no weights."""
        for conversation in conversations:
            if not conversation or conversation[-1].role != "user":
                raise DataError("A conversation must end with a question of the user.")
        questions = [c[question_place(c)].content for c in conversations]
        shown = self._passages(adaptation, questions) if passages is None else list(passages)
        demonstrations = self._demonstrations(adaptation.demonstrations, questions)
        prompts = [
            build_messages(c, system=adaptation.system, demonstrations=d, passages=p)
            for c, d, p in zip(conversations, demonstrations, shown, strict=True)
        ]
        return prompts, shown

    def engine(self, base: Base) -> Engine:
        """The engine of a base, opened at first use."""
        with self._loading:
            if base not in self._engines:
                self._engines[base] = open_engine(base)
            return self._engines[base]

    def forget_prompts(self) -> None:
        """The next answers take as long as if nothing had been asked before."""
        for engine in self._engines.values():
            if isinstance(engine, Remembering):
                engine.forget_prompts()

    def close(self) -> None:
        """Free models, indexes and connections."""
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()
        self._indexes.clear()
        self._pools.clear()

    def folder(self, artifact: Artifact) -> Path:
        """Where an artifact lies, after its content was compared with its hash (once).

        Raises:
            ArtifactError: it is missing, was changed, or its path leaves the root.
        """
        if artifact not in self._verified:
            folder = (self.root / artifact.path).resolve()
            if not folder.is_relative_to(self.root.resolve()):
                raise ArtifactError(f"The artifact path {artifact.path} leads out of {self.root}.")
            if not folder.is_dir():
                raise ArtifactError(f"{folder} is missing.", hint="Run tailor compare again to make it anew.")
            if sha256_of_tree(folder) != artifact.sha256:
                raise ArtifactError(
                    f"{folder} was changed after it was made.", hint="Delete it and run tailor compare again."
                )
            self._verified[artifact] = folder
        return self._verified[artifact]

    def _weights(self, adaptation: Adaptation) -> LoadedWeights | None:
        if adaptation.weights is None:
            return None
        artifact = adaptation.weights.artifact
        return LoadedWeights(adaptation.weights.kind, self.folder(artifact), artifact.sha256)

    def _passages(self, adaptation: Adaptation, questions: Sequence[str]) -> list[tuple[Passage, ...]]:
        if adaptation.retriever is None:
            return [()] * len(questions)
        found = self.index(adaptation.retriever.index).search_many(questions, adaptation.retriever.k)
        return [tuple(p) for p in found]

    def index(self, artifact: Artifact) -> Index:
        """A search index, loaded at first use."""
        from tailor.retrieval.search import Index

        with self._loading:
            if artifact.sha256 not in self._indexes:
                self._indexes[artifact.sha256] = Index.load(self.folder(artifact))
            return self._indexes[artifact.sha256]

    def _demonstrations(
        self, demonstrations: Demonstrations | None, questions: Sequence[str]
    ) -> list[tuple[Demonstration, ...]]:
        if demonstrations is None:
            return [()] * len(questions)
        if demonstrations.kind == "fixed":
            return [demonstrations.pool[: demonstrations.k]] * len(questions)
        return self._nearest(demonstrations, questions)

    def _nearest(self, demonstrations: Demonstrations, questions: Sequence[str]) -> list[tuple[Demonstration, ...]]:
        """The k most similar of the pool by cosine, by default the most similar next to the question (KATE, Liu et al.
        2022)."""
        import numpy as np

        from tailor.retrieval.embedding import embed

        pool = demonstrations.pool
        with self._loading:
            if pool not in self._pools:
                asked = [d.question for d in pool]
                self._pools[pool] = embed(asked), [_plain(q) for q in asked]
            vectors, plain = self._pools[pool]
        shown = []
        for question, vector in zip(questions, embed(list(questions)), strict=True):
            # One at a time and rounded: a matrix product may differ in its last bits with the number of questions.
            similarity = np.round(vectors @ vector, 5)
            # A demonstration that asks the very same thing would hand over the answer.
            same = _plain(question)
            order = [j for j in np.argsort(-similarity, kind="stable") if plain[j] != same]
            found = order[: demonstrations.k]
            shown.append(tuple(pool[j] for j in (found if demonstrations.kind == "nearest-first" else reversed(found))))
        return shown


def _ask_from(start: int, on_ask: OnAsk, place: int) -> None:
    on_ask(start + place)


def _from(start: int, on_answers: OnAnswers | None) -> OnAnswers | None:
    """Told of answers to a portion, tells of their places in the whole."""
    if on_answers is None:
        return None
    return lambda found: on_answers({start + i: a for i, a in found.items()})


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()
