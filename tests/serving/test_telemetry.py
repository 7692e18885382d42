"""Traces: what a collector gets, with the SDK's own exporters."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tailor.errors import ConfigError
from tailor.serving import semantic_names
from tailor.serving.telemetry import Telemetry, provider_to

sdk = pytest.importorskip("opentelemetry.sdk.trace")

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def ask(url: str, question: str, **more: Any) -> httpx.Response:
    body = {"model": "champion", "messages": [{"role": "user", "content": question}], "max_tokens": 9, **more}
    headers = {"traceparent": CALLER} if more.get("user") == "traced" else {}
    return httpx.post(f"{url}/v1/chat/completions", json=body, headers=headers, timeout=30)


@pytest.fixture
def spans(workspace: Path, run_server: Any, rule_runtime: Any) -> Any:
    """What was exported for six requests; the server has ended, so all of it."""
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with run_server(workspace, rule_runtime(), telemetry=Telemetry(provider)) as url:
        ask(url, "a secret question", user="traced")
        ask(url, "a secret question", stream=True)
        ask(url, "crash")
        ask(url, "hi", model="nobody")
        httpx.get(f"{url}/healthz")
        httpx.get(f"{url}/nowhere")
    return exporter.get_finished_spans()


def test_spans_say_who_was_asked_and_never_what(spans: Any) -> None:
    from opentelemetry.trace import StatusCode

    assert [s.name for s in spans] == [
        "chat champion", "POST /v1/chat/completions",
        "chat champion", "POST /v1/chat/completions",
        "chat champion", "POST /v1/chat/completions",
        "POST /v1/chat/completions",
    ]  # fmt: skip
    model, request = spans[:2]
    assert model.parent.span_id == request.context.span_id
    # The caller's trace goes on.
    assert f"{request.context.trace_id:032x}" == CALLER[3:35]
    assert f"{request.parent.span_id:016x}" == CALLER[36:52]
    assert dict(request.attributes) == {"http.route": "/v1/chat/completions", "http.response.status_code": 200}
    found = dict(model.attributes)
    assert len(found.pop("gen_ai.response.id")) == 24
    assert found == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "tailor",
        "gen_ai.request.model": "champion",
        "gen_ai.request.max_tokens": 9,
        "gen_ai.response.model": "rag+lora@2",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.output_tokens": 4,
    }
    assert 0 < model.end_time - model.start_time == request.end_time - request.start_time
    assert spans[2].attributes["gen_ai.response.time_to_first_chunk"] > 0
    assert spans[3].parent is None
    crashed = spans[4]
    assert (crashed.status.status_code, crashed.attributes["error.type"]) == (StatusCode.ERROR, "model_error")
    assert spans[6].attributes["http.response.status_code"] == 404
    assert "secret" not in repr([s.to_json() for s in spans])


def test_names_are_those_of_the_conventions() -> None:
    """Compared with the constants that OpenTelemetry publishes."""
    from opentelemetry.semconv._incubating.attributes import gen_ai_attributes, http_attributes
    from opentelemetry.semconv.attributes import error_attributes

    published = {
        value
        for module in (gen_ai_attributes, http_attributes, error_attributes)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str)
    }
    ours = {v for n, v in vars(semantic_names).items() if n.isupper() and isinstance(v, str)}
    assert {name for name in ours if not name.startswith("tailor.")} <= published
    operations = {member.value for member in gen_ai_attributes.GenAiOperationNameValues}
    assert set(semantic_names.OPERATIONS.values()) <= operations


def test_they_reach_a_collector_that_was_named(workspace: Path, run_server: Any, rule_runtime: Any) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    got: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            got.append(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    collector = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, args=(0.01,), daemon=True).start()
    telemetry = Telemetry(provider_to(f"http://127.0.0.1:{collector.server_port}/v1/traces"))
    with run_server(workspace, rule_runtime(), telemetry=telemetry) as url:
        ask(url, "hi")
    collector.shutdown()
    collector.server_close()
    names = [
        span.name
        for body in got
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert names == ["chat champion", "POST /v1/chat/completions"]


def test_an_address_must_be_one() -> None:
    with pytest.raises(ConfigError, match="--traces: 'collector:4317'"):
        provider_to("collector:4317")
