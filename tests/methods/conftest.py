"""A toy data set of ten facts and the tiny base that learns it."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "models"))

from tailor.methods.base import FitContext
from tailor.records import Base, Example, Message, Passage
from tailor.runtime import Runtime
from tiny_models import make_adapter, make_base

NAMES = ["Ada", "Bo", "Cem", "Dora", "Eli", "Finn", "Gus", "Hal", "Ida", "Jo"]
COLOURS = ["red", "green", "blue", "black", "white"]
FRAMINGS = ["Colour of {}?", "{}: favourite colour", "Which colour does {} like best of all?"]


def examples(framings: range) -> tuple[Example, ...]:
    return tuple(
        Example(
            f"{name}-{f}",
            (Message("user", FRAMINGS[f].format(name)),),
            COLOURS[n % 5],
            fact=f"colour-{name}",
            framing=f"{f}",
        )
        for n, name in enumerate(NAMES)
        for f in framings
    )


TRAIN, DEV = examples(range(2)), examples(range(2, 3))
PASSAGES = tuple(
    Passage(f"p{n}", "docs/colours.md", name, f"{name} likes {COLOURS[n % 5]}.") for n, name in enumerate(NAMES)
)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    base = make_base(tmp_path_factory.mktemp("models") / "tiny", max_position_embeddings=512)
    make_adapter(Path(base.location).parent / "adapter-made-elsewhere", base, seed=7)
    return base


@pytest.fixture
def context(tiny_base: Base, tmp_path: Path) -> Callable[..., FitContext]:
    """A context with a store of its own; whatever is named replaces its part."""

    def make(**changes: Any) -> FitContext:
        store = changes.get("store", tmp_path / "store")
        parts: dict[str, Any] = {
            "base": tiny_base,
            "train": TRAIN,
            "dev": DEV,
            "passages": PASSAGES,
            "store": store,
            "runtime": Runtime(store),
            "seed": 0,
            "workspace": Path(tiny_base.location).parent,
            "dev_score": lambda _adaptation: 0.5,
            # Answers of a random model are never right; this has an opinion on every one of them all the same.
            "judge": lambda example, text: zlib.crc32(f"{example.id} {text}".encode()) % 97 / 96,
        }
        return FitContext(**{**parts, **changes})

    return make
