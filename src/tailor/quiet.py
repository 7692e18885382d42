"""Libraries speak of their own affairs; a person who runs Tailor wants to read Tailor's output and nothing else."""

from __future__ import annotations

import logging
import os
import sys
import warnings

LOGGERS = ("transformers", "peft", "bitsandbytes", "accelerate", "sentence_transformers", "huggingface_hub", "bm25s")
SETTINGS = {
    # Read when these libraries are imported, which is later: their own set-up would undo a logger's level.
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def silence_libraries() -> None:
    """Progress bars, advice and warnings of libraries off, for this process and those it starts.

    For processes that are Tailor's own, not for a program that imports it. Errors still come through, as do warnings
    asked for with `python -W` or PYTHONWARNINGS, and settings of the environment stay as they are.
    """
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
