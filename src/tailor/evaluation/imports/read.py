"""Read answers from a file, whatever program wrote it. The form is told by what is in it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tailor.data.opening import Unusable
from tailor.data.rows import Row, iter_rows
from tailor.errors import DataError, Problem

ITEM = ("id", "item", "item_id", "example_id", "doc_id")
QUESTION = ("question", "prompt", "input", "query")
ANSWER = ("answer", "prediction", "completion", "output", "response", "generated")
FORMS = "a table with id or question and answer (.csv, .tsv, .jsonl, .json), or a log of Inspect, lm-eval or promptfoo"


@dataclass(frozen=True)
class Prediction:
    """One answer. `item` and `question` say what it answers; at least one of them is there. `text` is None where the
    other program failed, then `error` says why. Tokens and seconds are 0 where nobody counted them."""

    item: str | None
    question: str | None
    text: str | None
    error: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0


def read_predictions(path: Path, name: str) -> list[Prediction]:
    """All answers of a file, in its order.

    Args:
        name: how the file is called in messages.

    Raises:
        DataError: it cannot be read, is of no known form, or has rows without an answer; all problems at once.
    """
    if path.suffix.lower() == ".eval":
        return _inspect_zip(path, name)
    if path.suffix.lower() == ".json":
        value = _json(path, name)
        if isinstance(value, dict):
            return _log(value, name)
    found: list[Prediction] = []
    problems: list[Problem] = []
    for row in _rows(path, name):
        if isinstance(row, Problem):
            problems.append(row)
            continue
        made = _lm_eval(row.values) if "filtered_resps" in row.values else _row(row.values, name, row.line)
        if isinstance(made, Problem):
            problems.append(made)
        else:
            found.append(made)
    if problems:
        raise DataError(f"{name} cannot be used: {len(problems)} problems.", problems=tuple(problems))
    return found


def _rows(path: Path, name: str) -> Iterator[Row | Problem]:
    try:
        for row in iter_rows(path, name):
            yield row if isinstance(row, Row) else row.problem
    except Unusable as error:
        yield error.problem


def _json(path: Path, name: str) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name} is not valid JSON: {error}.") from None


def _log(value: Mapping[str, Any], name: str) -> list[Prediction]:
    try:
        if isinstance(value.get("samples"), list):
            return [_inspect(s) for s in value["samples"] if s.get("epoch", 1) == 1]
        results = value.get("results")
        rows = results.get("results") if isinstance(results, dict) else results
        if isinstance(rows, list) and rows and "response" in rows[0]:
            return _promptfoo(rows, name)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise DataError(f"{name} is not a log as Tailor knows it: {type(error).__name__}: {error}.") from None
    raise DataError(f"{name} is of no known form.", hint=f"Expected {FORMS}.")


def _inspect_zip(path: Path, name: str) -> list[Prediction]:
    """An .eval file is a zip archive with one JSON file a sample."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(n for n in archive.namelist() if n.startswith("samples/") and n.endswith(".json"))
            samples = [json.loads(archive.read(n)) for n in members]
            return [_inspect(s) for s in samples if s.get("epoch", 1) == 1]
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror or error}.") from None
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise DataError(f"{name} is not an Inspect log: {error}.") from None


def _inspect(sample: Mapping[str, Any]) -> Prediction:
    output = sample.get("output") or {}
    usage = output.get("usage") or {}
    text = output.get("completion")
    if text is None and output.get("choices"):
        text = _content(output["choices"][0]["message"]["content"])
    asked = sample.get("input")
    if isinstance(asked, list):
        asked = next((_content(m["content"]) for m in reversed(asked) if m.get("role") == "user"), None)
    error = sample.get("error")
    cause = str(error.get("message") if isinstance(error, dict) else error or "")
    return Prediction(
        str(sample["id"]),
        asked,
        None if error or text is None else text,
        cause or ("" if text is not None else "no output in the log"),
        int(usage.get("input_tokens") or 0),
        int(usage.get("output_tokens") or 0),
        float(output.get("time") or 0.0),
    )


def _content(content: Any) -> str:
    """The text of a message: a string, or parts of which some are text."""
    if isinstance(content, str):
        return content
    return "".join(str(p.get("text") or "") for p in content if p.get("type") == "text")


def _lm_eval(row: Mapping[str, Any]) -> Prediction | Problem:
    """A line of `samples_<task>_<time>.jsonl` (written with --log_samples) of a generation task."""
    doc = row.get("doc")
    document: Mapping[str, Any] = doc if isinstance(doc, Mapping) else {}
    responses = row.get("filtered_resps") or row.get("resps")
    first = responses[0] if isinstance(responses, list) and responses else None
    if isinstance(first, list):
        likelihood = len(first) == 2 and str(first[1]) in ("True", "False")  # (log-likelihood, is it the greedy one)
        first = None if likelihood or not first else first[0]
    item = _first(document, ("id", "item", "item_id")) or row.get("doc_id")
    text = first if isinstance(first, str) else None
    why = "" if text is not None else "no generated text: likelihoods of a multiple-choice task are not answers"
    return Prediction(str(item), _first(document, QUESTION), text, why)


def _promptfoo(rows: list[Mapping[str, Any]], name: str) -> list[Prediction]:
    sources = list(dict.fromkeys((_provider(r), r.get("promptIdx")) for r in rows))
    if len(sources) > 1:
        found = ", ".join(f"{provider} (prompt {prompt})" for provider, prompt in sources[:6])
        raise DataError(
            f"{name} has answers of {len(sources)} providers or prompts: {found}.",
            hint="One file is one arm: run promptfoo with one of them (--filter-providers, --filter-prompts).",
        )
    return list(_promptfoo_rows(rows))


def _promptfoo_rows(rows: list[Mapping[str, Any]]) -> Iterator[Prediction]:
    for row in rows:
        variables, response = row.get("vars") or {}, row.get("response") or {}
        usage, output = response.get("tokenUsage") or {}, response.get("output")
        text = output if isinstance(output, str) or output is None else json.dumps(output, ensure_ascii=False)
        error = str(response.get("error") or "") or ("" if text is not None else str(row.get("error") or "no output"))
        yield Prediction(
            _first(variables, ITEM),
            _first(variables, QUESTION),
            None if error else text,
            error,
            int(usage.get("prompt") or 0),
            int(usage.get("completion") or 0),
            float(row.get("latencyMs") or 0.0) / 1000,
        )


def _provider(row: Mapping[str, Any]) -> str:
    provider = row.get("provider")
    return str(provider.get("id") if isinstance(provider, Mapping) else provider)


def _row(values: Mapping[str, object], name: str, line: int) -> Prediction | Problem:
    item, question = _first(values, ITEM), _first(values, QUESTION)
    columns = ", ".join(map(str, values))
    if item is None and question is None:
        return Problem(name, line, None, f"columns {columns}", "a column id or question", "name the test item")
    key = next((k for k in ANSWER if k in values), None)
    if key is None:
        return Problem(name, line, None, f"columns {columns}", f"a column {', '.join(ANSWER)}")
    text = values[key]
    try:
        read, written = (int(float(str(values.get(k) or 0))) for k in ("prompt_tokens", "completion_tokens"))
        seconds = float(str(values.get("seconds") or 0)) or float(str(values.get("latency_ms") or 0)) / 1000
    except ValueError as error:
        return Problem(name, line, "tokens or seconds", str(error), "a number, or nothing")
    known = None if text is None else str(text)
    return Prediction(
        item, question, known, "" if known is not None else "no answer in the file", read, written, seconds
    )


def _first(values: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((str(values[n]) for n in names if values.get(n) not in (None, "")), None)
