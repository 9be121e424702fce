"""A goal: what is read of it, and how it is split."""

from pathlib import Path

import orjson
import pytest

pytest.importorskip("torch")

from cuvee import budget
from cuvee.adaptation.asked import GoalAsk
from cuvee.adaptation.goal import Goal, read_goal
from cuvee.adaptation.reward import Reward
from cuvee.errors import InputError
from cuvee.models import causal
from cuvee.runs import open_run


def read(rows: list[dict[str, str]], model: Path, folder: Path, *, longest: int = 2_000, looked_at: int = 9) -> Goal:
    file = folder / "goal.jsonl"
    file.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    ask = GoalAsk(files=[str(file)], test=budget.parse("50%"), rows=looked_at, reward=Reward())
    with open_run(folder / "run") as run:
        return read_goal(run, ask, causal.tokenizer_of(model), longest=longest, seed=0)


def row(n: int) -> dict[str, str]:
    """Return a row with a long prompt; no two share a word."""
    return {"instruction": " ".join(f"w{n}x{at}" for at in range(60)), "output": f"a{n} b{n} c{n}"}


def test_a_long_row_loses_the_start_of_its_prompt_and_keeps_its_answer(tiny_model: Path, tmp_path: Path) -> None:
    rows = [row(n) for n in range(2)]
    short, whole = read(rows, tiny_model, tmp_path, longest=40), read(rows, tiny_model, tmp_path)
    for cut, full in zip(short.validation.rows + short.test.rows, whole.validation.rows + whole.test.rows, strict=True):
        assert len(cut) == 40 and cut.cut == len(full) - 40
        assert cut.ids.tolist() == full.ids[-40:].tolist() and cut.answer.sum() == full.answer.sum() > 0


def test_a_row_stands_once_and_only_so_many_are_looked_at(tiny_model: Path, tmp_path: Path) -> None:
    goal = read([row(n % 8) for n in range(24)], tiny_model, tmp_path, looked_at=3)
    assert (len(goal.validation), len(goal.test)) == (3, 4) and len(goal.fingerprints) == 8


def test_a_test_row_that_repeats_a_validation_row_is_left_out(tiny_model: Path, tmp_path: Path) -> None:
    rows = [{**row(n), "output": f"{row(n)['output']} {more}"} for n in range(4) for more in ("", "again")]
    goal = read(rows, tiny_model, tmp_path)
    assert 0 < len(goal.test) < 4 and "nearly repeat" in goal.notes[0]


def test_rows_without_an_answer_are_no_goal(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least 2"):
        read([{"instruction": "Say it.", "output": "no"}], tiny_model, tmp_path)
