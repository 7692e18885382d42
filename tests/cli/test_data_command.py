"""`tailor data`: how files are read, and bad rows set aside."""

import json
from pathlib import Path

from tiny_workspace import tailor

TABLE = "Frage;Antwort;Stand\nWas kostet die Prüfung?;50 €;2024\nWann?;;\nWer?;Tim;2024\nWo;hier\n"
MAPPED = ("-c", "question=Frage", "-c", "answer=Antwort")


def test_show_says_how_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "faq.csv").write_bytes(TABLE.encode("cp1252"))
    ran = tailor("data", "show", "faq.csv", *MAPPED, cwd=tmp_path)
    assert ran.code == 2
    assert "4 rows = 2 examples + 2 bad + 0 left out" in ran.out
    assert "not read: Stand" in ran.out
    assert "faq.csv line 3, Antwort: expected an answer" in ran.err
    assert "faq.csv line 5: expected 3 fields" in ran.err
    found = json.loads(tailor("data", "show", "faq.csv", "--json", *MAPPED, cwd=tmp_path).out)
    assert (found["rows"], found["examples"], found["bad"]) == (4, 2, 2)
    (file,) = found["files"]
    assert file["columns"] == {"question": "Frage", "answer": "Antwort"}
    assert (file["encoding"], file["not_read"]) == ("cp1252", ["Stand"])


def test_convert_refuses_bad_rows_or_sets_them_aside(tmp_path: Path) -> None:
    (tmp_path / "faq.csv").write_bytes(TABLE.encode("cp1252"))
    convert = ("data", "convert", "faq.csv", "-o", "good.jsonl", *MAPPED)
    ran = tailor(*convert, cwd=tmp_path)
    assert ran.code == 2
    assert "2 problems" in ran.err
    assert [p.name for p in tmp_path.iterdir()] == ["faq.csv"]
    ran = tailor(*convert, "--quarantine", "bad.jsonl", cwd=tmp_path)
    assert ran.code == 0, ran.err
    good = [json.loads(line) for line in (tmp_path / "good.jsonl").read_text().splitlines()]
    assert [row["answer"] for row in good] == ["50 €", "Tim"]
    bad = [json.loads(line) for line in (tmp_path / "bad.jsonl").read_text().splitlines()]
    assert [(row["line"], row["problems"][0]["field"]) for row in bad] == [(3, "Antwort"), (5, None)]
    assert bad[0]["row"] == {"Frage": "Wann?", "Antwort": "", "Stand": ""}
    assert bad[1]["row"] == "Wo;hier\n"
    assert "4 rows = 2 examples + 2 bad" in ran.out
    # A file that cannot be used as a whole is refused all the same.
    assert tailor("data", "convert", "none.csv", "-o", "x.jsonl", "--quarantine", "q.jsonl", cwd=tmp_path).code == 2


def test_rows_set_aside_never_replace_what_they_are_read_from(tmp_path: Path) -> None:
    rows = '{"question": "Who?", "answer": "Ann"}\n{"question": "Where?"}\n'
    (tmp_path / "in.jsonl").write_text(rows)
    convert = ("data", "convert", "in.jsonl", "-o", "out.jsonl", "--quarantine")
    ran = tailor(*convert, "./in.jsonl", cwd=tmp_path)
    assert (ran.code, "would be read as questions" in " ".join(ran.err.split())) == (2, True)
    ran = tailor(*convert, "./out.jsonl", cwd=tmp_path)
    assert (ran.code, "name the same file" in " ".join(ran.err.split())) == (2, True)
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"in.jsonl": rows}
    # What an earlier run set aside stays where a later one is refused.
    assert tailor(*convert, "bad.jsonl", cwd=tmp_path).code == 0
    kept = (tmp_path / "bad.jsonl").read_text()
    assert tailor("data", "convert", "none.csv", "-o", "x.jsonl", "--quarantine", "bad.jsonl", cwd=tmp_path).code == 2
    assert (tmp_path / "bad.jsonl").read_text() == kept != ""


def test_the_settings_of_a_workspace_are_used(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_bytes("Frage,Antwort\nPříliš?,ano\n".encode("cp1250"))
    settings = (
        "name: x\ndata:\n  questions: data/*.csv\n  encoding: cp1250\n  columns: {question: Frage, answer: Antwort}\n"
    )
    (tmp_path / "tailor.yaml").write_text(f"{settings}arms: [zero-shot]\n")
    ran = tailor("data", "convert", "-o", "out.parquet", "--shape", "alpaca", cwd=tmp_path)
    assert ran.code == 0, ran.err
    ran = tailor("data", "show", "out.parquet", "--json", cwd=tmp_path)
    assert json.loads(ran.out)["files"][0]["columns"]["question"] == "instruction"
    (tmp_path / "tailor.yaml").write_text(f"{settings}arms: [zero-shot]\n".replace("cp1250", "cp12500"))
    ran = tailor("data", "show", cwd=tmp_path)
    assert ran.code == 2
    assert "data.encoding: expected an encoding" in ran.err
