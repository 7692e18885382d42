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
        str, typer.Option("--host", help="Address to bind; others than this machine need a key in TAILOR_API_KEY.")
    ] = "127.0.0.1",
) -> None:
    """Serve the champion (and every other release by name) with the OpenAI API.

    Promotions and rollbacks are seen at once, without a restart.
    """
    from tailor.serving import serve as run

    def ready(url: str) -> None:
        out = console()
        out.print(f"[bold]{url}/v1[/]   model: champion   (Ctrl-C stops)")
        out.print(f"[dim]OpenAI(base_url='{url}/v1', api_key='none')[/]", soft_wrap=True)

    run(workspace, host=host, port=port, on_ready=ready)
