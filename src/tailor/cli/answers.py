"""Answers as text for people and as JSON for programs: what `show` and `diff` share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tailor.cli.common import printable

if TYPE_CHECKING:
    from tailor.records import Example
    from tailor.study.items import ItemAnswer

MARKS = {"correct": ("✓", "green"), "incorrect": ("✗", "red"), "not-attempted": ("–", "yellow")}
ABSTAIN = "(nothing in the data says; abstaining is right)"


def plain_item(item: Example) -> dict[str, Any]:
    """An item as JSON."""
    return {
        "item": item.id,
        "cell": item.cell,
        "fact": item.fact or None,
        "framing": item.framing or None,
        "question": item.question,
        "expected": item.answer,
        "aliases": list(item.aliases),
        "source": item.source,
    }


def plain_answer(answer: ItemAnswer, item: Example) -> dict[str, Any]:
    """An answer with its grade and its evidence as JSON."""
    from tailor.records import Completion, Score
    from tailor.retrieval.cite import cited
    from tailor.study.items import holds_source

    value: dict[str, Any] = {"arm": answer.arm, "seed": answer.seed}
    scored = answer.score
    if isinstance(scored, Score):
        value |= {"grade": scored.grade, "value": scored.value, "f1": scored.f1, "abstained": scored.abstained}
    else:
        value |= {"grade": None, "failure": scored}
    if not isinstance(answer.answer, Completion):
        return value
    passages = answer.answer.passages
    quoted = cited(answer.answer.text, passages)
    return value | {
        "answer": answer.answer.text,
        "finish": answer.answer.finish,
        "usage": answer.answer.usage,
        "source_shown": any(holds_source(p, item.source) for p in passages) if item.source and passages else None,
        "passages": [
            {
                "id": p.id,
                "reference": p.reference,
                "text": p.text or None,
                "cited": p in quoted,
                "is_source": holds_source(p, item.source),
            }
            for p in passages
        ],
    }


def expected_text(item: Example) -> str:
    """The expected answer with its aliases."""
    if item.answer is None:
        return ABSTAIN
    also = f"   also: {' · '.join(item.aliases)}" if item.aliases else ""
    return printable(item.answer + also)


def grade_text(answer: ItemAnswer) -> Any:
    """`✓ correct`: a mark, a word, and a colour that only repeats them."""
    from rich.text import Text

    from tailor.records import Score

    if not isinstance(answer.score, Score):
        return Text("! failed", style="red")
    mark, colour = MARKS[answer.score.grade]
    return Text(f"{mark} {answer.score.grade}", style=colour)


def answer_text(answer: ItemAnswer) -> Any:
    """What was answered, on one line, or why nothing was."""
    from rich.text import Text

    from tailor.records import Completion

    if not isinstance(answer.answer, Completion):
        return Text(printable(answer.answer.cause), style="red")
    text = printable(" ".join(answer.answer.text.split()))
    return Text(text) if text else Text("(an empty answer)", style="dim")


def evidence_text(answer: ItemAnswer, item: Example) -> str:
    """`source shown as [2] of 3 · 210 + 5 tokens · cut off`: what stands behind an answer, in few words."""
    from tailor.records import Completion
    from tailor.study.items import holds_source

    if not isinstance(answer.answer, Completion):
        return ""
    words, passages = [], answer.answer.passages
    if passages:
        place = next((n for n, p in enumerate(passages, 1) if holds_source(p, item.source)), None)
        if place:
            words.append(f"source shown as [{place}] of {len(passages)}")
        elif item.source:
            words.append(f"source not shown ({len(passages)} other passage{'s' if len(passages) > 1 else ''})")
        else:
            words.append(f"{len(passages)} passage{'s' if len(passages) > 1 else ''} shown")
    words.append(tokens_text(answer))
    if answer.answer.finish == "length":
        words.append("cut off")
    return " · ".join(words)


def tokens_text(answer: ItemAnswer) -> str:
    """`210 + 5 tokens`: read and written; `–` where nobody counted."""
    from tailor.records import Completion

    if not isinstance(answer.answer, Completion):
        return "–"
    usage = answer.answer.usage
    if not usage.prompt_tokens and not usage.completion_tokens:
        return "tokens unknown"
    return f"{usage.prompt_tokens:,} + {usage.completion_tokens:,} tokens"
