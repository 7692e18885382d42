"""Running the gateway: where it may listen, and how it stops."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tailor.errors import ConfigError, MissingDependency
from tailor.serving.keys import KeyStore

if TYPE_CHECKING:
    from tailor.serving.request_log import LogSettings
    from tailor.serving.warm import RuntimeFactory

KEY_VARIABLE = "TAILOR_API_KEY"
SHORTEST_KEY = 16
DRAIN_SECONDS = 30


def serve(
    workspace: Path,
    host: str = "127.0.0.1",
    port: int = 8484,
    *,
    model: str = "champion",
    runtime_factory: RuntimeFactory | None = None,
    log_settings: LogSettings | None = None,
    access_log: bool = False,
    traces: str | None = None,
    names: Sequence[str] = (),
    on_ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve until SIGINT or SIGTERM; requests under way get 30 s to finish.

    Args:
        host: a loopback address, unless the workspace has keys or the environment variable TAILOR_API_KEY holds one,
            which every request must then bring. There is no TLS here: put a proxy in front where the network is not
            trusted.
        port: 0 for any free one.
        model: the release that answers where a request names none.
        log_settings: what is kept of requests.
        access_log: a line of JSON on standard error for every request.
        traces: address of an OTLP collector; None sends no traces.
        names: what clients may call this server besides its own addresses: of a proxy in front, of a service.
        on_ready: told the URL once connections are accepted.

    Raises:
        ConfigError: the address may not or cannot be used, or `model` names no release.
        MissingDependency: uvicorn is not installed.
    """
    try:
        import uvicorn

        from tailor.serving.gateway import create_app
        from tailor.serving.logs import log_to_stderr
        from tailor.serving.telemetry import Telemetry, provider_to
    except ImportError:
        raise MissingDependency("Serving", "serve") from None
    key = _key(host, workspace)
    log_to_stderr(access=access_log)
    app = create_app(
        workspace,
        model=model,
        runtime_factory=runtime_factory,
        hosts=_names(host) | set(names),
        any_address=_is_wildcard(host),
        api_key=key,
        log_settings=log_settings,
        warm_up=runtime_factory is None,
        telemetry=None if traces is None else Telemetry(provider_to(traces)),
    )
    config = uvicorn.Config(
        app,
        # Our own log lines go to the root logger; an access log would tell who asked when.
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=DRAIN_SECONDS,
        timeout_keep_alive=60,
    )
    server = uvicorn.Server(config)
    with _listening(host, port) as listener, _stopping_calmly(server):
        bound = listener.getsockname()[1]
        on_ready(f"http://{f'[{host}]' if ':' in host else host}:{bound}")
        server.run(sockets=[listener])


def _key(host: str, workspace: Path) -> str | None:
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if key and len(key) < SHORTEST_KEY:
        raise ConfigError(
            f"{KEY_VARIABLE} has {len(key)} characters; expected {SHORTEST_KEY} or more.",
            hint='Make one: python -c "import secrets; print(secrets.token_urlsafe(32))"',
        )
    if not key and not _is_loopback(host) and not KeyStore(workspace).keys():
        raise ConfigError(
            f"{host} is reachable from other machines, and no key protects it.",
            hint=f"Make one: tailor keys add NAME. Or set {KEY_VARIABLE}, or use --host 127.0.0.1.",
        )
    return key or None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_wildcard(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _names(host: str) -> set[str]:
    """What clients may call this server: the bound host, and the machine's own name where it listens to everybody."""
    return {socket.gethostname(), socket.getfqdn()} if _is_wildcard(host) else {host}


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except (OSError, OverflowError) as error:
            raise ConfigError(
                f"cannot listen on {host} port {port}: {error}.",
                hint="Another server may be running there; choose another --port.",
            ) from None
        listener.listen(128)
        yield listener


@contextmanager
def _stopping_calmly(server: Any) -> Iterator[None]:
    """uvicorn drains on SIGINT and SIGTERM and then raises the signal again, which would end the process with an error
    code although everything went as asked. A signal that comes before uvicorn listens for it counts too."""

    def stop(_number: int, _frame: object) -> None:
        server.should_exit = True

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {s: signal.signal(s, stop) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
