"""Files survive kills, damage and company."""

from __future__ import annotations

import hashlib
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailor.errors import ArtifactError
from tailor.files import (
    append_lines,
    canonical_json,
    locked,
    new_folder,
    read_json,
    read_lines,
    sha256_of,
    sha256_of_file,
    sha256_of_tree,
    to_plain,
    write_json,
    write_text,
)
from tailor.records import Interval, Message

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def killed_after(code: str, seconds: float, *arguments: object) -> None:
    """Run a program until it says it has begun, and a little longer, then kill it as a power cut would."""
    process = start(code, *arguments)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


WRITER = """
import sys; from pathlib import Path; from tailor.files import write_text
path = Path(sys.argv[1]); print("begun", flush=True)
while True:
    for letter in "abcdef":
        write_text(path, letter * 3_000_000)
"""


def test_a_killed_write_leaves_the_old_or_the_new_content(tmp_path: Path) -> None:
    path = tmp_path / "whole.txt"
    write_text(path, "a" * 3_000_000)
    for n in range(6):
        killed_after(WRITER, random.Random(n).uniform(0.0, 0.06), path)
        text = path.read_text()
        assert len(text) == 3_000_000
        assert len(set(text)) == 1


APPENDER = """
import sys; from pathlib import Path; from tailor.files import append_lines
path = Path(sys.argv[1]); n = int(sys.argv[2]); print("begun", flush=True)
while True:
    append_lines(path, [{"n": n, "text": "x" * 500_000}]); n += 1
"""


def test_a_killed_append_loses_at_most_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    for n in range(5):
        before = read_lines(path)
        killed_after(APPENDER, random.Random(n).uniform(0.0, 0.05), path, len(before))
        after = read_lines(path)
        assert after[: len(before)] == before
        assert [v["n"] for v in after] == list(range(len(after)))


@pytest.mark.parametrize("torn", [b'{"n": 2', b"{", "\u00e9".encode()[:1], b"x" * 200_000])
def test_a_torn_last_line_is_left_out_and_cut_off_by_the_next_append(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "lines.jsonl"
    append_lines(path, [{"n": 1}])
    with path.open("ab") as handle:
        handle.write(torn)
    assert read_lines(path) == [{"n": 1}]
    assert path.read_bytes().endswith(torn), "reading changes nothing: the writer may be at work"
    append_lines(path, [{"n": 2}, {"n": 3}])
    assert path.read_bytes() == b'{"n": 1}\n{"n": 2}\n{"n": 3}\n'


def test_a_file_of_one_torn_line_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"n": ')
    assert read_lines(path) == []
    append_lines(path, [1])
    assert read_lines(path) == [1]


def test_two_processes_appending_at_once_do_not_mix_lines(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    code = (
        "import sys; from pathlib import Path; from tailor.files import append_lines\n"
        "for n in range(40): append_lines(Path(sys.argv[1]), [[sys.argv[2], n, 'x' * 20_000]])"
    )
    processes = [start(code, path, name) for name in ("a", "b")]
    assert [p.wait() for p in processes] == [0, 0]
    for process in processes:
        assert process.stdout is not None
        process.stdout.close()
    lines = read_lines(path)
    for name in ("a", "b"):
        assert [n for who, n, _ in lines if who == name] == list(range(40))


@given(values=st.lists(JSON, max_size=5))
@settings(max_examples=60, deadline=None)
def test_lines_come_back_as_they_went(tmp_path_factory: pytest.TempPathFactory, values: list[object]) -> None:
    path = tmp_path_factory.mktemp("lines") / "lines.jsonl"
    append_lines(path, values)
    assert read_lines(path) == values


@pytest.mark.parametrize("text", ["a\u2028b", "a\u2029b", "a\x85b", "a\x0b\x0c\x1cb", "half a pair \ud83d", "😀"])
def test_odd_characters_come_back(tmp_path: Path, text: str) -> None:
    append_lines(tmp_path / "lines.jsonl", [text, 1])
    write_json(tmp_path / "value.json", text)
    assert read_lines(tmp_path / "lines.jsonl") == [text, 1]
    assert read_json(tmp_path / "value.json") == text
    assert len(sha256_of(text)) == 64


def test_a_damaged_middle_line_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"n": 1}\nnot json\n{"n": 2}\n')
    with pytest.raises(ArtifactError, match=r"lines\.jsonl is damaged"):
        read_lines(path)


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 100_000, b"1" * 5000])
def test_what_is_not_json_is_an_artifact_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "value.json"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="not valid JSON"):
        read_json(path)


def test_a_missing_file_and_a_folder_are_artifact_errors(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="does not exist"):
        read_json(tmp_path / "missing.json")
    with pytest.raises(ArtifactError, match="cannot be read"):
        read_json(tmp_path)
    assert read_lines(tmp_path / "missing.jsonl") == []


def test_nan_and_infinity_become_null(tmp_path: Path) -> None:
    write_json(tmp_path / "value.json", [Interval(math.nan, -math.inf, math.inf), {"a": (1.5, Path("x/y"))}])
    assert json.loads((tmp_path / "value.json").read_text()) == [
        {"value": None, "low": None, "high": None, "n_items": 0, "n_facts": 0},
        {"a": [1.5, "x/y"]},
    ]
    append_lines(tmp_path / "lines.jsonl", [math.nan])
    assert (tmp_path / "lines.jsonl").read_text() == "null\n"


def test_hashes_are_those_of_the_canonical_text(tmp_path: Path) -> None:
    value = {"b": [1, "é"], "a": Message("user", "x")}
    text = '{"a":{"content":"x","role":"user"},"b":[1,"é"]}'
    assert canonical_json(value) == text
    assert sha256_of(value) == hashlib.sha256(text.encode()).hexdigest()
    assert sha256_of({"x": 1, "y": 2}) == sha256_of({"y": 2, "x": 1})
    (tmp_path / "f").write_bytes(b"abc")
    assert sha256_of_file(tmp_path / "f") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_hash_of_a_folder_sees_names_and_contents_and_not_the_order_of_writing(tmp_path: Path) -> None:
    for folder, names in (("one", ("a", "sub/b", "c")), ("two", ("c", "sub/b", "a"))):
        for name in names:
            write_text(tmp_path / folder / name, name)
    expected = "".join(f"{n}\0{hashlib.sha256(n.encode()).hexdigest()}\n" for n in ("a", "c", "sub/b"))
    assert sha256_of_tree(tmp_path / "one") == hashlib.sha256(expected.encode()).hexdigest()
    same = sha256_of_tree(tmp_path / "two")
    assert same == sha256_of_tree(tmp_path / "one")
    (tmp_path / "two" / "a").rename(tmp_path / "two" / "z")
    assert sha256_of_tree(tmp_path / "two") != same


@given(JSON)
@settings(max_examples=50, deadline=None)
def test_plain_values_are_fixed_points(value: object) -> None:
    assert to_plain(value) == value


def test_a_new_folder_appears_complete_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "made"
    with pytest.raises(RuntimeError, match="stop"), new_folder(target) as unfinished:  # noqa: PT012 - the block itself raises
        (unfinished / "a").write_text("1")
        assert not target.exists()
        raise RuntimeError("stop")
    assert list(tmp_path.iterdir()) == []
    with new_folder(target) as unfinished:
        (unfinished / "a").write_text("1")
    with pytest.raises(RuntimeError, match="stop"), new_folder(target) as unfinished:  # noqa: PT012 - the block itself raises
        (unfinished / "a").write_text("2")
        raise RuntimeError("stop")
    assert (target / "a").read_text() == "1"
    with new_folder(target) as unfinished:
        (unfinished / "b").write_text("2")
    assert [p.name for p in target.iterdir()] == ["b"], "the old content is gone"
    assert list(tmp_path.iterdir()) == [target]


FOLDERS = """
import sys; from pathlib import Path; from tailor.files import new_folder
print("begun", flush=True)
while True:
    for letter in "ab":
        with new_folder(Path(sys.argv[1])) as folder:
            for n in range(60):
                (folder / str(n)).write_text(letter)
"""


def test_a_killed_replacement_leaves_no_half_folder(tmp_path: Path) -> None:
    for n in range(6):
        target = tmp_path / str(n) / "made"
        killed_after(FOLDERS, random.Random(n).uniform(0.02, 0.2), target)
        if target.exists():
            contents = [p.read_text() for p in target.iterdir()]
            assert len(contents) == 60
            assert len(set(contents)) == 1


HOLDER = """
import sys, time; from pathlib import Path; from tailor.files import locked
with locked(Path(sys.argv[1])):
    print("begun", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def test_a_lock_keeps_a_second_process_out(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "one"
    holder = start(HOLDER, path, 0.5)
    assert holder.stdout is not None
    holder.stdout.readline()
    started = time.monotonic()
    with locked(path):
        assert time.monotonic() - started > 0.2
    holder.wait()
    holder.stdout.close()


def test_a_killed_process_gives_its_lock_back(tmp_path: Path) -> None:
    killed_after(HOLDER, 0.0, tmp_path / "lock", 60)
    started = time.monotonic()
    with locked(tmp_path / "lock"):
        assert time.monotonic() - started < 5
