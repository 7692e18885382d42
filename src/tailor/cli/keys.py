"""`tailor keys`: who may use the server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tailor.cli.common import JsonOption, WorkspaceOption, console, print_json, user

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Who may use the server.")


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Who or what it is for.")],
    workspace: WorkspaceOption = Path(),
    scope: Annotated[
        list[str] | None, typer.Option("--scope", help="chat, feedback, tune or metrics; all if left out.")
    ] = None,
    per_minute: Annotated[int | None, typer.Option("--per-minute", help="Requests a minute; left out: any.")] = None,
    usd_per_month: Annotated[
        float | None, typer.Option("--usd-per-month", help="What its answers may cost; left out: any.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key. It is shown once and stored nowhere; from then on every request needs one."""
    from tailor.serving.audit import audit
    from tailor.serving.keys import KeyStore
    from tailor.serving.rules import SCOPES

    key, token = KeyStore(workspace).add(name, scope or SCOPES, per_minute, usd_per_month)
    facts = {"name": name, "scopes": key.scopes, "per_minute": per_minute, "usd_per_month": usd_per_month}
    audit(workspace, "key added", user(), key=key.id, **facts)
    if as_json:
        print_json({"id": key.id, **facts, "key": token})
        return
    console().print(f"{token}", soft_wrap=True)
    console().print(f"[dim]Key {key.id} for {', '.join(key.scopes)}. It cannot be shown again.[/]", soft_wrap=True)


@app.command("list")
def list_keys(workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """List the keys, revoked ones too."""
    from rich.table import Table

    from tailor.serving.keys import KeyStore, serving_folder
    from tailor.serving.pricing import this_month
    from tailor.serving.spending import spent_by_key

    keys = KeyStore(workspace).keys()
    spent = spent_by_key(serving_folder(workspace) / "requests.db", this_month())
    if as_json:
        fields = ("id", "name", "scopes", "per_minute", "usd_per_month", "created", "revoked")
        print_json([{**{f: getattr(k, f) for f in fields}, "usd_this_month": spent.get(k.id, 0.0)} for k in keys])
        return
    if not keys:
        console().print("No key. The server is open to this machine, and to no other.")
        return
    table = Table("id", "name", "scopes", "a minute", "USD this month", "made", "revoked", box=None, pad_edge=False)
    for k in keys:
        limit = "-" if k.per_minute is None else str(k.per_minute)
        of = "" if k.usd_per_month is None else f" of {k.usd_per_month:g}"
        usd = f"{spent.get(k.id, 0.0):.2f}{of}"
        table.add_row(k.id, k.name, " ".join(k.scopes), limit, usd, k.created[:10], k.revoked[:10])
    console().print(table)


@app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(help="Name or id.")],
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Revoke a key; a running server refuses it from the next request."""
    from tailor.serving.audit import audit
    from tailor.serving.keys import KeyStore

    gone = KeyStore(workspace).revoke(key)
    audit(workspace, "key revoked", user(), key=gone.id, name=gone.name)
    if as_json:
        print_json({"id": gone.id, "name": gone.name, "revoked": gone.revoked})
    else:
        console().print(f"{gone.name} ({gone.id}) opens nothing any more.")
