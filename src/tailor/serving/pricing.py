"""What an answer of a release costs: tokens at a provider's dated price, or its share of a machine's hour."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tailor.cost.prices import read_book
from tailor.cost.tokens import most_usd, tokens_usd
from tailor.errors import TailorError
from tailor.files import read_json
from tailor.models import on_premises
from tailor.models.base import resolve_base
from tailor.records import Adaptation, Base, Completion
from tailor.registry.release import ADAPTATION
from tailor.runtime import adaptation_from_json
from tailor.serving.catalogue import Served
from tailor.study.config import Workspace, load_workspace
from tailor.study.ledger import StudyPrices, study_prices
from tailor.study.settings_file import CONFIG_NAME

log = logging.getLogger("tailor.serving")


@dataclass(frozen=True)
class Rate:
    """What answers of one release cost, and how long they may be."""

    prices: StudyPrices
    longest: int

    def of(self, completions: Sequence[Completion]) -> float | None:
        """Dollars for answers; None where a price or a count is unknown."""
        if self.prices.billing == "machine":
            return self.prices.machine_usd(sum(c.usage.seconds for c in completions))
        each = [tokens_usd(c.usage, self.prices.tokens) for c in completions]
        known = [usd for usd in each if usd is not None]
        return sum(known) if len(known) == len(each) else None

    def at_most(self, characters: int, max_new_tokens: int | None, n: int, seconds: float) -> float | None:
        """Dollars that answers may have cost which nobody waited for: a provider bills them all the same."""
        if self.prices.billing == "machine":
            return self.prices.machine_usd(seconds)
        if self.prices.tokens is None:
            return None
        return n * most_usd(characters, max_new_tokens or self.longest, self.prices.tokens)


class Pricing:
    """The rates of the releases of a workspace, by `tailor.yaml` and the price lists as they are when a release is
    asked for the first time."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._rates: dict[tuple[str, str], Rate | None] = {}

    def knows(self, served: Served) -> bool:
        """Whether `rate` answers at once; else it reads files."""
        return (served.folder, served.manifest_sha256) in self._rates

    def rate(self, served: Served) -> Rate | None:
        """None where the release cannot be read or a price file is wrong; whoever asks it is told so elsewhere."""
        key = (served.folder, served.manifest_sha256)
        if key not in self._rates:
            try:
                folder = self._workspace / ".tailor" / served.folder
                self._rates[key] = self._read(adaptation_from_json(read_json(folder / ADAPTATION)))
            except TailorError as error:
                log.warning("What %s costs is not known: %s", served.id, error)
                self._rates[key] = None
        return self._rates[key]

    def _read(self, adaptation: Adaptation) -> Rate:
        base, longest = adaptation.base, adaptation.generation.max_new_tokens
        if (self._workspace / CONFIG_NAME).exists():
            workspace = load_workspace(self._workspace)
            return Rate(study_prices(workspace, base, own=_same(base, workspace)), longest)
        by_token = base.kind == "endpoint"
        tokens = read_book(self._workspace).of_endpoint(base.location, base.name) if by_token else None
        billing = "tokens" if by_token and (tokens is not None or not on_premises(base)) else "machine"
        return Rate(StudyPrices(billing, tokens, None, None), longest)  # type: ignore[arg-type]


def _same(base: Base, workspace: Workspace) -> bool:
    """Whether this is the endpoint whose tokens `usage` prices; machine time costs the same whatever the base."""
    if base.kind != "endpoint" or isinstance(workspace.config.base, str):
        return False
    own = resolve_base(workspace.config.base, workspace.folder)
    return (own.name, own.location) == (base.name, base.location)


def this_month() -> str:
    """`2026-11`, in UTC: the span that money limits are about."""
    return datetime.now(UTC).strftime("%Y-%m")
