"""The decision memo: one file a manager reads in a minute, and everything behind it below the fold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tailor.decision import pictures
from tailor.decision.memo_view import memo_view
from tailor.decision.table import verdict_in
from tailor.files import write_text

if TYPE_CHECKING:
    from jinja2 import Environment

# What Markdown or GitHub would read as markup: marks inside a sentence (`$` starts a formula), the end of a link's
# text, and what makes a list, heading, rule or table of a line's start.
MARKDOWN_MARKS = re.compile(r"([\\`*_|~$]|\](?=[(\[:])|^[-+=#\[]|(?<=^\d)[.)](?=\s|$)|(?<=^\d\d)[.)](?=\s|$))")
# Control characters and lone surrogates: no text, and not all of them can be written as UTF-8.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def write_report(results: Mapping[str, Any], path: Path) -> None:
    """Write the memo, as Markdown where the name ends in `.md`, else as HTML; the whole file or nothing."""
    write_text(path, render_markdown(results) if path.suffix == ".md" else render_html(results))


def render_html(results: Mapping[str, Any]) -> str:
    """The memo as one HTML page: no script, nothing fetched, all of the study's texts escaped."""
    from markupsafe import Markup

    clean = _clean(results)
    verdict = verdict_in(clean)
    # An arm that is only the best for the time being is not marked as chosen.
    chosen = None if verdict.kind == "not-enough-evidence" else verdict.arm
    compared = None if verdict.arm == clean.get("control") else verdict.arm
    against = pictures.forest_picture(clean, compared, chosen, "forest-chosen")
    drawn: dict[str, Any] = {
        "pareto": Markup(pictures.pareto_picture(clean, chosen)),
        "forest": Markup(pictures.forest_picture(clean, clean.get("control"), chosen)),
        "against": Markup(against),
        "break_even": Markup(pictures.break_even_picture(clean, chosen)),
        "cells": Markup(pictures.cells_picture(clean, chosen)),
        "curves": [Markup(p) for p in pictures.curve_pictures(clean)],
    }
    return _environment().get_template("report.html.j2").render(**memo_view(clean), pictures=drawn)


def render_markdown(results: Mapping[str, Any]) -> str:
    """The memo as Markdown (GitHub's dialect), the tables in place of the pictures."""
    return _environment().get_template("report.md.j2").render(**memo_view(_clean(results)))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("tailor.decision"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["md"] = escape_markdown
    environment.filters["tied"] = lambda text: str(text).replace(" %", "\N{NO-BREAK SPACE}%")
    return environment


def escape_markdown(text: object) -> str:
    """Any text as one line of Markdown that shows exactly that text: no markup, no HTML, no table bars."""
    line = " ".join(str(text).split())
    return MARKDOWN_MARKS.sub(r"\\\1", line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def _clean(value: Any) -> Any:
    """The results with every text free of characters that cannot be shown."""
    if isinstance(value, str):
        return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, Mapping):
        return {_clean(k): _clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(v) for v in value]
    return value
