"""Tailor's own small language model: corpus, tokenizer, network, pretraining, export and evaluation."""

from __future__ import annotations

from pathlib import Path


def path(name: str = "small") -> Path:
    """Folder of built-in weights that ``transformers`` can load.

    Raises ``FileNotFoundError`` that names the folders present when ``name`` is not among them.
    """
    weights = Path(__file__).parent / "weights"
    folder = weights / name
    if not (folder / "config.json").is_file():
        present = sorted(p.parent.name for p in weights.glob("*/config.json"))
        raise FileNotFoundError(
            f"expected built-in weights at {folder}, found {present or 'none'}; "
            "train them with `python -m tailor.models.builtin pretrain` and `export`"
        )
    return folder
