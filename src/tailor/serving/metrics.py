"""GET /metrics in Prometheus' text format. Labels are routes, releases and arms: never a user, key, prompt or id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tailor.serving.trace import Trace

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


class Metrics:
    """Counters of one server.

    Args:
        gauges: name -> (help, what to read when asked).
    """

    def __init__(self, gauges: dict[str, tuple[str, Callable[[], float]]]) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._registry: Any = CollectorRegistry()
        self._requests = Counter(
            "tailor_requests",
            "Requests by route, release, arm of an experiment and status.",
            ("route", "release", "arm", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "tailor_request_seconds", "To the last byte.", ("route",), buckets=SECONDS, registry=self._registry
        )
        self._first = Histogram(
            "tailor_time_to_first_token_seconds",
            "To the first text of an answer.",
            ("release",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._tokens = Counter("tailor_tokens", "Tokens.", ("release", "type"), registry=self._registry)
        self._refused = Counter("tailor_refused", "Requests refused.", ("reason",), registry=self._registry)
        self._inflight = Gauge("tailor_inflight", "Requests under way.", registry=self._registry)
        for name, (text, read) in gauges.items():
            Gauge(name, text, registry=self._registry).set_function(read)

    def began(self, _trace: Trace) -> None:
        """A request came."""
        self._inflight.inc()

    def ended(self, trace: Trace) -> None:
        """It was answered, or its client went."""
        self._inflight.dec()
        self.counted(trace)

    def counted(self, trace: Trace) -> None:
        """An answer, of a client's request or of its shadow."""
        route = trace.route or "other"
        arm = "shadow" if trace.shadow_of else trace.arm
        self._requests.labels(route, trace.release, arm, str(trace.status)).inc()
        self._seconds.labels(route).observe(trace.seconds)
        if trace.first_text is not None:
            self._first.labels(trace.release).observe(trace.first_text - trace.started)
        if trace.completion_tokens:
            self._tokens.labels(trace.release, "prompt").inc(trace.prompt_tokens)
            self._tokens.labels(trace.release, "completion").inc(trace.completion_tokens)
        if 400 <= trace.status < 500 and trace.code:
            self._refused.labels(trace.code).inc()

    def text(self) -> bytes:
        """The page."""
        from prometheus_client import generate_latest

        return bytes(generate_latest(self._registry))
