"""The MLflow side of the registry: a mirror of the releases that people can browse, search and compare.

Every release becomes a run (what was measured) and a version of one registered model (what serves), the aliases are set
like ours. Nothing is read back from MLflow to decide anything, so an MLflow that is broken, slow or emptied never moves
a champion; `Tracking.mirror` brings it up to date from the releases whenever it is called.
"""

from __future__ import annotations

import logging
import math
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tailor.errors import MissingDependency
from tailor.files import canonical_json
from tailor.records import Interval
from tailor.registry.pointer import ReleaseInfo
from tailor.registry.release import Release

EXPERIMENT = "tailor"
TAG = "tailor.release"
LONGEST_PARAM = 6000
"""Characters; MLflow refuses longer parameter values."""


class Tracking:
    """A workspace's `.tailor/tracking.db`, or an MLflow server.

    Args:
        database: the SQLite file. Its first use creates MLflow's tables, which takes 3 to 14 s.
        artifacts: the folder in which the releases lie.
        server: address of a server in place of the file. It gets what was measured and where it came from, and no
            weights: those stay in the folder.
        on_progress: told in one sentence when something slow starts.

    Raises:
        MissingDependency: mlflow is not installed.
    """

    def __init__(
        self, database: Path, artifacts: Path, *, server: str = "", on_progress: Callable[[str], None]
    ) -> None:
        if not server and not database.exists():
            on_progress("Setting up the MLflow database (once, about 10 s).")
        database.parent.mkdir(parents=True, exist_ok=True)
        self._artifacts, self._server = artifacts, server
        with _quiet():
            try:
                from mlflow.tracking import MlflowClient
            except ImportError:
                raise MissingDependency("Keeping releases", "registry") from None
            uri = server or f"sqlite:///{database.resolve()}"
            self._client: Any = MlflowClient(tracking_uri=uri, registry_uri=uri)
            # Touches the database now, so that whatever is wrong with it shows before a release is written.
            self._experiment = self._experiment_id()

    def mirror(
        self,
        name: str,
        releases: Sequence[ReleaseInfo],
        aliases: Mapping[str, int | None],
        *,
        load: Callable[[ReleaseInfo], Release],
    ) -> None:
        """Register the releases MLflow does not know yet and set the aliases.

        Args:
            name: of the registered model.
            releases: oldest first, so that MLflow counts its versions as we do.
            aliases: alias -> our version, None where there is none.
            load: called only for the releases to register.
        """
        with _quiet():
            known = self._versions(name)
            for info in releases:
                if info.id not in known:
                    known[info.id] = self._register(name, load(info))
            there = self._client.get_registered_model(name).aliases
            for alias, target in aliases.items():
                version = next((known[i.id] for i in releases if i.version == target), None)
                if version is not None:
                    self._client.set_registered_model_alias(name, alias, version)
                elif alias in there:
                    self._client.delete_registered_model_alias(name, alias)

    def _experiment_id(self) -> str:
        found = self._client.get_experiment_by_name(EXPERIMENT)
        if found is not None:
            return str(found.experiment_id)
        # A server cannot reach a folder of this machine; it keeps its own.
        location = None if self._server else self._artifacts.resolve().as_uri()
        return str(self._client.create_experiment(EXPERIMENT, artifact_location=location))

    def _versions(self, name: str) -> dict[str, str]:
        """Release id -> MLflow's version of it."""
        from mlflow.exceptions import MlflowException

        try:
            self._client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        found = self._client.search_model_versions(f"name='{name}'")
        return {v.tags[TAG]: str(v.version) for v in found if TAG in v.tags}

    def _register(self, name: str, release: Release) -> str:
        from mlflow.entities import Metric, Param

        run = self._client.create_run(self._experiment, run_name=release.id, tags=_tags(release)).info.run_id
        now = int(time.time() * 1000)
        metrics = [Metric(key, value, now, 0) for key, value in _metrics(release).items()]
        params = [Param(key, value) for key, value in _params(release).items()]
        self._client.log_batch(run, metrics=metrics, params=params)
        self._client.set_terminated(run)
        source = f"tailor:/{release.id}" if self._server else release.folder.resolve().as_uri()
        version = self._client.create_model_version(name, source=source, run_id=run, tags=_tags(release))
        return str(version.version)


def _tags(release: Release) -> dict[str, str]:
    record, lineage = release.record, release.record.lineage
    return {
        TAG: release.id,
        "arm": record.arm,
        "study": record.study,
        "dataset_sha256": lineage.dataset_sha256,
        "plan_sha256": lineage.plan_sha256,
        "code_version": lineage.code_version,
        "template_sha256": lineage.template_sha256 or "",
        "manifest_sha256": release.manifest_sha256,
        "verdict": lineage.evidence.verdict,
        "parent": record.parent or "",
        **{f"base_{key}": value for key, value in record.base.items()},
    }


def _metrics(release: Release) -> dict[str, float]:
    """MLflow knows no missing number: NaN is left out rather than stored as 0."""
    evidence = release.record.lineage.evidence
    quality: Interval = evidence.quality
    named = {"quality": quality.value, "quality_low": quality.low, "quality_high": quality.high, **evidence.metrics}
    return {_plain_name(key): float(value) for key, value in named.items() if math.isfinite(value)}


def _params(release: Release) -> dict[str, str]:
    record = release.record
    config = {
        f"config.{key}": value if isinstance(value, str) else canonical_json(value)
        for key, value in record.lineage.config.items()
    }
    named = {"arm": record.arm, "seed": str(record.seed), "study": record.study, **config}
    return {_plain_name(key): value for key, value in named.items() if len(value) <= LONGEST_PARAM}


def _plain_name(key: str) -> str:
    """MLflow allows letters, digits, `_ - . : /` and spaces in names; an arm is called `rag+lora`."""
    return re.sub(r"[^\w\-. :/]", "_", key)


@contextmanager
def _quiet() -> Iterator[None]:
    """MLflow without telemetry, without the notes of its database migrations and without a look for git."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    loggers = [logging.getLogger(name) for name in ("mlflow", "mlflow.store.db.utils", "alembic")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
