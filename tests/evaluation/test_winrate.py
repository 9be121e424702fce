from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cuvee.errors import InputError
from cuvee.evaluation import winrate
from cuvee.evaluation.question import Question, said
from cuvee.evaluation.table import TABLE

ASKED = [Question("v", str(n), "open", (said("user", f"question {n}"),)) for n in range(4)]


def by_length(questions: Sequence[str], left: Sequence[str], right: Sequence[str]) -> pa.Table:
    """The longer answer wins; a judge that cannot read "?"."""
    rows: list[dict[str, Any]] = []
    for ours, theirs in zip(left, right, strict=True):
        if "?" in theirs:
            rows.append({"verdict": None, "left": None, "right": None})
            continue
        verdict = "win" if len(ours) > len(theirs) else "tie" if len(ours) == len(theirs) else "loss"
        rows.append({"verdict": verdict, "left": float(len(ours)), "right": float(len(theirs))})
    return pa.Table.from_pylist(
        rows, pa.schema([("verdict", pa.string()), ("left", pa.float32()), ("right", pa.float32())])
    )


def other(folder: Path, answers: Sequence[str | None]) -> Path:
    rows = [
        {"task": one.task, "id": one.id, "kind": "open", "prompt": one.prompt, "answer": answer}
        for one, answer in zip(reversed(ASKED), reversed(answers), strict=True)
    ]
    pq.write_table(pa.Table.from_pylist(rows, TABLE), folder / "questions.parquet")
    return folder


def test_answers_are_paired_by_question_and_counted(tmp_path: Path) -> None:
    theirs = winrate.their_answers(other(tmp_path, ["aa", "bb", "?", None]))
    table = winrate.judged(ASKED, {0: "aaa", 1: "b", 2: "c", 3: "d"}, theirs, by_length)
    assert table["id"].to_pylist() == ["0", "1", "2"]
    assert winrate.summary(table) == {"n": 2, "unread": 1, "wtr": 0.5, "rs": 4 / 4}


def test_an_empty_answer_is_rated_lowest_and_never_drops_out(tmp_path: Path) -> None:
    theirs = winrate.their_answers(other(tmp_path, ["aa", "", "?", ""]))
    table = winrate.judged(ASKED, {0: "", 1: "b", 2: " ", 3: ""}, theirs, by_length)
    assert table["verdict"].to_pylist() == ["loss", "win", "loss", "tie"]
    assert table["left"].to_pylist() == [0, 1, 0, 0] and table["right"].to_pylist() == [2, 0, None, 0]
    found = winrate.summary(table)
    assert (found["n"], found["unread"], found["wtr"], found["rs"]) == (4, 0, 0.5, 1 / 2)


def test_a_zero_of_a_judge_counts() -> None:
    table = pa.table({"verdict": ["loss", "win"], "left": [0.0, 6.0], "right": [4.0, 0.0]})
    assert winrate.summary(table)["rs"] == 6 / 4


def test_nothing_in_common_or_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"questions\.parquet"):
        winrate.their_answers(tmp_path)
    with pytest.raises(InputError, match="in common"):
        winrate.judged(ASKED, {}, winrate.their_answers(other(tmp_path, ["a"] * 4)), by_length)


def test_nothing_read_is_null() -> None:
    table = by_length(["q"], ["a"], ["?"])
    assert winrate.summary(table) == {"n": 0, "unread": 1, "wtr": None, "rs": None}
