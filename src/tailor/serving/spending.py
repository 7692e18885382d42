"""What every key has spent this month, and whether it may spend more.

The sums are kept in memory and with the rows of the request log, in the table `spending`: they survive a restart, and
the sweep of old rows. A kill loses at most what came in the last 100 ms.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path

from tailor.serving.catalogue import Served
from tailor.serving.pricing import Pricing, Rate, this_month
from tailor.serving.problem import Problem
from tailor.serving.request_log import open_log
from tailor.serving.trace import Trace

NOT_WAITED_FOR = ("client_gone", "timeout")
"""Ends after which a provider bills an answer that nobody counted."""


class Spending:
    """The money limits of the keys.

    Args:
        path: of the request log.
        pricing: what answers cost.
    """

    def __init__(self, path: Path, pricing: Pricing) -> None:
        self._pricing = pricing
        self._month = this_month()
        self._spent = spent_by_key(path, self._month)

    def check(self, trace: Trace) -> None:
        """Before a request is assigned to a release.

        Raises:
            Problem: 429 `insufficient_quota` where the key has spent its month's money.
        """
        limit = trace.usd_per_month
        if limit is not None and self.spent(trace.key) >= limit:
            message = f"This key has spent its {limit:g} US dollars of this month; it works again on the 1st (UTC)."
            raise Problem(429, message, code="insufficient_quota", kind="insufficient_quota", retry=False)

    async def rate(self, trace: Trace, served: Served) -> Rate | None:
        """What the answers of a release are charged at; None where nobody knows.

        Raises:
            Problem: 403 `price_unknown` where that is so and the key has a limit.
        """
        if not self._pricing.knows(served):
            await asyncio.to_thread(self._pricing.rate, served)
        rate = self._pricing.rate(served)
        if trace.usd_per_month is None:
            return rate
        if rate is None or not rate.prices.known:
            message = (
                f"This key has a money limit, and what {served.id} costs is not known. An administrator can set "
                "'usage' in tailor.yaml or add a price."
            )
            raise Problem(403, message, code="price_unknown", kind="permission_error")
        return rate

    def spent(self, key: str) -> float:
        """US dollars this month."""
        if self._month != (now := this_month()):
            self._month, self._spent = now, {}
        return self._spent.get(key, 0.0)

    def ended(self, trace: Trace) -> None:
        """Count a request. Told before the request log, which keeps what is counted here."""
        if trace.rate is None:
            return
        if trace.usd is None and trace.code in NOT_WAITED_FOR:
            trace.usd = trace.rate.at_most(len(trace.input), trace.max_new_tokens, trace.n, trace.seconds)
        if trace.usd is not None and not trace.shadow_of:
            self._spent[trace.key] = self.spent(trace.key) + trace.usd


def spent_by_key(path: Path, month: str) -> dict[str, float]:
    """US dollars by id of key, as the request log has them; nothing where there is none."""
    if not path.exists():
        return {}
    with contextlib.suppress(sqlite3.Error), contextlib.closing(open_log(path)) as database:
        rows = database.execute("SELECT key, usd FROM spending WHERE month = ?", (month,)).fetchall()
        return {str(key): float(usd) for key, usd in rows}
    return {}
