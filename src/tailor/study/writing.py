"""Framings of trained facts that a writer makes: asked for, through the gates, checked for what they mean, paid for."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tailor.data.audit.language import language_of
from tailor.data.augment import written
from tailor.data.augment.gates import Gates
from tailor.data.augment.grow import Growth, Pool, fill, trained_facts
from tailor.data.augment.rules import Candidate
from tailor.records import Completion, Example, Failure, Message, Usage
from tailor.study.writer import Quote, Writer, check_any, tokens_in

MORE = 1.5  # wordings asked for, for one that is wanted: gates refuse some
WRITE_TOKENS, TRANSLATE_TOKENS, CHECK_TOKENS = 800, 120, 80  # at most in a reply
WORDING_TOKENS = 25  # of one wording in a reply, on average
TEMPERATURE = 0.8  # for writing; checks are greedy
WAYS = ("paraphrase", "persona", "back-translation")

Wording = tuple[Candidate, Example]


@dataclass
class _Order:
    """What is asked for one fact: a third of what is wanted in each way."""

    source: Example
    paraphrases: int
    personas: tuple[str, ...]
    languages: tuple[str, ...]


@dataclass
class Written:
    """What came of it. `wordings` = those let through by all gates + the sum of `growth.refused`; of these `fill` takes
    as many as are wanted, and `spare` are left. `failed` counts requests without a usable reply."""

    growth: Growth = field(default_factory=Growth)
    wordings: int = 0
    spare: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    spent_usd: float | None = 0.0


class FramingWriter:
    """Makes framings with a model.

    Args:
        examples: split rows; only answered ones of the train split are sources, and nothing near test or dev is kept.
        framings: per fact, those that are there included.
    """

    def __init__(self, examples: Sequence[Example], framings: int, writer: Writer) -> None:
        self.writer, self.framings = writer, framings
        self.by_fact = trained_facts(examples)
        self.gates = Gates(examples)
        self.orders = {fact: o for fact, rows in self.by_fact.items() if (o := self._order(rows)) is not None}

    def quote(self) -> Quote:
        """What the writer would be asked at most."""
        orders = list(self.orders.values())
        size = tokens_in([f"{o.source.question} {o.source.answer}" for o in orders])
        asked = sum((o.paraphrases > 0) + bool(o.personas) for o in orders)
        turned = sum(len(o.languages) for o in orders)
        wordings = sum(o.paraphrases + len(o.personas) + len(o.languages) for o in orders)
        listed = (wordings - turned) / asked * WORDING_TOKENS if asked else 0.0
        return (
            self.writer.quote(asked, size + tokens_in([written.SYSTEM]) + 120, listed)
            + self.writer.quote(2 * turned, size + 40, WORDING_TOKENS)
            + self.writer.quote(wordings, 2 * size + tokens_in([written.CHECK + written.CHECK_FORM]), 12)
        )

    def run(self) -> Written:
        """Ask, check, choose.

        Raises:
            BudgetReached: the same command with a larger budget goes on.
            ModelError: no request had a reply.
        """
        done = Written()
        made = [*self._listed(done), *self._turned(done)]
        done.wordings = len(made)
        pools = self._checked(self._through_gates(made, done), done)
        fill(done.growth, self.by_fact, pools, self.framings)
        done.spare = sum(map(len, pools.values())) - len(done.growth.made)
        done.spent_usd = self.writer.spent_usd
        return done

    def _order(self, rows: Sequence[Example]) -> _Order | None:
        wanted = math.ceil(MORE * max(0, self.framings - len(rows)))
        if not wanted:
            return None
        third = math.ceil(wanted / 3)
        turned = min(third, len(written.LANGUAGES))
        people = min(third, len(written.PERSONAS))
        return _Order(rows[0], max(0, wanted - turned - people), written.PERSONAS[:people], written.LANGUAGES[:turned])

    def _listed(self, done: Written) -> list[Wording]:
        """Paraphrases and personas: a list in one reply."""
        asked: list[tuple[str, Example, tuple[Message, ...]]] = []
        for order in self.orders.values():
            if order.paraphrases:
                prompt = written.paraphrase_prompt(order.source, order.paraphrases)
                asked.append(("paraphrase", order.source, prompt))
            if order.personas:
                asked.append(("persona", order.source, written.persona_prompt(order.source, order.personas)))
        replies = self.writer.ask([p for _, _, p in asked], WRITE_TOKENS, temperature=TEMPERATURE)
        check_any(replies)
        made: list[Wording] = []
        for (way, source, _), reply in zip(asked, replies, strict=True):
            read = written.read_wordings(reply.text) if isinstance(reply, Completion) else reply
            if isinstance(read, Failure):
                done.failed["no reply" if isinstance(reply, Failure) else "no list of questions"] += 1
            elif isinstance(reply, Completion):
                made += [(Candidate(way, q, usd=self._usd(reply.usage, len(read))), source) for q in read]
        return made

    def _turned(self, done: Written) -> list[Wording]:
        """Into another language and back."""
        asked = [(o.source, language) for o in self.orders.values() for language in o.languages]
        there = self.writer.ask(
            [written.translate_prompt(s.question, language) for s, language in asked], TRANSLATE_TOKENS
        )
        turned = [
            (s, reply, text)
            for (s, _), reply in zip(asked, there, strict=True)
            if isinstance(reply, Completion) and (text := written.read_translation(reply.text))
        ]
        if len(turned) < len(asked):
            done.failed["no translation"] += len(asked) - len(turned)
        back = self.writer.ask(
            [written.translate_prompt(text, language_of(s.question) or "English") for s, _, text in turned],
            TRANSLATE_TOKENS,
        )
        made: list[Wording] = []
        for (source, first, _), reply in zip(turned, back, strict=True):
            text = written.read_translation(reply.text) if isinstance(reply, Completion) else ""
            if not text or not isinstance(reply, Completion):
                done.failed["no translation"] += 1
                continue
            usd = _both(self._usd(first.usage, 1), self._usd(reply.usage, 1))
            made.append((Candidate("back-translation", text, usd=usd), source))
        return made

    def _through_gates(self, made: Sequence[Wording], done: Written) -> list[Wording]:
        there: dict[str, list[str]] = defaultdict(list)
        for fact, rows in self.by_fact.items():
            there[fact] = [e.question for e in rows]
        kept = []
        for candidate, source in made:
            reason = written.refusal(candidate, source, there[source.fact], self.gates)
            if reason:
                done.growth.refused[reason] += 1
            else:
                there[source.fact].append(candidate.question)
                kept.append((candidate, source))
        return kept

    def _checked(self, kept: Sequence[Wording], done: Written) -> Mapping[str, Pool]:
        """Those that mean the same, by what the writer says when it is asked anew."""
        prompts = [written.check_prompt(source, candidate.question) for candidate, source in kept]
        pools: dict[str, Pool] = defaultdict(list)
        for (candidate, source), reply in zip(kept, self.writer.ask(prompts, CHECK_TOKENS), strict=True):
            if isinstance(reply, Failure):
                done.growth.refused["no reply to the check"] += 1
            elif reason := written.means_the_same(reply.text, source):
                done.growth.refused[reason] += 1
            else:
                usd = _both(candidate.usd, self._usd(reply.usage, 1))
                pools[source.fact].append((replace(candidate, usd=usd), source))
        return pools

    def _usd(self, usage: Usage, shared_by: int) -> float | None:
        usd = self.writer.usd(usage)
        return None if usd is None else usd / max(1, shared_by)


def _both(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a + b
