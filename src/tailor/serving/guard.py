"""What every request must pass before a route sees it.

A server on a laptop is reachable from every web page its owner opens. A page can point its own host name at 127.0.0.1
(DNS rebinding), or post to http://127.0.0.1:8484 in the hope that nobody looks. So the Host header must be one of ours,
an Origin must be our own, and a body must be declared JSON, which a page cannot do across sites without asking first.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Collection, Mapping
from urllib.parse import SplitResult, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tailor.serving.keys import KeyRing
from tailor.serving.limits import Limits
from tailor.serving.problem import Problem
from tailor.serving.rules import Rule, rules_for

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Guard:
    """ASGI middleware: Host, Origin, rule, key, limits, content type; sets security headers.

    Args:
        app: what is guarded.
        hosts: names accepted in the Host header besides those of the loopback interface.
        any_address: accept any IP address as Host (a server bound to all interfaces; rebinding needs a name).
        ring: the keys that open it.
        limits: how often a key may ask and an address may guess.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: Collection[str] = (), any_address: bool = False, ring: KeyRing, limits: Limits
    ) -> None:
        self._app = app
        self._hosts = LOOPBACK | {host.lower() for host in hosts}
        self._any_address = any_address
        self._ring, self._limits = ring, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        answer = _with_headers(send, HEADERS)
        try:
            self._check(scope)
        except Problem as problem:
            scope["trace"].code = problem.code or ""
            await reply_problem(problem, answer)
            return
        await self._app(scope, receive, answer)

    def _check(self, scope: Scope) -> None:
        headers: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value.decode("latin-1"))
        self._check_host(headers.get(b"host", []))
        self._check_origin(headers.get(b"origin", []), headers[b"host"][0])
        rules = rules_for(scope["path"])
        rule = next((r for r in rules if r.method == scope["method"]), None)
        if rule is not None:
            scope["trace"].route = rule.path
        if rule is None or rule.scope is not None:
            self._check_key(scope, headers.get(b"authorization", []), rule)
        if rule is None:
            message = "This path does not take this method." if rules else "There is no such path."
            raise Problem(405 if rules else 404, message)
        if rule.body is not None:
            _check_content_type(headers.get(b"content-type", []), rule.body)

    def _check_host(self, values: list[str]) -> None:
        host = _host_name(values[0]) if len(values) == 1 else None
        if host is None or not (host in self._hosts or (self._any_address and _is_address(host))):
            raise Problem(
                403,
                "The Host header names none of this server's addresses.",
                code="host_not_allowed",
                kind="permission_error",
            )

    def _check_origin(self, values: list[str], host: str) -> None:
        for origin in values:
            parts = _split(origin)
            if parts is None or parts.scheme not in ("http", "https") or parts.netloc.lower() != host.lower():
                raise Problem(
                    403,
                    "Requests from pages of other sites are refused.",
                    code="origin_not_allowed",
                    kind="permission_error",
                )

    def _check_key(self, scope: Scope, values: list[str], rule: Rule | None) -> None:
        if self._ring.open:
            return
        address = str((scope.get("client") or ("",))[0])
        self._limits.check_address(address)
        scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
        key = self._ring.find(token.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            if token:
                self._limits.wrong_key(address)
            message = "Missing or wrong API key; send 'Authorization: Bearer <key>'."
            raise Problem(401, message, code="invalid_api_key", kind="authentication_error")
        scope["trace"].key, scope["trace"].usd_per_month = key.id, key.usd_per_month
        if rule is not None and rule.scope not in key.scopes:
            message = f"This key lacks the scope '{rule.scope}'."
            raise Problem(403, message, code="scope_missing", kind="permission_error")
        self._limits.check_key(key.id, key.per_minute)


def _check_content_type(values: list[str], wanted: str) -> None:
    if len(values) != 1 or values[0].split(";")[0].strip().lower() != wanted:
        raise Problem(415, f"The content type must be {wanted}.", code="unsupported_media_type")


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _host_name(value: str) -> str | None:
    """The name in a Host header without its port, None if it is malformed."""
    try:
        parts = urlsplit(f"//{value}")
        _ = parts.port
    except ValueError:
        return None
    plain = parts.netloc == value and "@" not in value and not (parts.path or parts.query or parts.fragment)
    return parts.hostname if plain else None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _with_headers(send: Send, headers: Mapping[str, str]) -> Send:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *raw]}
        await send(message)

    return answer


async def reply_problem(problem: Problem, send: Send) -> None:
    """An error reply below the level of routes."""
    body = json.dumps(problem.body()).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body)), **problem.headers()}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
