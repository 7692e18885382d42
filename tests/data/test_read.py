import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailor.data.read import read_examples
from tailor.errors import DataError, Problem
from tailor.records import Example, Message


def read(tmp_path: Path, name: str, content: str | bytes, **columns: str) -> list[Example]:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_examples(path, columns or None, root=tmp_path)


def problems(tmp_path: Path, name: str, content: str | bytes, **columns: str) -> tuple[Problem, ...]:
    with pytest.raises(DataError) as caught:
        read(tmp_path, name, content, **columns)
    assert caught.value.problems
    return caught.value.problems


def attempt(folder: Path, name: str, content: str | bytes) -> tuple[list[Example], tuple[Problem, ...]]:
    try:
        return read(folder, name, content), ()
    except DataError as error:
        return [], error.problems


def pair(row: Example) -> tuple[str, str | None]:
    return row.question, row.answer


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"question": "Who?", "answer": "Tim"}, ("Who?", "Tim")),
        ({"Q": " Who? ", "A": "Tim "}, ("Who?", "Tim")),
        ({"prompt": "Who?", "completion": "Tim"}, ("Who?", "Tim")),
        ({"query": "Who?", "response": "Tim"}, ("Who?", "Tim")),
        ({"instruction": "Who?", "input": "", "output": "Tim"}, ("Who?", "Tim")),
        ({"instruction": "Translate.", "input": "Hund", "output": "dog"}, ("Translate.\n\nHund", "dog")),
        ({"input": "Who?", "output": "Tim"}, ("Who?", "Tim")),
        ({"question": "Who?", "answer": None}, ("Who?", None)),
        ({"question": 7, "answer": 3}, ("7", "3")),
    ],
)
def test_row_shapes(tmp_path: Path, row: dict[str, object], expected: tuple[str, str | None]) -> None:
    assert [pair(e) for e in read(tmp_path, "a.jsonl", json.dumps(row))] == [expected]


def test_conversations_end_with_the_answer(tmp_path: Path) -> None:
    chat = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Who founded it?"},
        {"role": "assistant", "content": "Tim."},
        {"role": "user", "content": "When?"},
        {"role": "assistant", "content": "2006"},
    ]
    share = [{"from": "human", "value": "Who?"}, {"from": "gpt", "value": "Tim"}]
    content = json.dumps([{"messages": chat}, {"conversations": share}])
    first, second = read(tmp_path, "a.json", content)
    assert first.messages == (
        Message("system", "Be brief."),
        Message("user", "Who founded it?"),
        Message("assistant", "Tim."),
        Message("user", "When?"),
    )
    assert (first.question, first.answer) == ("When?", "2006")
    assert pair(second) == ("Who?", "Tim")


def test_optional_columns(tmp_path: Path) -> None:
    row = {"id": "a1", "fact": "f", "framing": "formal", "group": "g", "source": "d.md#H", "split": "validation"}
    row |= {"question": "Who?", "answer": "Tim", "kind": "general"}
    (e,) = read(tmp_path, "a.jsonl", json.dumps(row | {"aliases": ["Timothy", 5]}))
    assert (e.id, e.fact, e.framing, e.group, e.source, e.split) == ("a1", "f", "formal", "g", "d.md#H", "dev")
    assert e.aliases == ("Timothy", "5")
    assert e.cell == "general"


@pytest.mark.parametrize("answer", ["Tim", "Tim\tBurr"], ids=["printable", "not printable"])
def test_a_field_of_nothing_but_space_is_as_one_that_is_not_there(tmp_path: Path, answer: str) -> None:
    row = {"question": "Who?", "answer": answer}
    blank = row | dict.fromkeys(("source", "fact", "framing", "group", "id"), " ")
    assert read(tmp_path, "a.jsonl", json.dumps(blank)) == read(tmp_path, "b.jsonl", json.dumps(row))


def test_csv_with_quotes_semicolons_and_byte_order_mark(tmp_path: Path) -> None:
    table = 'question,answer,aliases\n"Who, exactly?","Tim ""T"" Burr",Tim|T. Burr\nWhen?,2006,\n'
    rows = read(tmp_path, "a.csv", b"\xef\xbb\xbf" + table.encode())
    assert [pair(e) for e in rows] == [("Who, exactly?", 'Tim "T" Burr'), ("When?", "2006")]
    assert [e.aliases for e in rows] == [("Tim", "T. Burr"), ()]
    assert [pair(e) for e in read(tmp_path, "b.csv", "question;answer\r\nHow much?;3,50\r\n")] == [
        ("How much?", "3,50")
    ]
    assert [pair(e) for e in read(tmp_path, "c.tsv", "q\ta\nWho?\tTim, CEO\n")] == [("Who?", "Tim, CEO")]


def test_numbers_keep_their_spelling(tmp_path: Path) -> None:
    digits = "9" * 5000
    content = f'{{"question": "Version?", "answer": 3.10}}\n{{"question": "Long?", "answer": {digits}}}\n'
    assert [e.answer for e in read(tmp_path, "a.jsonl", content)] == ["3.10", digits]


def test_mapped_columns(tmp_path: Path) -> None:
    table = "Frage,Antwort,answer\nWer?,Tim,x\n"
    assert [pair(e) for e in read(tmp_path, "a.csv", table, question="Frage", answer="Antwort")] == [("Wer?", "Tim")]
    (problem,) = problems(tmp_path, "a.csv", table, question="frage")
    assert "'Frage', 'Antwort', 'answer'" in problem.expected
    (problem,) = problems(tmp_path, "a.csv", table, qestion="Frage")
    assert problem.hint == "did you mean 'question'?"


def test_ids_come_from_the_question(tmp_path: Path) -> None:
    rows = [{"question": q, "answer": "x"} for q in ("One?", "Two?", "One?")]
    lines = [json.dumps(r) for r in rows]
    forward = read(tmp_path, "a.jsonl", "\n".join(lines))
    assert len({e.id for e in forward}) == 3
    moved = read(tmp_path, "b.jsonl", "\n".join([lines[1], lines[0]]))
    assert [e.id for e in moved] == [forward[1].id, forward[0].id]


def test_every_bad_row_is_reported_at_once(tmp_path: Path) -> None:
    lines = [
        '{"id": "a", "question": "Good?", "answer": "yes"}',
        '{"question": "Broken?", "answer": ',
        '{"answer": "no question"}',
        "",
        '{"question": " ", "answer": "x"}',
        '{"question": "No answer column?"}',
        '{"question": "Empty?", "answer": ""}',
        '{"question": "List?", "answer": ["x"]}',
        '{"question": true, "answer": "x"}',
        '{"question": "Bell\\u0007?", "answer": "x"}',
        '{"id": "a", "question": "Twice?", "answer": "x"}',
        '{"question": "good ?", "answer": "no"}',
        "[1, 2]",
        '{"question": "Split?", "answer": "x", "split": "eval"}',
        '{"question": "Half?", "answer": "\\ud800"}',
        '{"question": NaN, "answer": "x"}',
        '{"messages": [{"role": "user", "content": "Alone?"}]}',
        '{"messages": [{"role": "tool", "content": "x"}]}',
    ]
    found = problems(tmp_path, "a.jsonl", "\n".join(lines))
    assert {p.file for p in found} == {"a.jsonl"}
    assert [p.line for p in found] == [2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]
    by_line = {p.line: p for p in found}
    assert by_line[3].field == "question"
    assert by_line[10].found == "control character U+0007 at place 5"
    assert "line 1" in by_line[11].hint
    assert "line 1" in by_line[12].expected
    assert "'yes'" in by_line[12].expected
    assert by_line[12].found == "'no'"


def test_one_question_may_have_its_answer_in_several_spellings(tmp_path: Path) -> None:
    rows = [
        {"question": "Who founded it?", "answer": "Tim Burr", "aliases": ["T. Burr"]},
        {"question": "who founded it", "answer": "tim burr."},
        {"question": "Who founded it?!", "answer": "T. Burr"},
    ]
    assert len(read(tmp_path, "a.json", json.dumps(rows))) == 3


def test_signs_tell_questions_apart(tmp_path: Path) -> None:
    rows = [{"question": "Do you know C?", "answer": "yes"}, {"question": "Do you know C++?", "answer": "no"}]
    assert len(read(tmp_path, "a.json", json.dumps(rows))) == 2


def test_csv_problems_name_physical_lines(tmp_path: Path) -> None:
    table = 'question,answer\n"Two\nlines?",x\nToo,many,fields\nfew\n"Three\nmore\nlines?",\nWho?,Tim\n'
    found = problems(tmp_path, "a.csv", table)
    assert [(p.line, p.field) for p in found] == [(4, None), (5, None), (6, "answer")]
    assert [p.found for p in found[:2]] == ["3 fields", "1 fields"]


def test_a_column_that_no_row_has_is_said_once(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "a.csv", "question,reponse\nA?,1\nB?,2\n")
    assert (problem.line, problem.field) == (2, "answer")
    assert "'reponse'" in problem.found
    found = problems(tmp_path, "a.jsonl", '{"body": "a"}\n{"body": "b"}\n{"body": 1}')
    assert [(p.line, p.field) for p in found] == [(1, "question"), (1, "answer")]
    found = problems(tmp_path, "a.jsonl", '{"body": "a", "answer": "x"}\n{"question": "b", "answer": "x"}\n{"x": 1}')
    assert [(p.line, p.field) for p in found] == [(1, "question"), (3, "question"), (3, "answer")]


@pytest.mark.parametrize(
    ("name", "content", "line", "found"),
    [
        ("a.jsonl", b"", None, "an empty file"),
        ("a.csv", b"question,answer\n", None, "no rows"),
        ("a.json", b"[]", None, "no rows"),
        ("a.json", b'[\n{"question": "a", "answer": "b"},\n]', 3, "Expecting value at column 1"),
        ("a.json", b'[{"question": "a", "answer": "b"}', 1, "the end of the file"),
        ("a.json", b'[{"question": "a", "answer": "b"}]\nx', 1, "'x'"),
        ("a.json", b'{"question": "a"}', 1, """'{"question": "a"}'"""),
        ("a.json", b"[" * 100_000, 1, "maximum recursion depth exceeded"),
        ("a.jsonl", b"\x7fELF\x02\x00\x00\x00" * 40, None, "a binary file"),
        ("a.csv", "question,answer\né?,x\n".encode() + b"Caf\xe9?,x", 3, "byte 0xe9"),
        ("a.xlsx", b"abc", None, "suffix '.xlsx'"),
        ("a.csv", b'question,answer\n"a,b\n', 2, "unexpected end of data"),
        ("a.csv", b"question,question\na,b\n", 1, "column 'question' twice"),
    ],
)
def test_files_that_are_no_data(tmp_path: Path, name: str, content: bytes, line: int | None, found: str) -> None:
    (problem,) = problems(tmp_path, name, content)
    assert problem.line == line
    assert problem.found.startswith(found)


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    for path, found in (
        (tmp_path / "none.jsonl", "no such file"),
        (tmp_path / "folder.jsonl", "a folder without files"),
    ):
        with pytest.raises(DataError) as caught:
            read_examples(path, root=tmp_path)
        assert [p.found for p in caught.value.problems] == [found]


shapes = st.sampled_from(["a.jsonl", "a.json", "a.csv", "a.tsv"])
near_json = st.lists(
    st.sampled_from(
        ['{"question":"q"', ',"answer":"a"}', "{", "}", "[", "]", "\n", '"', ",", "null", "1e9", "\\u00", "\r"]
    )
).map(lambda parts: "".join(parts).encode())


@settings(max_examples=300)
@given(name=shapes, content=st.binary(max_size=300) | near_json)
def test_any_bytes_give_rows_or_problems(tmp_path_factory: pytest.TempPathFactory, name: str, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    rows, found = attempt(folder, name, content)
    assert bool(rows) != bool(found)
    assert "\n".join(map(str, found)).encode() is not None
    assert all(e.question for e in rows)
    assert len({e.id for e in rows}) == len(rows)


text = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).map(str.strip).filter(bool)


@settings(max_examples=100)
@given(pairs=st.dictionaries(text, text | st.none(), min_size=1, max_size=8))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, pairs: dict[str, str | None]) -> None:
    folder = tmp_path_factory.mktemp("round")
    lines = [json.dumps({"question": q, "answer": a}, ensure_ascii=False) for q, a in pairs.items()]
    rows, found = attempt(folder, "a.jsonl", "\n".join(lines))
    if found:  # two drawn questions that differ in case or punctuation only
        assert all("same question" in p.expected for p in found)
    else:
        assert [pair(e) for e in rows] == list(pairs.items())
