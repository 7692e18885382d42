"""A model of the fine-tuning API as a candidate for release."""

from __future__ import annotations

from pathlib import Path

from tailor.errors import ConfigError
from tailor.plugins import did_you_mean
from tailor.registry.candidate import Candidate
from tailor.registry.release import load_release
from tailor.runtime import adaptation_from_json
from tailor.serving.catalogue import Catalogue
from tailor.serving.tuning.jobs import JobStore

ARM = "api-tuned"


def tuned_candidate(workspace: Path, name: str) -> Candidate:
    """The verified model of this name (`ft:...`). No study recommends it, so promoting it takes `force`; its evidence
    is its share of right answers on the job's validation file.

    Raises:
        ConfigError: there is none.
        ArtifactError: it was changed.
    """
    catalogue = Catalogue(workspace)
    known = [n for n in catalogue.names() if n.startswith("ft:")]
    if name not in known:
        raise ConfigError(f"there is no tuned model called '{name}'.{did_you_mean(name, known)}")
    served = catalogue.resolve(name)
    release = load_release(workspace / ".tailor" / served.folder, manifest_sha256=served.manifest_sha256)
    result = JobStore(workspace).result(release.record.study) or {}
    adaptation = adaptation_from_json(result["adaptation"])
    return Candidate(adaptation, release.record.seed, release.record.study, release.record.lineage)
