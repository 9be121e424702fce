"""The written files hold every planted row once, in three dialects, and the same bytes every time."""

import gzip
import json
from pathlib import Path

from cuvee.demo import plant, write
from cuvee.demo.near import normal


def test_every_row_is_written_once_and_the_rest_is_broken(tmp_path: Path) -> None:
    written = write(tmp_path, 600, seed=4)
    planted = {p.row["id"]: p.row for p in plant(600, seed=4)}
    alpaca = json.loads((written.pool / "alpaca.json").read_text())
    found = {row["id"]: (row["instruction"], row["input"], row["output"]) for row in alpaca}
    assert all(found[row_id] == (planted[row_id]["instruction"], planted[row_id]["input"], planted[row_id]["output"])
               for row_id in found)  # fmt: skip
    chat, broken = [], 0
    for line in (written.pool / "chat.jsonl").read_text().splitlines():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            broken += 1
            continue
        broken += not row.get("messages")
        chat += [row] if row.get("messages") else []
    pairs = [json.loads(line) for line in gzip.decompress((written.pool / "pairs.jsonl.gz").read_bytes()).splitlines()]
    ids = [*found, *(row["id"] for row in chat), *(row["id"] for row in pairs)]
    assert sorted(ids) == sorted(planted) and broken == written.broken == 5
    assert min(len(alpaca), len(chat), len(pairs)) > 100
    for row in chat:
        assert row["messages"][-1]["content"] == planted[row["id"]]["output"] and row["source"] == "demo-chat"
    for row in pairs:
        assert row["completion"] == planted[row["id"]]["output"] and row["prompt"].startswith(
            planted[row["id"]]["instruction"]
        )


def test_questions_leak_where_the_truth_says_and_nowhere_else(tmp_path: Path) -> None:
    written = write(tmp_path, 1000, seed=1)
    questions = {row["id"]: row for row in map(json.loads, written.questions.read_text().splitlines())}
    truth = {row["id"]: row for row in map(json.loads, written.truth.read_text().splitlines())}
    rows = {p.row["id"]: p for p in plant(1000, seed=1)}
    assert list(truth) == list(rows)
    assert all((t["fault"], t["original"]) == (rows[i].fault, rows[i].original) for i, t in truth.items())
    leaks = {t["question"]: i for i, t in truth.items() if t["question"]}
    assert len(questions) == 60 and len(leaks) == written.leaked == 12
    asked = {i: normal(f"{p.row['instruction']} {p.row['input']}") for i, p in rows.items()}
    for question_id, row in questions.items():
        holders = [i for i, text in asked.items() if text == normal(row["question"])]
        assert holders == ([leaks[question_id]] if question_id in leaks else [])


def test_same_arguments_same_bytes(tmp_path: Path) -> None:
    for at in ("a", "b"):
        write(tmp_path / at, 300, seed=9)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert [str(path) for path in files] == [
        "eval/questions.jsonl", "pool/alpaca.json", "pool/chat.jsonl", "pool/pairs.jsonl.gz", "truth.jsonl",
    ]  # fmt: skip
    assert all((tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes() for path in files)
