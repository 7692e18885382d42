"""What the model sees: an Adaptation and a conversation become the messages of a request.

The one place where prompts are put together. The study, the chat and the server all come through here; the built-in
model was pretrained on exactly this layout of passages.
"""

from __future__ import annotations

from collections.abc import Sequence

from tailor.records import Demonstration, Message, Passage, ToolTurn


def with_passages(question: str, passages: Sequence[Passage]) -> str:
    """The question below numbered passages: `[1] Heading. Text` and so on."""
    if not passages:
        return question
    shown = "\n".join(f"[{n}] {_passage_text(p)}" for n, p in enumerate(passages, 1))
    return f"{shown}\n\nQuestion: {question}"


def _passage_text(passage: Passage) -> str:
    text = " ".join(passage.text.split())
    return f"{passage.heading}. {text}" if passage.heading else text


def build_messages(
    conversation: Sequence[Message],
    *,
    system: str | None,
    demonstrations: Sequence[Demonstration],
    passages: Sequence[Passage],
) -> tuple[Message, ...]:
    """System, demonstrations as earlier turns, the conversation, passages above its last question.

    System messages in the conversation replace the adaptation's own; several become one, a paragraph each.
    """
    own = "\n\n".join(m.content for m in conversation if m.role == "system")
    head = [Message("system", own or system or "")] if own or system else []
    turns = [m for m in conversation if m.role != "system"]
    shown = [t for d in demonstrations for t in (Message("user", d.question), Message("assistant", d.answer))]
    place = question_place(turns)
    asked = Message("user", with_passages(turns[place].content, passages))
    return (*head, *shown, *turns[:place], asked, *turns[place + 1 :])


def question_place(turns: Sequence[Message]) -> int:
    """Which turn is the question: the user's last one, behind which tools may have been called."""
    return max(i for i, m in enumerate(turns) if m.role == "user" and not isinstance(m, ToolTurn))
