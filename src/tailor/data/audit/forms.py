"""Whether answers have one form: JSON, Markdown, full stops; and texts that were read in a wrong encoding."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping

from tailor.data.audit.contract import Finding, Material, at_most, plural

# A form that half of the answers have and half have not is what a model learns: at random.
MAX_OFF = 0.1
# Whether a few words end with a full stop says nothing.
SENTENCE = 8
_MARKDOWN = re.compile(r"(?m)^#{1,6} |^\s*[-*] \S|^\s*\d+\. \S|\*\*\S|^```")
# UTF-8 read as Latin-1 or Windows-1252, and the character that stands for an unreadable one.
_GARBLED = re.compile("\N{REPLACEMENT CHARACTER}|[ÃÂ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€[™œž\x9d“”¦]|ï»¿")


def form(material: Material) -> Iterator[Finding]:
    """Answers that are no JSON where most are; and of the other forms the least consistent one."""
    broken = [i for i in material.answered if not _is_json(material.rows[i].answer or "")]
    if len(broken) * 2 < len(material.answered):
        # One that is not is a mistake, however few there are.
        text = f"{plural(len(broken), 'answer is', 'answers are')} no valid JSON where most are."
        yield at_most("JSON", len(broken), 0, text, material.ids(broken), worse="bad")
    prose = [i for i in material.answered if _is_prose(material.rows[i].answer or "")]
    off = {name: _minority(material, prose, has) for name, has in _FORMS.items()}
    worst = max(off, key=lambda name: len(off[name]))
    text = f"{len(off[worst]):,} of {plural(len(prose), 'longer answer')} differ from most in whether they {worst}."
    rows = material.ids(off[worst])
    # Where no answer is a sentence there is nothing to be inconsistent about.
    yield at_most("answer form", len(off[worst]) / max(1, len(prose)), MAX_OFF, text, rows, unit="share")


def _minority(material: Material, places: list[int], has: Callable[[str], bool]) -> list[int]:
    having = [i for i in places if has(material.rows[i].answer or "")]
    return having if len(having) * 2 < len(places) else sorted(set(places) - set(having))


def garbled(material: Material) -> Iterator[Finding]:
    """Texts with characters that only a wrong encoding leaves behind."""
    places = [i for i, e in enumerate(material.rows) if _GARBLED.search(f"{e.question}\n{e.answer or ''}")]
    text = f"{plural(len(places), 'row was', 'rows were')} read in a wrong encoding at some time."
    yield at_most("garbled", len(places), 0, text, material.ids(places))


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_prose(text: str) -> bool:
    return len(text.split()) >= SENTENCE and text.lstrip()[:1] not in ("{", "[")


# What an answer may do, and how one sees it.
_FORMS: Mapping[str, Callable[[str], bool]] = {
    "use Markdown": lambda text: _MARKDOWN.search(text) is not None,
    "end with a full stop": lambda text: text.rstrip().rstrip("\"'”’)»").endswith((".", "!", "?", "。")),
    "begin with a capital": lambda text: not text.lstrip()[:1].islower(),
}
