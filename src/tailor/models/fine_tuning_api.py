"""A client of the fine-tuning API in OpenAI's shape: files, jobs, and what goes wrong with them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from tailor.errors import ModelError
from tailor.models import http_endpoint
from tailor.models.http_endpoint import RETRIED, TIMEOUT, TRIES, key_of, refusal, retry_after, words
from tailor.records import Base

Reason = Literal["refused", "gone", "retired", "failed"]
ENDED = ("succeeded", "failed", "cancelled")
RETIRED_CODES = {"model_not_found", "model_not_available", "model_deprecated", "deprecated_model", "model_retired"}
NO_MONEY = {"insufficient_quota", "billing_hard_limit_reached"}  # come with 429 and do not pass
RETIRED_WORDS = ("deprecat", "retired", "no longer available", "decommission", "sunset", "discontinued")


class ProviderError(ModelError):
    """A provider of fine-tuning did not do what was asked.

    `reason`: `refused` (it answered no: key, quota, rows), `gone` (it does not answer any more), `retired` (the base is
    not offered for tuning, or not any longer), `failed` (the job ended without a model).
    """

    def __init__(self, message: str, reason: Reason, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason: Reason = reason


@dataclass(frozen=True)
class TuningJob:
    """A job as the provider tells of it; `trained_tokens` None before it says."""

    id: str
    status: str
    training_file: str
    model: str | None = None
    trained_tokens: int | None = None
    error: str = ""
    seed: int | None = None


class FineTuningApi:
    """Files and jobs at `{location}/files` and `{location}/fine_tuning/jobs`.

    Refusals that pass are tried four times with growing waits, as for answers.

    Args:
        base: the model to tune; `key_env` names the variable with the key.

    Raises:
        ModelError: the address is not a URL, or the key's variable is empty or holds no key.
    """

    def __init__(self, base: Base) -> None:
        self.base, self._key = base, key_of(base)
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        try:
            self._client = httpx.Client(base_url=base.location, headers=headers, timeout=TIMEOUT)
        except (httpx.InvalidURL, ValueError) as error:
            raise ModelError(f"The endpoint {base.location} is not a URL: {error}.") from None

    def upload(self, name: str, content: bytes) -> str:
        """Send a training or validation file; returns its id.

        Raises:
            ProviderError: refused or gone.
        """
        files = {"file": (name, content, "application/jsonl"), "purpose": (None, "fine-tune")}
        return str(self._field(self._call("POST", "files", files=files), "id"))

    def begin(
        self, training: str, validation: str | None, *, seed: int, epochs: int | None, suffix: str | None
    ) -> TuningJob:
        """Start a job on uploaded files, unless one on this training file is there: an answer that was lost on the way
        must not be paid for twice.

        Raises:
            ProviderError: refused, gone, or the base is not offered for tuning.
        """
        body: dict[str, Any] = {"model": self.base.name, "training_file": training, "seed": seed}
        if validation:
            body["validation_file"] = validation
        if suffix:
            body["suffix"] = suffix
        if epochs is not None:
            body["method"] = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": epochs}}}
        for attempt in range(TRIES):
            if known := self._known(training):
                return known
            try:
                return self._job(self._call("POST", "fine_tuning/jobs", body=body, tries=1))
            except ProviderError as error:
                if error.reason != "gone" or attempt == TRIES - 1:
                    raise
            time.sleep(http_endpoint.FIRST_WAIT * 2**attempt)
        raise AssertionError("the last try returns or raises")

    def job(self, job_id: str) -> TuningJob:
        """Where a job stands.

        Raises:
            ProviderError: refused or gone.
        """
        return self._job(self._call("GET", f"fine_tuning/jobs/{job_id}"))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _known(self, training: str) -> TuningJob | None:
        try:
            value = self._call("GET", "fine_tuning/jobs", params={"limit": "100"})
        except ProviderError as error:
            if error.reason == "gone":
                raise
            return None  # a server that lists no jobs; one that refuses everything says so to the next call
        listed = value.get("data") if isinstance(value, dict) else None
        for entry in listed if isinstance(listed, list) else []:
            job = self._job(entry)
            if job.training_file == training and job.status not in ("failed", "cancelled"):
                return job
        return None

    def _job(self, value: Any) -> TuningJob:
        tokens, error, seed = (
            value.get(k) if isinstance(value, dict) else None for k in ("trained_tokens", "error", "seed")
        )
        message = error.get("message") if isinstance(error, dict) else error
        model = value.get("fine_tuned_model") if isinstance(value, dict) else None
        return TuningJob(
            str(self._field(value, "id")),
            str(self._field(value, "status")),
            str(value.get("training_file") or ""),
            str(model) if model else None,
            tokens if isinstance(tokens, int) and tokens > 0 else None,
            self._hidden(str(message or "")),
            seed if isinstance(seed, int) else None,
        )

    def _field(self, value: Any, name: str) -> Any:
        if not isinstance(value, dict) or not value.get(name):
            raise ProviderError(
                f"{self.base.location} does not speak the fine-tuning API: its reply has no {name}.",
                "refused",
                hint="Check the address: it ends in /v1 as a rule.",
            )
        return value[name]

    def _call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        files: Any = None,
        params: dict[str, str] | None = None,
        tries: int = TRIES,
    ) -> Any:
        """The JSON of a reply."""
        wait, failure = 0.0, ProviderError("never asked", "gone")
        for attempt in range(tries):
            time.sleep(wait)
            wait = http_endpoint.FIRST_WAIT * 2**attempt
            try:
                reply = self._client.request(method, path, json=body, files=files, params=params)
            except httpx.HTTPError as error:
                failure = self._gone(words(error))
                continue
            if reply.status_code < 300:
                return self._json(reply)
            failure = self._refused(reply)
            if failure.reason != "gone":
                raise failure
            asked = retry_after(reply)
            wait = wait if asked is None else asked
        raise failure

    def _json(self, reply: httpx.Response) -> Any:
        try:
            return reply.json()
        except ValueError:
            return None

    def _gone(self, cause: str) -> ProviderError:
        return ProviderError(
            self._hidden(f"{self.base.location} does not answer: {cause}"),
            "gone",
            hint="A job that was begun goes on over there; run tailor compare again to wait for it.",
        )

    def _refused(self, reply: httpx.Response) -> ProviderError:
        said = self._hidden(refusal(reply))
        value = self._json(reply)
        error = value.get("error") if isinstance(value, dict) else None
        code = str(error.get("code") or "") if isinstance(error, dict) else ""
        if code in RETIRED_CODES or any(w in said.lower() for w in RETIRED_WORDS):
            return ProviderError(
                f"{self.base.name} is not offered for tuning: {said}",
                "retired",
                hint="Name a model that the provider tunes today, or tune an open one here with lora.",
            )
        if reply.status_code in RETRIED and code not in NO_MONEY:
            return ProviderError(
                said, "gone", hint="The provider is busy or in trouble. Run tailor compare again later."
            )
        return ProviderError(said, "refused", hint="Check the key, the quota and what the provider says of the rows.")

    def _hidden(self, text: str) -> str:
        return text.replace(self._key, "***") if self._key else text
