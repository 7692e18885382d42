"""`tailor serve`: the champion behind an OpenAI-compatible door."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tailor.cli.common import WorkspaceArgument, console


def serve(
    workspace: WorkspaceArgument = Path(),
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="TCP port; 0 takes a free one.")] = 8484,
    host: Annotated[
        str, typer.Option("--host", help="Address to bind; others than this machine need a key (tailor keys).")
    ] = "127.0.0.1",
    log_contents: Annotated[
        bool, typer.Option("--log-contents", help="Keep what was asked and answered, personal data masked.")
    ] = False,
    no_scrub: Annotated[bool, typer.Option("--no-scrub", help="With --log-contents: mask nothing.")] = False,
    keep_days: Annotated[int, typer.Option("--keep-days", min=1, help="Days that the request log keeps.")] = 30,
    access_log: Annotated[
        bool, typer.Option("--access-log", help="A line of JSON per request on standard error.")
    ] = False,
    allow_host: Annotated[
        list[str] | None, typer.Option("--allow-host", help="A name that clients call this server by, of a proxy, say.")
    ] = None,
    traces: Annotated[
        str | None, typer.Option("--traces", help="Send OpenTelemetry traces to this OTLP address; left out: none.")
    ] = None,
) -> None:
    """Serve the champion (and every other release by name) with the OpenAI API.

    Promotions and rollbacks are seen at once, without a restart.
    """
    from tailor.serving import serve as run
    from tailor.serving.request_log import LogSettings

    def ready(url: str) -> None:
        out = console()
        out.print(f"[bold]{url}/v1[/]   model: champion   (Ctrl-C stops)")
        out.print(f"[dim]OpenAI(base_url='{url}/v1', api_key='none')[/]", soft_wrap=True)

    settings = LogSettings(log_contents, not no_scrub, keep_days)
    run(
        workspace,
        host=host,
        port=port,
        log_settings=settings,
        access_log=access_log,
        traces=traces,
        names=allow_host or (),
        on_ready=ready,
    )
