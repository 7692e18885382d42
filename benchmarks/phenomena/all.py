"""Every phenomenon, one after the other.

python benchmarks/phenomena/all.py
"""

from __future__ import annotations

import argparse

import augmented
import forgetting
import framings
import hallucination
import new_facts
import raft
import rates
import reversal
from measure import script


def run(options: argparse.Namespace) -> None:
    for module in (framings, augmented, new_facts, rates, hallucination, reversal, raft, forgetting):
        module.run(options)


if __name__ == "__main__":
    script(run, __doc__)
