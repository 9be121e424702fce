"""What is wrong is told before the work: nothing is cleaned, embedded or trained for a command that cannot end well."""

from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest

import cuvee
from cuvee.errors import ConfigError, CuveeError
from cuvee.intake.before import with_margins
from cuvee.planting.files import WrittenFiles, write


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> WrittenFiles:
    return write(tmp_path_factory.mktemp("sample"), 200, seed=5)


def steps_of(out: Path) -> set[str]:
    """Return the steps that a run has finished."""
    return {path.name.partition("-")[0] for path in (out / "work").glob("*") if not path.name.startswith(".")}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"given": ["nowhere"]}, "--given nowhere is no folder"),
        ({"given": ["."]}, "--given . holds no ledger.parquet"),
        ({"method": "stratified", "settings": "by=taks"}, "cannot stratify by 'taks'"),
        ({"method": "stratified", "settings": "temperature=hot"}, "temperature of stratified is 'hot'"),
        ({"method": "stratified", "settings": "cap=2.5"}, "cap must be"),
        ({"budget": "0"}, "is no number from 1"),
        ({"budget": "0tok"}, "is no number from 1"),
        ({"budget": "200%"}, "not a share"),
        ({"format": "parquet"}, "unknown format 'parquet'"),
        ({"decontaminate": ["nowhere"]}, "nowhere"),
        ({"device": "gpu"}, "device 'gpu' is not known"),
        ({"precision": "float8"}, "precision 'float8' is not known"),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_setting_that_cannot_be_is_told_before_anything_is_read(
    options: dict[str, Any], says: str, dry_run: bool, sample: WrittenFiles, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    with pytest.raises(CuveeError) as wrong:
        cuvee.select([str(sample.pool)], out=out, dry_run=dry_run, **options)
    assert says in str(wrong.value) and steps_of(out) == set()


def rows(path: Path, *, task: str | None = None, tools: bool = False) -> str:
    call = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}
    told = [
        {
            "messages": [
                {"role": "user", "content": f"how many are {n} and {n * n}?"},
                call if tools else {"role": "assistant", "content": f"they are {n + n * n}"},
            ],
            **({"task": task} if task else {}),
        }
        for n in range(30)
    ]
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in told))
    return str(path)


def test_what_the_rows_cannot_be_is_told_as_soon_as_they_are_read(tmp_path: Path) -> None:
    pool, out = rows(tmp_path / "tools.jsonl", tools=True), tmp_path / "run"
    with pytest.raises(CuveeError, match="cannot hold 30 rows: 30 call tools"):
        cuvee.select([pool], budget="5", format="alpaca", embedder="lexical", out=out)
    assert steps_of(out) == {"read"}
    with pytest.raises(CuveeError, match="no row of the pool names a task"):
        cuvee.select([pool], budget="5", method="stratified", embedder="lexical", out=out)
    assert steps_of(out) == {"read"}


def test_a_budget_that_holds_no_row_is_told_before_rows_are_embedded(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(CuveeError, match="no row fits 2 tokens"):
        cuvee.select([rows(tmp_path / "rows.jsonl")], budget="2tok", embedder="lexical", out=out)
    assert steps_of(out) == {"read", "look", "clean"}


@pytest.mark.parametrize(
    ("goal", "says"),
    [
        (None, "nowhere"),
        ([{"instruction": "one", "output": "1"}], "the goal has 1 example"),
        ([{"question": f"what is {n}?"} for n in range(5)], "no example of the goal has an answer"),
    ],
)
def test_a_goal_that_teaches_nothing_is_told_at_once(
    goal: list[dict[str, str]] | None, says: str, sample: WrittenFiles, tmp_path: Path
) -> None:
    path = tmp_path / ("goal.jsonl" if goal else "nowhere.jsonl")
    if goal:
        path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in goal))
    with pytest.raises(CuveeError) as wrong:
        cuvee.adapt([str(sample.pool)], goal=[str(path)], model="tiny", out=tmp_path / "run")
    assert says in str(wrong.value) and not (tmp_path / "run").exists()


def test_a_pool_without_margins_says_so() -> None:
    some = pa.table({"margin": pa.array([None, 0.5], pa.float64())})
    with_margins(some)
    with pytest.raises(ConfigError, match="no row of the pool has a margin"):
        with_margins(some.slice(0, 1))
