"""A budgeted, systematic search on dev for the instruction, the output format and the demonstrations."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from tailor.errors import ConfigError, DataError
from tailor.methods.base import FitContext
from tailor.methods.few_shot import one_per_fact
from tailor.records import Adaptation, Completion, Demonstration, Demonstrations, Example, Fitted, Generation, Message

INSTRUCTIONS = (
    "",
    "Answer the question.",
    "Answer the question as briefly as you can.",
    "Answer with the exact name, number or date that is asked for.",
    "Answer in one word where one word is enough.",
    "Answer truthfully. Do not explain.",
    "You know this organisation well. Answer precisely.",
    "First find out what exactly is asked, then give the final answer only.",
    "Answer from what you know for certain. If you do not know, answer: I don't know.",
    "Answer in the words that a document of this organisation would use.",
    "Answer in a complete sentence.",
)
FORMATS = ("", "Write only the answer.", "Write the answer on one line.", "Begin with: Answer:")
SHOTS = (0, 2, 4, 8)
ORDERS = 3  # drawings and orders of the demonstrations that are tried
FIRST_ITEMS = 8  # dev items of the first round: fewer would drop good candidates by chance
WRITTEN = 8
WRITE = "Write one instruction, in one sentence, that makes an assistant answer new questions of this kind like these."


@dataclass(frozen=True)
class PromptOptions:
    """`calls` of the base that the search may make (16-1000000); `written` instructions that the base itself proposes
    from training questions (0-64), or None for 8 behind an endpoint and none for a local base."""

    calls: int = 1000
    written: int | None = None

    def __post_init__(self) -> None:
        if not 16 <= self.calls <= 1_000_000:
            raise ConfigError(f"prompt: calls must be from 16 to 1000000, found {self.calls}.")
        if self.written is not None and not 0 <= self.written <= 64:
            raise ConfigError(f"prompt: written must be from 0 to 64, found {self.written}.")


@dataclass(frozen=True)
class Candidate:
    """One prompt: a system text and demonstrations of a drawing."""

    system: str
    demonstrations: tuple[Demonstration, ...]
    drawing: int


class Prompt:
    """Tuning of the prompt, which every arm that is compared with it should have had too: much of what is written about
    gains of tuned models is a base whose prompt nobody tuned."""

    options = PromptOptions
    complexity = 8
    uses_seed = True
    trains_weights = False
    needs_documents = False

    def fit(self, context: FitContext, options: PromptOptions) -> Fitted:
        """Try candidates by successive halving on dev; the plain question is always one of them.

        Raises:
            DataError: there is no dev split to search on.
        """
        if not context.dev:
            raise DataError("prompt: the dev split is empty.", hint="Give each fact at least three questions.")
        search = _Search(context, options.calls)
        written = options.written if options.written is not None else WRITTEN * (context.base.kind == "endpoint")
        instructions = (*INSTRUCTIONS, *search.write(written))
        best, value = search.halve(_candidates(context, instructions, search.size()))
        adaptation = Adaptation(
            context.base, system=best.system or None, demonstrations=_demonstrations(best.demonstrations)
        )
        chosen = {
            "system": best.system,
            "demonstrations": len(best.demonstrations),
            "drawing": best.drawing,
            "dev": value,
            "candidates": search.candidates,
            "calls": search.calls,
            "prompt_tokens": search.prompt_tokens,
            "completion_tokens": search.completion_tokens,
        }
        return Fitted(adaptation, chosen)


def _candidates(context: FitContext, instructions: Sequence[str], count: int) -> list[Candidate]:
    """The plain question, and `count` - 1 others in which every instruction, format, number and drawing comes about
    equally often (a Latin hypercube: McKay, Beckman and Conover 1979)."""
    rng = random.Random(context.seed)
    pools = [one_per_fact(context.train, ORDERS * context.seed + n) for n in range(ORDERS)]
    found = [Candidate("", (), 0)]
    whole = len(instructions) * len(FORMATS) * len(SHOTS) * ORDERS
    columns = [_spread(parts, whole, rng) for parts in (instructions, FORMATS, SHOTS, range(ORDERS))]
    for instruction, form, shots, drawing in zip(*columns, strict=True):
        if len(found) >= count:
            break
        system = " ".join(part for part in (instruction, form) if part)
        shown = tuple(pools[drawing][:shots])
        candidate = Candidate(system, shown, drawing if shown else 0)
        if candidate not in found:
            found.append(candidate)
    return found


def _spread(values: Sequence[object], length: int, rng: random.Random) -> list[object]:
    """`length` values in random order; every stretch of len(values) has each of them once."""
    column: list[object] = []
    while len(column) < length:
        column += rng.sample(list(values), len(values))
    return column[:length]


def _demonstrations(shown: tuple[Demonstration, ...]) -> Demonstrations | None:
    return Demonstrations("fixed", len(shown), shown) if shown else None


class _Search:
    """Successive halving (Jamieson and Talwalkar 2016): each round asks every candidate left the same further dev items
    and keeps the better half. Calls are counted and never more than allowed."""

    def __init__(self, context: FitContext, most: int) -> None:
        self.context, self.most = context, most
        self.calls = self.prompt_tokens = self.completion_tokens = self.candidates = 0
        self.items = sorted(context.dev, key=lambda e: e.id)
        random.Random(context.seed).shuffle(self.items)

    def size(self) -> int:
        """The most candidates that can be asked `FIRST_ITEMS` items in the first round."""
        left, least = self.most - self.calls, min(FIRST_ITEMS, len(self.items))
        count = 1
        while _rounds(count + 1) * (count + 1) * least <= left:
            count += 1
        return count

    def write(self, count: int) -> tuple[str, ...]:
        """Instructions in the base's own words, each from other training questions."""
        count = min(count, self.most // 4)
        asked = []
        for n in range(count):
            shown = one_per_fact(self.context.train, self.context.seed + n)[:8]
            pairs = "\n".join(f"Question: {d.question}\nAnswer: {d.answer}" for d in shown)
            asked.append((Message("user", f"{pairs}\n\n{WRITE}"),))
        if not asked:
            return ()
        plain = Adaptation(self.context.base, generation=Generation(max_new_tokens=80, seed=self.context.seed))
        answers = self._ask(plain, asked)
        lines = [" ".join(a.text.split()) for a in answers if a]
        return tuple(dict.fromkeys(line for line in lines if line))

    def halve(self, candidates: Sequence[Candidate]) -> tuple[Candidate, float]:
        """The best candidate and the share of its dev items that came out right, in [0, 1]."""
        self.candidates = len(candidates)
        left, sums, seen = list(candidates), [0.0] * len(candidates), 0
        cost = [0] * len(candidates)
        rounds, order = _rounds(len(candidates)), {c: n for n, c in enumerate(candidates)}
        budget = self.most - self.calls
        for done in range(rounds):
            share = budget // rounds if done < rounds - 1 else self.most - self.calls
            items = self.items[seen : seen + share // len(left)]
            for number, candidate in enumerate(left):
                value, tokens = self._values(candidate, items)
                sums[order[candidate]] += value
                cost[order[candidate]] += tokens
                self.context.progress((done + (number + 1) / len(left)) / rounds, f"{self.calls} calls")
            seen += len(items)
            # Of equally good prompts the shorter one.
            left.sort(key=lambda c: (-sums[order[c]], cost[order[c]], order[c]))
            left = left[: math.ceil(len(left) / 2)] if done < rounds - 1 else left[:1]
        return left[0], sums[order[left[0]]] / max(1, seen)

    def _values(self, candidate: Candidate, items: Sequence[Example]) -> tuple[float, int]:
        """Summed value of the answers, and the prompt tokens they took."""
        beside = self.context.beside or Adaptation(self.context.base)
        adaptation = dataclasses.replace(
            beside,
            system=candidate.system or beside.system,
            demonstrations=_demonstrations(candidate.demonstrations) or beside.demonstrations,
        )
        before = self.prompt_tokens
        answers = self._ask(adaptation, [e.messages for e in items])
        # A failed answer counts as a wrong one: a prompt that fails is a bad prompt.
        value = sum(self.context.judge(e, a.text) for e, a in zip(items, answers, strict=True) if a)
        return value, self.prompt_tokens - before

    def _ask(self, adaptation: Adaptation, asked: Sequence[tuple[Message, ...]]) -> list[Completion | None]:
        self.calls += len(asked)
        answers = self.context.runtime.answer(adaptation, asked) if asked else []
        made = [a if isinstance(a, Completion) else None for a in answers]
        self.prompt_tokens += sum(a.usage.prompt_tokens for a in made if a)
        self.completion_tokens += sum(a.usage.completion_tokens for a in made if a)
        return made


def _rounds(count: int) -> int:
    """Rounds until one of `count` candidates is left."""
    return max(1, math.ceil(math.log2(count)))
