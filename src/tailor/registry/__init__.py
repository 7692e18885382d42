"""Releases: adaptations with lineage and evidence, the aliases `champion` and `previous`, and their history."""

from tailor.registry.pointer import ReleaseInfo
from tailor.registry.release import Evidence, Lineage, Release, ReleaseRecord, load_release, write_release
from tailor.registry.store import ReleaseStore

__all__ = [
    "Evidence",
    "Lineage",
    "Release",
    "ReleaseInfo",
    "ReleaseRecord",
    "ReleaseStore",
    "load_release",
    "write_release",
]
