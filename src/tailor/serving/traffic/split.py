"""Which arm a unit falls into: a hash, so that every worker says the same, also after a restart."""

from __future__ import annotations

import hashlib
import hmac

from tailor.errors import ConfigError

TREATMENT, CONTROL = "treatment", "control"


def assign(salt: str, unit: str, share: float) -> str:
    """The arm of a unit.

    The hash of salt and unit is a place in [0, 1); the treatment is [0, share). So a share that grows moves nobody out
    of the treatment, and two experiments with their own salts are independent.

    Args:
        share: of the units in the treatment, in [0, 1].
    """
    digest = hashlib.blake2b(f"{salt}:{unit}".encode(), digest_size=8).digest()
    return TREATMENT if int.from_bytes(digest, "big") < share * 2**64 else CONTROL


def hashed_unit(secret: bytes, name: str) -> str:
    """What is kept of a user or session: 16 hex digits that nobody without the secret can trace back."""
    return hmac.new(secret, name.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:16]


def check_share(share: float, before: float = 0.0) -> None:
    """Raise ConfigError for a share that is impossible or smaller than before: who was in the treatment stays in it."""
    if not 0 < share <= 1:
        raise ConfigError(f"a share must be above 0 and at most 1, found {share}.")
    if share <= before:
        raise ConfigError(
            f"the share is {before:g} and only grows, found {share:g}.",
            hint="To send fewer users to the treatment, stop the experiment and start another one.",
        )
