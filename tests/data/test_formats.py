"""Every format that can be read, and that what is written is read as the same examples."""

import bz2
import gzip
import json
import lzma
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailor.data.documents import read_documents
from tailor.data.read import read_examples
from tailor.data.shapes import JUDGED_BAD
from tailor.data.stream import Aside, Placed, Reading, stream
from tailor.data.write import SHAPES, write_examples
from tailor.errors import DataError
from tailor.records import Example, Message

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
ROW = {"question": "Who?", "answer": "Tim"}


def read(folder: Path, name: str, content: str | bytes, **columns: str) -> list[Example]:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return read_examples(name, columns or None, root=folder)


def one(folder: Path, row: dict[str, object]) -> Example:
    (example,) = read(folder, "a.jsonl", json.dumps(row))
    return example


def shared(*parts: str) -> Path:
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"real data is not there: {path}")
    return path


def test_preference_pairs(tmp_path: Path) -> None:
    human, good, bad = (
        {"from": "human", "value": "Who?"},
        {"from": "gpt", "value": "Tim"},
        {"from": "gpt", "value": "No"},
    )
    user, tim = {"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Tim"}
    no = {"role": "assistant", "content": "No"}
    for row in (
        {"prompt": "Who?", "chosen": "Tim", "rejected": "No"},
        {"instruction": "Who?", "input": "", "chosen": "Tim", "rejected": "No"},
        {"conversations": [human], "chosen": good, "rejected": bad},
        {"chosen_messages": [user, tim], "rejected_messages": [user, no]},
        {"chosen": [user, tim], "rejected": [user, no]},
        {"prompt": "Who?", "chosen": [user, tim], "rejected": [user, no]},
        {"prompt": [user], "chosen": [tim], "rejected": [no]},
    ):
        example = one(tmp_path, row)
        assert (example.question, example.answer, example.rejected) == ("Who?", "Tim", ("No",)), row


def test_an_answer_that_people_disliked_is_left_out_and_counted(tmp_path: Path) -> None:
    rows = [{"prompt": f"Q{n}?", "completion": "x", "label": n % 3 > 0} for n in range(6)]
    (tmp_path / "kto.jsonl").write_text("\n".join(map(json.dumps, rows)))
    reading = Reading()
    pieces = list(stream(["kto.jsonl"], root=tmp_path, reading=reading))
    assert [p.example.question for p in pieces if isinstance(p, Placed)] == ["Q1?", "Q2?", "Q4?", "Q5?"]
    assert (reading.rows, reading.examples, reading.bad, reading.left_out) == (6, 4, 0, Counter({JUDGED_BAD: 2}))
    assert [p.line for p in pieces if isinstance(p, Aside)] == [1, 4]


def test_tools_parts_and_thoughts(tmp_path: Path) -> None:
    turns = [
        {"from": "human", "value": "Weather?"},
        {"from": "function_call", "value": '{"name": "weather"}'},
        {"from": "observation", "value": "sun"},
        {"from": "gpt", "value": "Sunny."},
    ]
    example = one(tmp_path, {"conversations": turns, "tools": '[{"name": "weather"}]'})
    assert [m.role for m in example.messages] == ["system", "user", "assistant", "user"]
    assert '[{"name": "weather"}]' in example.messages[0].content
    assert (example.question, example.answer) == ("sun", "Sunny.")
    parts = [{"type": "reasoning", "value": "Hm."}, {"type": "text", "text": "Tim"}]
    call = {"id": "1", "function": {"name": "find", "arguments": "{}"}}
    openai = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Who?"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "found"},
        {"role": "tool", "content": "more"},
        {"role": "assistant", "content": parts},
    ]
    example = one(tmp_path, {"messages": openai})
    assert [m.role for m in example.messages] == ["system", "user", "assistant", "user"]
    assert json.loads(example.messages[2].content) == {"name": "find", "arguments": "{}"}
    assert example.question == "found\n\nmore"
    assert example.answer == "<think>\nHm.\n</think>\n\nTim"
    with pytest.raises(DataError, match="a part of type 'image_url'"):
        one(tmp_path, {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]})


def test_a_category_is_an_answer_only_to_a_text(tmp_path: Path) -> None:
    example = one(tmp_path, {"text": "I lost my card", "category": "lost_card"})
    assert (example.question, example.answer) == ("I lost my card", "lost_card")
    with pytest.raises(DataError, match="a column 'answer'"):
        one(tmp_path, {"question": "Where is it?", "category": "cards", "solution": "Here"})


def test_squad_gives_questions_with_sources_and_documents(tmp_path: Path) -> None:
    qas = [
        {"id": "1", "question": "Who?", "answers": [{"text": "Tim", "answer_start": 0}, {"text": "Tim Burr"}]},
        {"id": "2", "question": "Why?", "answers": [], "is_impossible": True},
    ]
    data = {"version": "2.0", "data": [{"title": "Firm", "paragraphs": [{"context": "Tim Burr did.", "qas": qas}]}]}
    first, second = read(tmp_path, "s.json", json.dumps(data, indent=1))
    assert (first.id, first.answer, first.aliases, first.source) == ("1", "Tim", ("Tim Burr",), "s.json/Firm#1")
    assert second.answer is None
    (document,) = read_documents(tmp_path / "s.json", root=tmp_path)
    assert (document.path, document.title) == ("s.json/Firm", "Firm")
    from tailor.retrieval.chunk import chunk

    assert [(p.reference, p.text) for p in chunk([document])] == [("s.json/Firm#1", "Tim Burr did.")]
    lines = json.dumps(data, indent=1).replace('"Tim"', "7").replace('"Tim Burr"', '""').split("\n")
    with pytest.raises(DataError) as caught:
        read(tmp_path, "s.json", "\n".join(lines))
    (problem,) = caught.value.problems
    assert problem.found == "an empty answer"
    assert problem.line == next(n for n, line in enumerate(lines, 1) if '"Who?"' in line)
    table = {"question": "Who?", "context": "x", "answers": {"text": ["Tim", "Tim B."], "answer_start": [0, 0]}}
    assert (one(tmp_path, table).answer, one(tmp_path, table).aliases) == ("Tim", ("Tim B.",))
    assert one(tmp_path, table | {"answers": {"text": [], "answer_start": []}}).answer is None


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("question,answer\nOù est le bureau à Genève ?,Près de la gare\nQuand ?,à midi\n", "cp1252"),
        ("question,answer\nCafé?,x\n", "latin-1"),
        ("Frage;Antwort\nWas kostet die Prüfung für größere Räume?;50 €\n", "cp1252"),
        ("question,answer\nWhat’s the price?,“50”\n", "cp1252"),
        ("pytanie,odpowiedź\nGdzie jest główne biuro firmy?,W Łodzi\nIle kosztuje usługa?,Sześć złotych\n", "cp1250"),
        ("вопрос,ответ\nГде находится офис?,В Москве\nКогда вы открыты?,Каждый день\n", "cp1251"),
        ("質問,答え\n事務所はどこですか？,東京です\n営業時間は？,毎日九時から\n", "shift_jis"),
        ("问题,答案\n办公室在哪里？,在北京市\n什么时候开门？,每天早上九点\n", "gb18030"),
        ("question,answer\nCafé?,x\n", "utf-16"),
        ("question,answer\nTea?,x\n", "utf-16-le"),
        ("question,answer\nCafé?,x\n", "utf-8-sig"),
    ],
)
def test_encodings_are_found(tmp_path: Path, text: str, encoding: str) -> None:
    header = text.split("\n")[0].replace(";", ",").split(",")
    rows = read(tmp_path, "a.csv", text.encode(encoding), question=header[0], answer=header[1])
    first = text.split("\n")[1].replace(";", ",").split(",")
    assert [rows[0].question, rows[0].answer] == first


def test_an_encoding_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("question,answer\nPříliš?,ano\n".encode("cp1250"))
    assert read_examples("a.csv", root=tmp_path, encoding="cp1250")[0].question == "Příliš?"


PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_packed_files(tmp_path: Path, suffix: str) -> None:
    raw = "".join(json.dumps({"question": f"Question {n}?", "answer": str(n)}) + "\n" for n in range(3000)).encode()
    if suffix == ".zst":
        pyarrow = pytest.importorskip("pyarrow")
        half = raw.index(b"\n", len(raw) // 2) + 1  # two frames, as `cat a.zst b.zst` gives
        packed = b"".join(bytes(pyarrow.compress(r, "zstd")) for r in (raw[:half], raw[half:]))
    else:
        packed = PACKERS[suffix](raw)
    assert len(read(tmp_path, f"a.jsonl{suffix}", packed)) == 3000
    for damaged in (packed[: len(packed) // 2], b"nothing packed"):
        with pytest.raises(DataError) as caught:
            read(tmp_path, f"a.jsonl{suffix}", damaged)
        assert any("damaged or unfinished" in p.found for p in caught.value.problems)


def test_folders_patterns_and_lists(tmp_path: Path) -> None:
    (tmp_path / "data" / ".old").mkdir(parents=True)
    for n, name in enumerate(("b.jsonl", "a.jsonl", ".old/x.jsonl")):
        (tmp_path / "data" / name).write_text(json.dumps({"question": f"Q{n}?", "answer": "x"}))
    assert [e.question for e in read_examples("data", root=tmp_path)] == ["Q1?", "Q0?"]
    assert [e.question for e in read_examples("data/*.jsonl", root=tmp_path)] == ["Q1?", "Q0?"]
    assert len(read_examples("**/*.jsonl", root=tmp_path)) == 2
    with pytest.raises(DataError, match="no file that matches"):
        read_examples("data/*.csv", root=tmp_path)
    (tmp_path / "data" / "notes.txt").write_text("x")
    with pytest.raises(DataError, match=r"data/notes.txt: .*move it out of the folder"):
        read_examples("data", root=tmp_path)


def test_parquet_and_data_sets_saved_to_disk(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    rows = {"question": ["Who?", "When?"], "answer": ["Tim", None], "aliases": [["T."], []], "year": [2006, 1]}
    data = datasets.Dataset.from_dict(rows)
    data.to_parquet(str(tmp_path / "a.parquet"))
    data.save_to_disk(str(tmp_path / "saved"))
    datasets.DatasetDict({"train": data, "test": data}).save_to_disk(str(tmp_path / "both"))
    for name in ("a.parquet", "saved", "both/train"):
        first, second = read_examples(name, root=tmp_path)
        assert (first.question, first.answer, first.aliases) == ("Who?", "Tim", ("T.",))
        assert second.answer is None
    assert read_examples("a.parquet", {"answer": "year"}, root=tmp_path)[0].answer == "2006"
    with pytest.raises(DataError, match="one of them: both/test, both/train"):
        read_examples("both", root=tmp_path)
    (tmp_path / "a.parquet").write_bytes(b"PAR1nothing")
    with pytest.raises(DataError, match="a file that cannot be read"):
        read_examples("a.parquet", root=tmp_path)


def test_a_data_set_of_the_hub_that_is_not_here_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    with pytest.raises(DataError, match="save it to a folder and name that"):
        read_examples("hf:nobody/nothing:train", root=tmp_path)


DEMO = {  # rows, examples: by `jq length`, and `jq '[.[] | select(.label)] | length'` for kto
    "alpaca_en_demo.json": (999, 999),
    "alpaca_zh_demo.json": (1000, 1000),
    "dpo_en_demo.json": (300, 300),
    "dpo_zh_demo.json": (300, 300),
    "glaive_toolcall_en_demo.json": (300, 300),
    "glaive_toolcall_zh_demo.json": (300, 300),
    "identity.json": (91, 91),
    "kto_en_demo.json": (300, 150),
    "reason_tool_use_demo_50.jsonl": (50, 50),
    "v1_dpo_demo.jsonl": (10, 10),
    "v1_sft_demo.jsonl": (500, 500),
}


def test_the_demo_files_of_llama_factory_are_read() -> None:
    folder = shared("llamafactory_demo")
    for name, (rows, examples) in DEMO.items():
        reading = Reading()
        asides = [p for p in stream([name], root=folder, reading=reading) if isinstance(p, Aside) and p.problems]
        assert (reading.rows, reading.examples, asides) == (rows, examples, []), name
        assert rows == reading.examples + sum(reading.left_out.values())
    assert len(read_documents(folder / "c4_demo.jsonl", root=folder)) == 300
    assert len(read_documents(folder / "wiki_demo.txt", root=folder)) == 1


def test_real_files_of_other_shapes() -> None:
    german = [p for p in stream(["xquad/xquad.de.json"], root=shared()) if isinstance(p, Placed)]
    assert len(german) == 1190
    assert german[0].line == 1 + next(
        n for n, line in enumerate((SHARED / "xquad" / "xquad.de.json").read_text().split("\n")) if '"question"' in line
    )
    labels = Counter(e.answer for e in read_examples("banking77/train.csv", root=shared()))
    assert (len(labels), min(labels.values()), max(labels.values())) == (77, 35, 187)
    paragraphs = read_documents(shared("xquad", "xquad.en.json"), root=SHARED)
    assert sum(d.text.count("\n## ") + d.text.startswith("## ") for d in paragraphs) == 240


text = st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from('\n\r\t|[",;'), min_size=1, max_size=20)
filled = text.map(str.strip).filter(bool)
word = st.text("abc|[# ", max_size=6).map(str.strip)


@st.composite
def examples(draw: st.DrawFn, *, turns: bool) -> Example:
    before = draw(st.lists(filled, max_size=4)) if turns else []
    before = before[: len(before) // 2 * 2]
    history = [Message("assistant" if n % 2 else "user", content) for n, content in enumerate(before)]
    system = [Message("system", content) for content in draw(st.lists(filled, max_size=1))]
    return Example(
        id="",
        messages=(*system, *history, Message("user", draw(filled))),
        answer=draw(st.none() | filled),
        aliases=tuple(draw(st.lists(filled, max_size=3))),
        fact=draw(word),
        framing=draw(word),
        group=draw(word),
        source=draw(word) or None,
        split=draw(st.sampled_from(["train", "dev", "test", None])),
        cell=draw(st.sampled_from(["general", None])),
        rejected=tuple(draw(st.lists(filled, max_size=2))),
    )


NAMES = ("a.jsonl", "a.json", "a.csv", "a.tsv", "a.parquet", "a.ndjson.gz", "a.csv.xz", "a.json.bz2", "a.jsonl.zst")


@settings(max_examples=100)
@given(data=st.data(), name=st.sampled_from(NAMES), shape=st.sampled_from(list(SHAPES)))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, name: str, shape: str
) -> None:
    turns = shape in ("messages", "sharegpt")
    given_examples = data.draw(st.lists(examples(turns=turns), min_size=1, max_size=4))
    folder = tmp_path_factory.mktemp("round")
    assert write_examples(given_examples, folder / name, shape=shape) == len(given_examples)
    pieces = list(stream([name], root=folder))
    assert [p.problems for p in pieces if isinstance(p, Aside)] == []
    assert [p.example for p in pieces if isinstance(p, Placed)] == given_examples


def test_what_cannot_be_written_leaves_no_file(tmp_path: Path) -> None:
    chat = Example("a", (Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "Who?")), "Tim")
    for name, shape, message in (
        ("a.jsonl", "alpaca", "is a conversation"),
        ("a.pdf", "alpaca", "Cannot write"),
        ("a.csv", "x", "Unknown shape"),
    ):
        with pytest.raises(DataError, match=message):
            write_examples([chat], tmp_path / name, shape=shape)
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=150)
@given(name=st.sampled_from([*NAMES, "a.arrow"]), content=st.binary(max_size=200))
def test_any_bytes_give_rows_or_problems(tmp_path_factory: pytest.TempPathFactory, name: str, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    (folder / name).write_bytes(content)
    reading = Reading()
    pieces = list(stream([name], root=folder, reading=reading))
    assert any(isinstance(p, Placed) or p.problems for p in pieces)
    assert reading.rows == reading.examples + reading.bad + sum(reading.left_out.values())
