"""The written files hold every planted row once, in three dialects, and the same bytes every time."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

from cuvee.planting import SHARES, WrittenFiles, write
from cuvee.planting.near import grams, normal
from cuvee.planting.tables import TABLES


def lines(data: bytes) -> list[Any]:
    return [json.loads(line) for line in data.splitlines()]


def pool_of(written: WrittenFiles) -> tuple[dict[str, tuple[str, str]], int]:
    """Return id -> (what is asked, the answer) over the three files, and the number of broken lines."""
    found, broken = [], 0
    alpaca = json.loads((written.pool / "alpaca.json").read_text())
    found += [(row["id"], (f"{row['instruction']} {row['input']}", row["output"])) for row in alpaca]
    for line in (written.pool / "chat.jsonl").read_text().splitlines():
        try:
            row = json.loads(line)
            asked, answered = (turn["content"] for turn in row["messages"])
            found.append((row["id"], (asked, answered)))
            assert row["source"] == "demo-chat" and row["task"]
        except (json.JSONDecodeError, KeyError, ValueError):
            broken += 1
    pairs = lines(gzip.decompress((written.pool / "pairs.jsonl.gz").read_bytes()))
    found += [(row["id"], (row["prompt"], row["completion"])) for row in pairs]
    assert min(len(alpaca), len(pairs), len(found) - len(alpaca) - len(pairs)) > len(found) / 6
    assert len(found) == len(dict(found)), "an id twice"
    return dict(found), broken


def test_every_row_is_written_once_and_the_truth_holds(tmp_path: Path) -> None:
    written = write(tmp_path, 600, seed=4)
    pool, broken = pool_of(written)
    truth = {row["id"]: row for row in lines(written.truth.read_bytes())}
    assert sorted(pool) == sorted(truth) and len(pool) == written.rows == 600 and broken == written.broken == 5
    faults = Counter(row["fault"] for row in truth.values() if row["fault"])
    assert faults == {fault: round(600 * share) for fault, share in SHARES.items()}
    for row_id, row in truth.items():
        asked, answered = pool[row_id]
        assert (answered == "") == (row["fault"] == "empty-answer")
        if row["fault"] == "exact-duplicate":
            original = pool[row["original"]]
            assert (normal(asked), normal(answered)) == (normal(original[0]), normal(original[1]))
        if row["fault"] == "wrong-answer":
            assert answered == pool[row["original"]][1]


def test_questions_leak_where_the_truth_says_and_nowhere_else(tmp_path: Path) -> None:
    written = write(tmp_path, 1000, seed=1)
    pool, _ = pool_of(written)
    questions = {row["id"]: row for row in lines(written.questions.read_bytes())}
    leaks = {row["question"]: row["id"] for row in lines(written.truth.read_bytes()) if row["question"]}
    assert len(questions) == 60 and len(leaks) == written.leaked == 12
    rows = {row_id: grams(f"{asked} {answered}") for row_id, (asked, answered) in pool.items()}
    for question_id, row in questions.items():
        mine = grams(row["question"])
        shares = {row_id: len(mine & theirs) / len(mine) for row_id, theirs in rows.items()}
        near = [row_id for row_id, share in shares.items() if share > 0.3]
        assert near == ([leaks[question_id]] if question_id in leaks else [])
        assert all(normal(pool[row_id][0]) == normal(row["question"]) for row_id in near)


def test_questions_are_sixty_and_unlike_each_other() -> None:
    sets = [grams(question) for question, _ in TABLES.questions]
    assert len(TABLES.questions) == 60 and all(answer for _, answer in TABLES.questions)
    assert all(len(a & b) <= 2 for at, a in enumerate(sets) for b in sets[:at])
    assert min(len(set(normal(question).split())) for question, _ in TABLES.questions) >= 10


def test_same_arguments_same_bytes(tmp_path: Path) -> None:
    for at in ("a", "b"):
        write(tmp_path / at, 300, seed=9)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert [str(path) for path in files] == [
        "eval/questions.jsonl", "pool/alpaca.json", "pool/chat.jsonl", "pool/pairs.jsonl.gz", "truth.jsonl",
    ]  # fmt: skip
    assert all((tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes() for path in files)
