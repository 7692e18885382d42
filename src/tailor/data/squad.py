"""JSON files that are one object: SQuAD's articles with their questions, and rows below the key `data`.

SQuAD (Rajpurkar et al. 2016, 2018): {"data": [{"title", "paragraphs": [{"context", "qas": [{"id", "question",
"answers": [{"text"}], "is_impossible"}]}]}]}.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tailor.data.opening import Unusable
from tailor.data.rows import Row, Torn, shown
from tailor.errors import Problem

EXPECTED = "a list of JSON objects, or a SQuAD file"
# Not a question that is quoted in a text: its quotation marks have a backslash.
_QUESTION = re.compile(r'(?<!\\)"question"\s*:')


@dataclass(frozen=True)
class Article:
    """One article: its name in references (`xquad.en.json/Warsaw`), its title and its paragraphs."""

    path: str
    title: str
    paragraphs: tuple[str, ...]


def iter_squad(text: str, name: str, decoder: json.JSONDecoder) -> Iterator[Row | Torn]:
    """The questions of a SQuAD file, each with its paragraph as `source`, or the rows below `data`.

    Raises:
        Unusable: no such file.
    """
    data = _data(text, name, decoder)
    if not _is_squad(data):
        for n, row in enumerate(data, 1):
            problem = Problem(name, n, None, shown(row), "a JSON object")
            yield Row(n, row) if isinstance(row, dict) else Torn(problem, json.dumps(row, ensure_ascii=False))
        return
    rows = list(_questions(data, name))
    lines = _lines(text)
    for n, row in enumerate(rows):
        line = lines[n] if len(lines) == len(rows) else n + 1
        problem = Problem(name, line, None, shown(row), "a question with its answers")
        yield Row(line, row) if isinstance(row, dict) else Torn(problem, json.dumps(row, ensure_ascii=False))


def articles(text: str, name: str) -> list[Article] | None:
    """The articles of a SQuAD file as documents; None where it is none."""
    try:
        data = _data(text, name, json.JSONDecoder())
    except Unusable:
        return None
    if not _is_squad(data):
        return None
    found = []
    for n, article in enumerate(data):
        paragraphs = tuple(_context(p) for p in article["paragraphs"])
        found.append(Article(_article_path(article, n, name), str(article.get("title") or f"{n + 1}"), paragraphs))
    return found


def _data(text: str, name: str, decoder: json.JSONDecoder) -> list[Any]:
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        found, hint = f"{error.msg} at column {error.colno}", ""
        if error.msg == "Extra data":
            found, hint = shown(text.strip()[:60]), "one object per line belongs in a .jsonl file"
        raise Unusable(Problem(name, error.lineno, None, found, EXPECTED, hint)) from None
    except (ValueError, RecursionError) as error:
        raise Unusable(Problem(name, 1, None, str(error) or "too deeply nested", "valid JSON")) from None
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, list):
        hint = "one object per line belongs in a .jsonl file"
        raise Unusable(Problem(name, 1, None, shown(text.strip()[:60]), EXPECTED, hint))
    return data


def _is_squad(data: list[Any]) -> bool:
    return bool(data) and all(isinstance(a, dict) and isinstance(a.get("paragraphs"), list) for a in data)


def _context(paragraph: Any) -> str:
    return str(paragraph.get("context") or "") if isinstance(paragraph, dict) else ""


def _article_path(article: Mapping[str, Any], number: int, name: str) -> str:
    return f"{name}/{article.get('title') or number + 1}"


def _questions(data: Sequence[Mapping[str, Any]], name: str) -> Iterator[Any]:
    for a, article in enumerate(data):
        for p, paragraph in enumerate(article["paragraphs"], 1):
            asked = paragraph.get("qas") if isinstance(paragraph, dict) else None
            if not isinstance(asked, list):
                yield paragraph
                continue
            for question in asked:
                yield _question(question, f"{_article_path(article, a, name)}#{p}")


def _question(question: Any, source: str) -> Any:
    if not isinstance(question, dict) or not isinstance(question.get("answers"), list):
        return question
    texts = [a.get("text") if isinstance(a, dict) else a for a in question["answers"]]
    row = {k: v for k, v in question.items() if k in ("id", "question")}
    none = not texts and question.get("is_impossible") is not False
    return {**row, "answers": None if none else list(dict.fromkeys(texts)), "source": source}


def _lines(text: str) -> list[int]:
    """The line of each question."""
    lines, line, counted = [], 1, 0
    for match in _QUESTION.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        lines.append(line)
    return lines
