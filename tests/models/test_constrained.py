"""Answers of a given form, by a random local model and by a server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loopback import Server, delta, events, good

from tailor.errors import ConfigError, ModelError
from tailor.models import Request
from tailor.models.constraining import grammar, pattern
from tailor.models.openai_endpoint import OpenAIEndpoint
from tailor.models.transformers_engine import TransformersEngine
from tailor.records import Base, Completion, Constraint, Failure, Generation, Message
from tiny_models import make_adapter

QUESTIONS = ["Colour of Ada?", "Which colour does Jo like best of all?", "Bo: favourite colour", "x", "Say it."]
WORDS = ["red", "red wine", "a.b*c", "in (two) parts / or [more]", 'It\'s "so" – or\tnot', "I don't know."]
CHOICE = Constraint("choice", json.dumps(WORDS))
REGEX = Constraint("regex", r"[A-Z]{2}-\d{3}(/[a-f]{1,3})?")
SCHEMA = {
    "type": "object",
    "properties": {"colour": {"enum": ["red", "blue"]}, "n": {"type": "integer", "minimum": 0, "maximum": 99},
                   "sure": {"type": "boolean"}},
    "required": ["colour", "n", "sure"],
    "additionalProperties": False,
}  # fmt: skip
JSON = Constraint("json-schema", json.dumps(SCHEMA))


def request(question: str, constraint: Constraint | None, **settings: Any) -> Request:
    return Request(
        (Message("user", question),), Generation(**{"max_new_tokens": 60, **settings}), constraint=constraint
    )


def texts(answers: list[Completion | Failure]) -> list[str]:
    assert all(isinstance(a, Completion) for a in answers), answers
    return [a.text for a in answers if isinstance(a, Completion)]


def keeps_to(constraint: Constraint, text: str) -> bool:
    import jsonschema

    if constraint.kind == "choice":
        return text in json.loads(constraint.text)
    if constraint.kind == "regex":
        return re.fullmatch(constraint.text, text) is not None
    jsonschema.validate(json.loads(text), json.loads(constraint.text))
    return True


@pytest.mark.parametrize("constraint", [CHOICE, REGEX, JSON], ids=["choice", "regex", "schema"])
@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_a_random_model_keeps_to_the_form(
    constraint: Constraint, temperature: float, engine: TransformersEngine
) -> None:
    asked = [request(q, constraint, temperature=temperature, seed=n) for n, q in enumerate(QUESTIONS)]
    answers = engine.answer(asked)
    assert all(a.finish == "stop" for a in answers if isinstance(a, Completion))
    assert all(keeps_to(constraint, text) for text in texts(answers))


@pytest.mark.parametrize("word", WORDS)
def test_every_choice_can_be_written(word: str, engine: TransformersEngine) -> None:
    only = Constraint("choice", json.dumps([word]))
    assert texts(engine.answer([request("Colour of Ada?", only)])) == [word]


def test_rows_of_one_batch_have_constraints_of_their_own(engine: TransformersEngine) -> None:
    mixed: list[Constraint | None] = [None, CHOICE, REGEX, None, JSON]
    asked = [request(q, c, max_new_tokens=30) for q, c in zip(QUESTIONS, mixed, strict=True)]
    together = texts(engine.answer(asked))
    assert together == [texts(engine.answer([r]))[0] for r in asked]
    free = texts(engine.answer([request(q, None, max_new_tokens=30) for q in QUESTIONS]))
    assert (together[0], together[3]) == (free[0], free[3])


def test_a_stream_keeps_to_the_form_and_is_the_answer(engine: TransformersEngine) -> None:
    asked = request(QUESTIONS[1], JSON)
    *pieces, last = engine.stream(asked)
    assert isinstance(last, Completion)
    assert "".join(str(p) for p in pieces) == last.text == texts(engine.answer([asked]))[0]


def test_log_probabilities_are_of_what_may_be_said(engine: TransformersEngine) -> None:
    asked = Request((Message("user", "Colour of Ada?"),), Generation(), None, 5, Constraint("choice", '["red"]'))
    [answer] = engine.answer([asked])
    assert isinstance(answer, Completion)
    assert len(answer.logprobs) > 0
    assert all(t.logprob <= 1e-6 and t.top for t in answer.logprobs)
    assert all(p > float("-inf") for t in answer.logprobs for _, p in t.top)


def test_answers_that_join_a_running_batch_keep_to_the_form(engine: TransformersEngine) -> None:
    from tailor.models.live import LiveAnswer

    live = engine.live()
    asked = [request(QUESTIONS[0], JSON), request(QUESTIONS[1], None, max_new_tokens=20), request("x", REGEX)]
    answers = []
    for one in asked:
        answers += live.begin([one])
        live.step()
    while live.busy:
        live.step()
    outcomes = [a.outcome for a in answers if isinstance(a, LiveAnswer)]
    alone = [engine.answer([r])[0] for r in asked]
    assert texts([o for o in outcomes if isinstance(o, Completion)]) == texts(alone)


def test_it_joins_with_trained_weights(engine: TransformersEngine, tiny_base: Base, tmp_path: Path) -> None:
    adapter = make_adapter(tmp_path / "adapter", tiny_base, seed=3)
    asked = [Request((Message("user", q),), Generation(), adapter, constraint=CHOICE) for q in QUESTIONS]
    assert all(keeps_to(CHOICE, text) for text in texts(engine.answer(asked)))


@pytest.mark.parametrize(
    "constraint",
    [
        Constraint("regex", "(?=a)b"),
        Constraint("regex", "a(b"),
        Constraint("json-schema", '{"type": "colour"}'),
        Constraint("json-schema", "[1]"),
    ],
)
def test_what_cannot_be_followed_is_refused(constraint: Constraint) -> None:
    with pytest.raises(ConfigError, match=f"the {constraint.kind} cannot be used"):
        grammar(constraint)


def test_the_pattern_of_a_choice_matches_its_texts_and_nothing_else() -> None:
    assert all(re.fullmatch(pattern(CHOICE), word) for word in WORDS)
    assert not re.fullmatch(pattern(CHOICE), "aXbbc")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = Server()
    yield server
    server.close()


@pytest.fixture
def endpoint(server: Server) -> Iterator[OpenAIEndpoint]:
    endpoint = OpenAIEndpoint(Base("endpoint", "small-1", server.url, "small-1"))
    yield endpoint
    endpoint.close()


@pytest.mark.parametrize(
    ("constraint", "field"),
    [(CHOICE, {"type": "string", "enum": WORDS}), (REGEX, {"type": "string", "pattern": REGEX.text})],
)
def test_a_server_is_asked_for_an_object_and_its_field_is_the_answer(
    constraint: Constraint, field: dict[str, Any], server: Server, endpoint: OpenAIEndpoint
) -> None:
    server.replies = [good('{"answer": "red"}')]
    assert texts(endpoint.answer([request("?", constraint)])) == ["red"]
    [(_, _, body)] = server.asked
    schema = body["response_format"]["json_schema"]["schema"]
    assert body["response_format"]["type"] == "json_schema"
    assert schema["properties"] == {"answer": field}
    assert schema["required"] == ["answer"]
    server.replies = [events(delta('{"answer":'), delta(' "red"}'), delta("", "stop"))]
    *pieces, last = endpoint.stream(request("?", constraint))
    assert pieces == ["red"]
    assert isinstance(last, Completion)
    assert last.text == "red"


def test_a_server_gets_a_schema_as_it_is(server: Server, endpoint: OpenAIEndpoint) -> None:
    server.replies = [good('{"colour": "red"}')]
    assert texts(endpoint.answer([request("?", JSON), request("?", None)])) == ['{"colour": "red"}'] * 2
    formats = [body.get("response_format") for _, _, body in server.asked]
    assert None in formats
    assert SCHEMA in [f["json_schema"]["schema"] for f in formats if f]


@pytest.mark.parametrize("text", ["red", '{"reply": "red"}', '["red"]', '{"answer": 3}', '{"answer": "re'])
def test_a_server_that_does_not_keep_to_the_form_is_a_failure(
    text: str, server: Server, endpoint: OpenAIEndpoint
) -> None:
    server.replies = [good(text)]
    [answer] = endpoint.answer([request("?", CHOICE)])
    assert isinstance(answer, Failure)
    assert "does not keep to response_format" in answer.cause
    server.replies = [events(delta(text), delta("", "stop"))]
    with pytest.raises(ModelError, match="does not keep to response_format"):
        list(endpoint.stream(request("?", CHOICE)))
