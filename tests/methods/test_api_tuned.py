"""A model tuned by a provider: real servers on the loopback succeed, refuse, vanish and retire."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tuning_provider import Provider

from tailor.errors import ConfigError, StudyError
from tailor.methods import api_tuned
from tailor.methods.base import FitContext
from tailor.methods.compose import expand, fit_arm
from tailor.models import http_endpoint
from tailor.models.fine_tuning_api import ProviderError
from tailor.records import Base, Completion, Fitted, Message

Make = Callable[..., FitContext]
KEY = "sk-very-secret-0123456789"
REQUESTS = ("POST /files", "POST /fine_tuning/jobs", "GET /fine_tuning/jobs/ftjob-0")


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(http_endpoint, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(api_tuned, "FIRST_LOOK", 0.01)
    monkeypatch.setenv("ACME_KEY", KEY)
    provider = Provider()
    yield provider
    provider.stop()


def fit(provider: Provider, context: FitContext, **options: Any) -> Fitted:
    [arm] = expand("api-tuned", {"url": provider.url, "model": "acme-small", "key_env": "ACME_KEY", **options})
    return fit_arm(arm, context)


def count(provider: Provider, key: str) -> int:
    return sum(k == key for k, _, _ in provider.asked)


def test_rows_go_up_a_job_runs_and_its_model_answers(provider: Provider, context: Make) -> None:
    heard: list[str] = []
    fitting = context(progress=lambda _fraction, words: heard.append(words))
    fitted = fit(provider, fitting, epochs=3, system="Be brief.")
    model = fitted.adaptation.base.name
    assert model.startswith("ft:acme-small:acme::")
    assert fitted.adaptation.base == Base("endpoint", model, provider.url, model, "ACME_KEY")
    tokens = len(provider.files["file-0"]) // 4
    assert fitted.chosen == {"model": model, "trained_tokens": tokens}
    assert "job ftjob-0 running" in heard

    begun = next(body for key, _, body in provider.asked if key == "POST /fine_tuning/jobs")
    hyper = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3}}}
    assert begun == {"model": "acme-small", "training_file": "file-0", "validation_file": "file-1", "seed": 0,
                     "suffix": "tailor", "method": hyper}  # fmt: skip
    rows = [json.loads(line)["messages"] for line in provider.files["file-0"].splitlines()]
    assert len(rows) == len(fitting.train)
    assert rows[0] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Colour of Ada?"},
        {"role": "assistant", "content": "red"},
    ]
    asked = [(Message("user", "Colour of Bo?"),), (Message("user", "And?"),)]
    answers = fitting.runtime.answer(fitted.adaptation, asked)
    assert [a.text for a in answers if isinstance(a, Completion)] == ["green", "I was not told."]
    assert all(headers["authorization"] == f"Bearer {KEY}" for _, headers, _ in provider.asked)


def test_the_same_data_is_paid_for_once(provider: Provider, context: Make) -> None:
    fitting = context()
    assert fit(provider, fitting).adaptation == fit(provider, fitting).adaptation
    assert count(provider, "POST /fine_tuning/jobs") == 1
    assert fit(provider, context(seed=1)).adaptation != fit(provider, fitting).adaptation
    assert count(provider, "POST /fine_tuning/jobs") == 2


def test_a_reply_that_was_lost_starts_no_second_job(provider: Provider, context: Make) -> None:
    provider.drop = ["POST /fine_tuning/jobs", "GET /fine_tuning/jobs/ftjob-0"]
    assert fit(provider, context()).adaptation.base.name == provider.jobs["ftjob-0"]["fine_tuned_model"]
    assert len(provider.jobs) == 1


def test_a_fit_that_was_cut_off_goes_on_with_its_job(provider: Provider, context: Make) -> None:
    provider.looks = 10**9
    with pytest.raises(ProviderError, match="not ended within 1e-06 hours") as found:
        fit(provider, context(), hours=1e-6)
    assert found.value.reason == "gone"
    provider.looks = 1
    assert fit(provider, context()).adaptation.base.name == provider.jobs["ftjob-0"]["fine_tuned_model"]
    assert len(provider.jobs) == 1
    assert count(provider, "POST /files") == 2


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize(
    ("status", "error", "reason", "words"),
    [
        (401, {"message": f"Incorrect API key provided: {KEY}"}, "refused", r"401: Incorrect API key provided: \*\*\*"),
        (429, {"message": "You exceeded your quota.", "code": "insufficient_quota"}, "refused", "exceeded your quota"),
        (400, {"message": "Line 3 has no assistant."}, "refused", "Line 3 has no assistant"),
        (503, {"message": "Overloaded."}, "gone", "503: Overloaded"),
        (404, {"message": "No such model.", "code": "model_not_found"}, "retired", "acme-small is not offered"),
        (400, {"message": "acme-small was deprecated on 1 May."}, "retired", "deprecated on 1 May"),
    ],
)
def test_what_a_provider_refuses_is_said(
    request_: str, status: int, error: dict[str, Any], reason: str, words: str, provider: Provider, context: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(api_tuned, "AWAY", 0.0)
    provider.refuse = {request_: (status, error)}
    with pytest.raises(ProviderError, match=words) as found:
        fit(provider, context())
    assert found.value.reason == reason
    assert KEY not in str(found.value)
    provider.refuse = {}
    assert fit(provider, context()).adaptation.base.name.startswith("ft:"), "put right, it goes on"
    assert len(provider.jobs) == 1


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_job_that_ends_without_a_model_is_told_and_begun_anew(status: str, provider: Provider, context: Make) -> None:
    provider.end = {"status": status, "error": {"code": "invalid", "message": "The file has too few rows."}}
    with pytest.raises(ProviderError, match=f"ended as {status}: The file has too few rows") as found:
        fit(provider, context())
    assert found.value.reason == "failed"
    provider.end = {"status": "succeeded", "error": None}
    assert fit(provider, context()).adaptation.base.name == provider.jobs["ftjob-1"]["fine_tuned_model"]


def test_a_provider_that_is_away_for_a_while_is_waited_for(provider: Provider, context: Make) -> None:
    provider.looks = 3
    away = threading.Event()

    def stop_once(_fraction: float, words: str) -> None:
        if "running" in words and not away.is_set():
            away.set()
            provider.stop()
            threading.Timer(0.5, provider.start).start()

    assert (
        fit(provider, context(progress=stop_once)).adaptation.base.name == provider.jobs["ftjob-0"]["fine_tuned_model"]
    )
    assert len(provider.jobs) == 1
    assert away.is_set()


def test_a_provider_that_vanishes_is_given_up_and_the_job_kept(
    provider: Provider, context: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_tuned, "AWAY", 0.05)
    provider.looks = 10**9
    with pytest.raises(ProviderError, match="does not answer") as found:
        fit(provider, context(progress=lambda _f, words: provider.stop() if "running" in words else None))
    assert found.value.reason == "gone"
    assert "run tailor compare again" in str(found.value)
    provider.start()
    provider.looks = 1
    assert fit(provider, context()).adaptation.base.name == provider.jobs["ftjob-0"]["fine_tuned_model"]
    assert len(provider.jobs) == 1


def test_rows_leave_the_machine_only_where_that_was_said(context: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", KEY)
    [arm] = expand("api-tuned", {"url": "https://api.acme.example/v1", "model": "m", "key_env": "ACME_KEY"})
    with pytest.raises(
        ConfigError, match=r"20 questions with their answers would be sent to https://api.acme.example/v1"
    ):
        fit_arm(arm, context())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epochs": 0}, "epochs must be from 1 to 100, found 0"),
        ({"hours": 0}, "hours must be from above 0 to 720"),
        ({"usd_per_million": -1}, "usd_per_million must be 0 or more"),
        ({"url": ""}, "option 'url' is missing"),
    ],
)
def test_options_that_cannot_be_meant(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        expand("api-tuned", {"url": "http://127.0.0.1:1/v1", "model": "m", **options})


def test_what_it_cost_is_counted_and_unknown_is_not_free(provider: Provider, context: Make) -> None:
    class Meter:
        portion = None

        def __init__(self) -> None:
            self.usd: list[float | None] = []
            self.most: list[float | None] = []

        def admit(self, base: Base, requests: Any) -> None: ...
        def admit_tuning(self, base: Base, most: float | None) -> None:  # noqa: ARG002
            self.most.append(most)

        def count(self, base: Base, answers: Any) -> None: ...
        def paid(self, base: Base, usd: float | None) -> None:  # noqa: ARG002
            self.usd.append(usd)

    for price in (None, 25.0):
        fitting = context(seed=7 if price else 8)
        fitting.runtime.meter = meter = Meter()
        fitted = fit(provider, fitting, usd_per_million=price, epochs=3)
        tokens = fitted.chosen["trained_tokens"]
        assert isinstance(tokens, int)
        assert meter.usd == [None if price is None else pytest.approx(25.0 * tokens / 1e6)]
        sent = len(next(f for f in provider.files.values() if b"Ada" in f).decode())
        assert meter.most == [None if price is None else pytest.approx(3 * 25.0 * (sent // 2) / 1e6)]
        fit(provider, fitting, usd_per_million=price, epochs=3)
        assert len(meter.most) == 1, "what was paid for is not asked for again"


def test_what_no_budget_admits_is_not_sent(provider: Provider, context: Make) -> None:
    class Meter:
        def admit_tuning(self, base: Base, most: float | None) -> None:
            raise StudyError(f"{base.name} {most}")

    fitting = context()
    fitting.runtime.meter = Meter()
    with pytest.raises(StudyError, match="acme-small None"):
        fit(provider, fitting, usd_per_million=25.0)
    assert provider.asked == []
