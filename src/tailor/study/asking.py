"""Questions made from a team's documents, each led back to its passage before it becomes a candidate for review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tailor.data.asking.gates import agrees, read_back, refusal
from tailor.data.asking.prompts import read_questions, write_prompt
from tailor.data.asking.rules import Candidate, candidates
from tailor.data.asking.sentences import sentences
from tailor.data.augment.gates import Gates
from tailor.data.similar import normalise
from tailor.data.stream import TO_REVIEW
from tailor.evaluation.abstain import is_abstention
from tailor.files import sha256_of
from tailor.methods.rag import SYSTEM
from tailor.records import Completion, Document, Example, Failure, Message, Passage
from tailor.retrieval.chunk import chunk
from tailor.retrieval.cite import strip_citations
from tailor.retrieval.lexical import BM25
from tailor.study.writer import CHARACTERS_PER_TOKEN, Quote, Writer, check_any, tokens_in

COMMAND = "tailor data ask"
PER_PASSAGE = 4  # questions that a writer is asked for
WRITTEN_TOKENS, ANSWER_TOKENS = 600, 64  # at most in a reply
QUESTION_TOKENS = 45  # of one entry of a reply, on average
FOUND_AMONG = 3  # the passage of a question is among the first three that a search finds


@dataclass(frozen=True)
class Asked:
    """One question that was let through. `said` is what the reader answered from the passage, None where the check was
    by words; `usd` its share of the request that wrote it and of the one that read it back."""

    example: Example
    passage: Passage
    candidate: Candidate
    reader: str
    said: str | None
    usd: float | None


@dataclass
class Asking:
    """What came of it: `wordings` = len(made) + the sum of `refused`. `failed` counts requests without a usable reply,
    `silent` passages that gave no question."""

    made: list[Asked] = field(default_factory=list)
    documents: int = 0
    passages: int = 0
    silent: int = 0
    wordings: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    writer: str = "rules"
    reader: str = "words"
    spent_usd: float | None = 0.0

    @property
    def facts(self) -> int:
        return len({a.example.fact for a in self.made})


@dataclass(frozen=True)
class _Wording:
    question: str
    candidate: Candidate
    place: int  # of the passage
    usd: float | None


class Asker:
    """Makes questions of documents.

    Args:
        documents: to ask about.
        examples: split rows that are there already; nothing made is one of them, or near one of test or dev.
        writer: writes the questions; None for rules.
        reader: answers them from their passages, and what it answers otherwise is refused; None for a check by words.
    """

    def __init__(
        self, documents: Sequence[Document], examples: Sequence[Example], writer: Writer | None, reader: Writer | None
    ) -> None:
        self.documents, self.writer, self.reader = documents, writer, reader
        self.passages = chunk(documents)
        self.titles = {d.path: d.title for d in documents}
        self.gates = Gates(examples)

    def quote(self) -> Quote | None:
        """What the models would be asked; None where none is. The number of questions is a guess: all a writer may
        write, and what the rules really make."""
        size = tokens_in([p.text for p in self.passages])
        found: Quote | None = None
        count = 2 * PER_PASSAGE * len(self.passages)
        if self.writer:
            prompts = [write_prompt(p, self.titles[p.document], PER_PASSAGE) for p in self.passages]
            mean = tokens_in([m.content for prompt in prompts for m in prompt]) * 2
            found = self.writer.quote(len(self.passages), mean, PER_PASSAGE * QUESTION_TOKENS)
        else:
            count = len(list(self._by_rules()))
        if self.reader:
            one = self.reader.quote(count, size + len(SYSTEM) / CHARACTERS_PER_TOKEN + 15, ANSWER_TOKENS / 4)
            found = found + one if found else one
        return found

    def run(self) -> Asking:
        """Make the questions and check them.

        Raises:
            BudgetReached: the models cost more than they may; the same command with a larger budget goes on.
            ModelError: no request had a reply.
        """
        done = Asking(documents=len(self.documents), passages=len(self.passages))
        done.writer = self.writer.base.name if self.writer else "rules"
        done.reader = self.reader.base.name if self.reader else "words"
        wordings = list(self._by_writer(done) if self.writer else self._by_rules())
        done.silent = len(self.passages) - len({w.place for w in wordings})
        done.wordings = len(wordings)
        kept = self._led_back(self._through_gates(wordings, done), done)
        done.made = self._read(kept, done)
        paid = [w.spent_usd for w in (self.writer or self.reader,) if w]
        done.spent_usd = paid[0] if paid else 0.0
        return done

    def _by_rules(self) -> Iterable[_Wording]:
        for place, passage in enumerate(self.passages):
            for sentence in sentences(passage.text):
                for candidate in candidates(sentence):
                    yield from (_Wording(q, candidate, place, 0.0) for q in candidate.questions)

    def _by_writer(self, done: Asking) -> Iterable[_Wording]:
        assert self.writer is not None
        prompts = [write_prompt(p, self.titles[p.document], PER_PASSAGE) for p in self.passages]
        replies = self.writer.ask(prompts, WRITTEN_TOKENS)
        check_any(replies)
        for place, reply in enumerate(replies):
            read = (
                read_questions(reply.text, self.passages[place], PER_PASSAGE)
                if isinstance(reply, Completion)
                else reply
            )
            if isinstance(read, Failure):
                done.failed["no reply" if isinstance(reply, Failure) else "no list of questions"] += 1
                continue
            usd = self.writer.usd(reply.usage) if isinstance(reply, Completion) else None
            n = sum(len(c.questions) for c in read)
            for candidate in read:
                yield from (_Wording(q, candidate, place, _share(usd, n)) for q in candidate.questions)

    def _through_gates(self, wordings: Sequence[_Wording], done: Asking) -> list[_Wording]:
        kept: dict[str, _Wording] = {}
        for w in wordings:
            reason = refusal(w.question, w.candidate, self.passages[w.place], self.gates)
            before = kept.get(normalise(w.question))
            if reason is None and before is not None:
                same = normalise(before.candidate.answer) == normalise(w.candidate.answer)
                reason = "made twice" if same else "one question, two answers"
            if reason:
                done.refused[reason] += 1
            else:
                kept[normalise(w.question)] = w
        return list(kept.values())

    def _led_back(self, wordings: Sequence[_Wording], done: Asking) -> list[_Wording]:
        """Those from which a search finds their passage."""
        index = BM25([f"{self.titles[p.document]} {p.heading} {p.text}" for p in self.passages])
        kept = []
        for w in wordings:
            scores = index.scores(w.question)
            if (scores > scores[w.place]).sum() < min(FOUND_AMONG, len(self.passages)) and scores[w.place] > 0:
                kept.append(w)
            else:
                done.refused["a search from it does not find its passage"] += 1
        return kept

    def _read(self, wordings: Sequence[_Wording], done: Asking) -> list[Asked]:
        """Those whose answer a reader takes from the passage."""
        made = []
        if self.reader is None:
            for w in wordings:
                if read_back(w.question, w.candidate.answer, self.passages[w.place]):
                    made.append(self._asked(w, None, 0.0))
                else:
                    done.refused["its passage does not lead to the answer"] += 1
            return made
        prompts = [(Message("user", w.question),) for w in wordings]
        shown = [(self.passages[w.place],) for w in wordings]
        replies = self.reader.ask(prompts, ANSWER_TOKENS, system=SYSTEM, passages=shown)
        check_any(replies)
        for w, reply in zip(wordings, replies, strict=True):
            said = strip_citations(reply.text) if isinstance(reply, Completion) else ""
            if isinstance(reply, Completion) and agrees(said, w.candidate.answer):
                made.append(self._asked(w, said, self.reader.usd(reply.usage)))
            elif isinstance(reply, Failure):
                done.refused["the reader did not reply"] += 1
            else:
                unknown = is_abstention(said)
                done.refused["the reader does not find an answer" if unknown else "the reader answers otherwise"] += 1
        return made

    def _asked(self, w: _Wording, said: str | None, usd: float | None) -> Asked:
        passage = self.passages[w.place]
        example = Example(
            id=f"ask-{sha256_of([passage.id, w.question])[:12]}",
            messages=(Message("user", w.question),),
            answer=w.candidate.answer,
            fact=f"{passage.reference}: {w.candidate.answer}",
            source=passage.reference,
        )
        both = None if w.usd is None or usd is None else w.usd + usd
        return Asked(example, passage, w.candidate, self.reader.base.name if self.reader else "words", said, both)


def line(asked: Asked, writer: str) -> dict[str, Any]:
    """One made row as it is written: the question with its gold passage and its origin."""
    e, p = asked.example, asked.passage
    back = {"by": asked.reader, **({"said": asked.said} if asked.said is not None else {})}
    made = {"by": COMMAND, "writer": writer, "rule": asked.candidate.how, "sentence": asked.candidate.sentence}
    return {
        "id": e.id,
        "question": e.question,
        "answer": e.answer,
        "fact": e.fact,
        "source": e.source,
        "passage": {"document": p.document, "section": p.heading, "page": p.page, "text": p.text},
        "status": TO_REVIEW,
        "made": {**made, "read_back": back, "usd": asked.usd},
    }


def _share(usd: float | None, n: int) -> float | None:
    return None if usd is None else usd / n if n else usd
