"""Procedural pretraining corpus of the built-in language model (see README.md in this folder)."""

from __future__ import annotations

from tailor.models.builtin.corpus.document import ABSTENTION, Document, Probe, Turn
from tailor.models.builtin.corpus.mix import LATER, LATER_SHARES, SHARES, documents
from tailor.models.builtin.corpus.probes import PROBES, general_suite, probes

__all__ = [
    "ABSTENTION",
    "LATER",
    "LATER_SHARES",
    "PROBES",
    "SHARES",
    "Document",
    "Probe",
    "Turn",
    "documents",
    "general_suite",
    "probes",
]
