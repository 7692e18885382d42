"""OpenTelemetry traces: a span for every request, and one inside it for the model's part. Off unless asked for.

Spans are made when a request has ended, from what is known of it then: nothing is added to the path of an answer. They
say what was asked of whom and how long it took, never what was said.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tailor.errors import ConfigError, MissingDependency
from tailor.serving import semantic_names as names
from tailor.serving.trace import Trace

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

QUIET = ("", "/healthz", "/readyz", "/metrics")
"""Routes that are asked every few seconds and say nothing; "" is what no route took."""


def provider_to(url: str) -> TracerProvider:
    """Sends spans to an OTLP collector over HTTP, in batches, from a thread of its own; a full queue drops some.

    Args:
        url: like http://127.0.0.1:4318/v1/traces.

    Raises:
        MissingDependency: the extra `traces` is not installed.
        ConfigError: the address is not an http:// or https:// one.
    """
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"--traces: '{url}' is not an http:// or https:// address.")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise MissingDependency("Traces", "traces") from None
    provider = TracerProvider(resource=Resource.create({"service.name": "tailor"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
    return provider


class Telemetry:
    """Makes spans of requests that have ended.

    Args:
        provider: where they go.
    """

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("tailor.serving")

    def ended(self, trace: Trace) -> None:
        """The spans of a request. The caller's own trace goes on where it sent a `traceparent` (W3C Trace Context)."""
        from opentelemetry import trace as api
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        if trace.route in QUIET:
            return
        end = time.time_ns()
        start = end - round(trace.seconds * 1e9)
        caller = TraceContextTextMapPropagator().extract({"traceparent": trace.traceparent})
        span = self._tracer.start_span(
            f"{trace.method} {trace.route}", caller, api.SpanKind.SERVER, _of_request(trace), start_time=start
        )
        operation = names.OPERATIONS.get(trace.route)
        if operation and trace.release:
            inside = api.set_span_in_context(span)
            attributes = _of_model(trace, operation)
            title = f"{operation} {trace.model}"
            model = self._tracer.start_span(title, inside, api.SpanKind.INTERNAL, attributes, start_time=start)
            _failed(model, trace)
            model.end(end)
        _failed(span, trace)
        span.end(end)

    def close(self) -> None:
        """Send what is queued."""
        self._provider.shutdown()


def _failed(span: Any, trace: Trace) -> None:
    from opentelemetry.trace import StatusCode

    if trace.status >= 500 or (trace.status == 200 and trace.code):
        span.set_attribute(names.ERROR, trace.code or str(trace.status))
        span.set_status(StatusCode.ERROR)


def _of_request(trace: Trace) -> dict[str, Any]:
    values = {names.HTTP_ROUTE: trace.route, names.HTTP_STATUS: trace.status, names.KEY: trace.key}
    return {name: value for name, value in values.items() if value}


def _of_model(trace: Trace, operation: str) -> dict[str, Any]:
    first = None if trace.first_text is None else trace.first_text - trace.started
    values = {
        names.OPERATION: operation,
        names.PROVIDER: "tailor",
        names.REQUEST_MODEL: trace.model,
        names.REQUEST_MAX_TOKENS: trace.max_new_tokens,
        names.REQUEST_CHOICES: trace.n if trace.n > 1 else None,
        names.REQUEST_STREAM: trace.stream or None,
        names.RESPONSE_ID: trace.id,
        names.RESPONSE_MODEL: trace.release,
        names.RESPONSE_FINISH: (trace.finish,) if trace.finish else None,
        names.RESPONSE_FIRST_CHUNK: first if trace.stream else None,
        names.INPUT_TOKENS: trace.prompt_tokens or None,
        names.OUTPUT_TOKENS: trace.completion_tokens or None,
        names.EXPERIMENT: trace.experiment or None,
        names.ARM: trace.arm or None,
        names.PHASE: trace.phase or None,
        names.SHADOW_OF: trace.shadow_of or None,
        names.COST: trace.usd,
    }
    return {name: value for name, value in values.items() if value is not None}
