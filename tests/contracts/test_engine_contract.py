"""What every engine promises, run over every member of ENGINES, and over ``local`` with few and many workers."""

import traceback
from pathlib import Path

import pytest
from tests.engines import work

from cuvee.engines import ENGINES, Engine, Local, Shard
from cuvee.errors import CuveeError, InputError, MissingExtraError
from cuvee.extras import how_to_add

MEMBERS: dict[str, Engine] = {
    **ENGINES,
    "local, one worker": Local(workers=1),
    "local, two workers": Local(workers=2, start=0.0),
    "local, more workers than cores": Local(workers=3, start=0.0),
}
every = pytest.mark.parametrize("engine", MEMBERS.values(), ids=MEMBERS)
elsewhere = pytest.mark.parametrize("engine", [MEMBERS["local, two workers"]], ids=["local"])


def shards(*numbers: int) -> list[Shard[int]]:
    return [Shard(f"shard {number}", number, 10.0) for number in numbers]


@every
@pytest.mark.parametrize("n", [0, 1, 7])
def test_results_come_in_the_order_of_the_shards_whichever_ends_first(engine: Engine, n: int) -> None:
    told: dict[int, str] = {}
    results = engine.each(
        work.first_last, shards(*range(n)), finished=lambda number, result: told.update({number: result})
    )
    assert results == [f"result {number}" for number in range(n)]
    assert told == dict(enumerate(results))
    assert engine.each(work.first_last, shards(*range(n))) == results


@every
def test_the_first_failing_shard_is_told_as_one_process_would(engine: Engine) -> None:
    with pytest.raises(InputError) as first:
        engine.each(work.fails, shards(1, 2, 3, 4))
    assert str(first.value) == "two is no good\n  hint: try three"
    with pytest.raises(MissingExtraError) as missing:
        engine.each(work.fails, shards(1, 5, 2))
    assert str(missing.value) == f"five needs torch, which is not installed\n  hint: {how_to_add('train')}"


@every
def test_a_defect_keeps_its_traceback_and_names_the_shard(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError, match="three") as defect:
        engine.each(work.fails, shards(1, 3, 4))
    said = "".join(traceback.format_exception(defect.value))
    assert 'raise ZeroDivisionError("three")' in said and "this happened in shard 3" in said
    with pytest.raises(RuntimeError, match="four and more") as odd:
        engine.each(work.fails, shards(1, 4))
    assert "OddError" in str(odd.value) and "this happened in shard 4" in str(odd.value)


@every
def test_what_was_finished_before_a_failure_was_told(engine: Engine) -> None:
    told: list[int] = []
    with pytest.raises(InputError):
        engine.each(work.fails, shards(1, 2), finished=lambda number, _: told.append(number))
    assert told == [0]


@elsewhere
def test_the_shard_of_a_killed_worker_is_done_again(engine: Engine, tmp_path: Path) -> None:
    times = {"a": 1, "b": 0, "c": 2, "d": 0}
    parts = [Shard(name, (tmp_path / name, kills), 10.0) for name, kills in times.items()]
    assert engine.each(work.killed, parts) == [*times]
    assert {name: len((tmp_path / name).read_text()) - 1 for name in times} == times


@elsewhere
def test_a_shard_that_kills_every_worker_is_named(engine: Engine, tmp_path: Path) -> None:
    parts = [Shard(name, (tmp_path / name, kills), 10.0) for name, kills in {"a": 0, "huge": 99, "c": 0}.items()]
    with pytest.raises(CuveeError, match="huge: the process that worked on it was killed 3 times"):
        engine.each(work.killed, parts)
    assert len((tmp_path / "huge").read_text()) == 3
