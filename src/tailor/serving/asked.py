"""A validated request for answers, whichever route it came by."""

from __future__ import annotations

from dataclasses import dataclass

from tailor.records import Message
from tailor.serving.options import Options


@dataclass(frozen=True)
class Asked:
    """One request for answers.

    Attributes:
        model: None where the client leaves the choice to the server.
        conversations: each is answered `n` times.
        user: what the client calls the person or session it asks for; experiments assign by it.
    """

    model: str | None
    conversations: tuple[tuple[Message, ...], ...]
    options: Options
    n: int = 1
    stream: bool = False
    include_usage: bool = False
    user: str | None = None
