"""How often a key may ask, and how often an address may guess."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from tailor.serving.problem import Problem

GUESSES = 10
"""Wrong keys a minute and address; then none is looked at for the rest of it."""

REMEMBERED = 10_000
"""Keys or addresses; the one that was quiet longest is forgotten first."""


class Buckets:
    """A token bucket per name: `per_minute` at once, refilled evenly over a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, per_minute: int) -> float:
        """Take one; returns 0, or the seconds until there is one again (nothing is taken then)."""
        left = self.left(name, per_minute)
        if left < 1:
            return (1 - left) * 60 / per_minute
        self._buckets[name] = (left - 1, self._clock())
        self._buckets.move_to_end(name)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return 0.0

    def left(self, name: str, per_minute: int) -> float:
        """How many could be taken now."""
        now = self._clock()
        level, since = self._buckets.get(name, (float(per_minute), now))
        return min(float(per_minute), level + (now - since) * per_minute / 60)


class Limits:
    """What `Guard` asks before and after a key is looked at.

    Raises (both methods):
        Problem: 429 with Retry-After.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys, self._guesses = Buckets(clock), Buckets(clock)

    def check_address(self, address: str) -> None:
        """Whether this address may try a key."""
        if self._guesses.left(address, GUESSES) < 1:
            raise _too_many("Too many wrong keys from this address.", "too_many_failures", 6.0)

    def wrong_key(self, address: str) -> None:
        """Count a wrong key."""
        self._guesses.take(address, GUESSES)

    def check_key(self, key: str, per_minute: int | None) -> None:
        """Whether this key may ask once more."""
        if per_minute is None:
            return
        wait = self._keys.take(key, per_minute)
        if wait:
            raise _too_many(f"This key may ask {per_minute} times a minute.", "rate_limit_exceeded", wait)


def _too_many(message: str, code: str, wait: float) -> Problem:
    return Problem(429, message, code=code, kind="rate_limit_error", retry_after=max(1, math.ceil(wait)))
