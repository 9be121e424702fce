"""What every engine promises, run over every member of ENGINES, and over ``local`` with few and many workers."""

import traceback
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from tests.engines import work

from cuvee.engines import ENGINES, Engine, Local, Ray, Shard
from cuvee.errors import CuveeError, InputError, MissingExtraError
from cuvee.extras import how_to_add

MEMBERS: dict[str, Engine] = {
    **ENGINES,
    "local, one worker": Local(workers=1),
    "local, two workers": Local(workers=2, start=0.0),
    "local, more workers than cores": Local(workers=3, start=0.0),
    "ray": Ray(workers=2),
}


def params(*names: str) -> list[ParameterSet]:
    """Ray takes five seconds to start, and runs where it is installed."""
    needs = pytest.mark.skipif(not find_spec("ray"), reason="ray is not installed: pip install 'cuvee[ray]'")
    return [
        pytest.param(MEMBERS[name], id=name, marks=[pytest.mark.slow, needs] if name == "ray" else []) for name in names
    ]


every = pytest.mark.parametrize("engine", params(*MEMBERS))
elsewhere = pytest.mark.parametrize("engine", params("local, two workers", "ray"))


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


@every
@pytest.mark.parametrize("n", [1, 2, 7])
def test_states_answer_in_the_order_of_the_shards_by_what_they_were_told(engine: Engine, n: int) -> None:
    with engine.state(work.counter, shards(*range(n))) as held:
        assert held.ask(work.Counter.value) == [*range(n)]
        held.tell(partial(work.Counter.add, more=10))
        held.tell(partial(work.Counter.add, more=5))
        assert held.ask(partial(work.Counter.times, factor=2)) == [2 * (number + 15) for number in range(n)]


@every
def test_the_first_failing_state_is_told(engine: Engine) -> None:
    with engine.state(work.counter, shards(1, 2, 3, 4)) as held, pytest.raises(InputError, match="two is no good"):
        held.ask(work.Counter.fail)
    with engine.state(work.fails, shards(1, 3)) as held, pytest.raises(ZeroDivisionError) as defect:
        held.ask(work.process)
    said = "".join(traceback.format_exception(defect.value))
    assert 'raise ZeroDivisionError("three")' in said and "this happened in shard 3" in said


@every
def test_a_shard_that_begins_in_a_file_is_named_with_its_first_row(engine: Engine) -> None:
    parts = [Shard("pool.jsonl", number, 10.0, row) for number, row in ((1, 0), (3, 40_000))]
    with pytest.raises(ZeroDivisionError) as defect:
        engine.each(work.fails, parts)
    assert "this happened in pool.jsonl, from row 40,000 on" in defect.value.__notes__


@elsewhere
def test_a_killed_state_is_made_and_told_again(engine: Engine, tmp_path: Path) -> None:
    parts = [Shard(f"shard {number}", (number, tmp_path), 10.0) for number in (1, 2, 3)]
    with engine.state(work.mortal, parts) as held:
        held.tell(partial(work.Counter.add, more=10))
        assert held.ask(work.Counter.value) == [11, 12, 13]
        held.tell(partial(work.Counter.add, more=100))
        assert held.ask(work.Counter.value) == [111, 112, 113]
    assert len([*tmp_path.iterdir()]) > 3


@elsewhere
def test_a_state_that_kills_every_process_is_named(engine: Engine) -> None:
    with engine.state(work.counter, shards(1, 2)) as held, pytest.raises(CuveeError, match="shard 1: the process that"):
        held.ask(work.Counter.die)
