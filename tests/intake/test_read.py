"""All inputs together: every row is accounted for, ids are unique, and a file that was read is not read again."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.asks import read_ask
from tests.engines.work import Backwards, Killing

from cuvee.engines import Engine, Local, Shard
from cuvee.engines.seam import Content, Result
from cuvee.errors import InputError
from cuvee.intake.read import Source, _unique_ids, read_inputs
from cuvee.runs import open_run
from cuvee.samples.schema import SAMPLE

REAL = {  # rows per file, as ../shared/data/README.md has them
    "alpaca_random_9k.json": 9229,
    "codealpaca_4k.json": 4535,
    "dolly_3k.json": 2996,
    "gpteacher_roleplay.json": 1923,
    "gpteacher_toolformer.json": 7673,
    "gsm8k_train.jsonl": 7473,
    "self_instruct_seed_tasks.jsonl": 175,
    "t0_50k.jsonl.gz": 55185,
}
DIALECTS = {
    "codealpaca_4k.json": "alpaca",
    "dolly_3k.json": "alpaca",
    "gsm8k_train.jsonl": "question-answer",
    "self_instruct_seed_tasks.jsonl": "self-instruct",
    "t0_50k.jsonl.gz": "prompt-completion",
}


def read_all(data: list[Path], out: Path, *, strict: bool = False, **columns: str) -> Source:
    with open_run(out) as run:
        return read_inputs(run, read_ask(data, strict=strict, columns=columns))


def files_of(run: Path) -> dict[str, bytes]:
    """Return every file of the steps of a run, but for what they cost."""
    paths = (
        path for path in (run / "work").rglob("*") if path.is_file() and path.name not in ("cost.json", "checksums.txt")
    )
    return {str(path.relative_to(run)): path.read_bytes() for path in paths}


def write_lines(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def row(at: int, **more: Any) -> dict[str, Any]:
    return {"instruction": f"question {at}", "output": "x", **more}


def test_the_real_pool(real_pool: Path, tmp_path: Path) -> None:
    source = read_all([real_pool], tmp_path / "run")
    assert {Path(file["file"]).name: file["rows"] for file in source.files} == REAL
    places = zip(source.table["file"].to_pylist(), source.table["line"].to_pylist(), strict=True)
    assert len(set(places)) == sum(REAL.values()) == 89_189 == source.total and not source.quarantined
    for file in source.files:
        assert file["samples"] == file["rows"] and len(file["sha256"]) == 64
        assert file["dialects"] == {DIALECTS.get(Path(file["file"]).name, "alpaca"): file["rows"]}
    ids = source.table["id"].to_pylist()
    assert len(set(ids)) == len(ids)
    t0 = source.table.slice(source.table.num_rows - REAL["t0_50k.jsonl.gz"])
    assert len(set(t0["task"].to_pylist())) == 283  # counted in the file itself; the README there says 294
    last = [turns[-1]["content"] for turns in t0["messages"].to_pylist()]
    assert not any(said.endswith("<|endoftext|>") for said in last)


def test_everything_is_accounted_for(tmp_path: Path) -> None:
    one = write_lines(tmp_path / "one.jsonl", [row(1), None, row(2), {"zebra": 1}])
    two = write_lines(tmp_path / "two.jsonl", [row(3, id="a"), row(4, id="a"), row(5, id="a~2"), row(6, id="a")])
    source = read_all([two, one], tmp_path / "run")
    assert source.table.schema == SAMPLE and source.total == 8
    assert [(bad["file"], bad["line"], bad["raw"]) for bad in source.quarantined] == [
        (str(one), 2, "null"),
        (str(one), 4, '{"zebra": 1}'),
    ]
    assert [bad["reason"] for bad in source.quarantined] == [
        "a row must be an object, this is null",
        "no dialect has these keys: zebra",
    ]
    assert [(file["rows"], file["samples"], file["quarantined"]) for file in source.files] == [(4, 4, 0), (4, 2, 2)]
    assert source.table["id"].to_pylist()[:4] == ["a", "a~2~", "a~2", "a~3"]
    with pytest.raises(InputError, match=r"one.jsonl:2: a row must be an object"):
        read_all([two, one], tmp_path / "run", strict=True)


def test_a_file_is_read_once(tmp_path: Path) -> None:
    one = write_lines(tmp_path / "one.jsonl", [row(1)])
    two = write_lines(tmp_path / "two.jsonl", [row(2, kind="k")])
    first = read_all([one], tmp_path / "run")
    (kept,) = (tmp_path / "run").rglob("samples.arrow")
    stamp = kept.stat().st_mtime_ns
    both = read_all([one, two], tmp_path / "run")
    assert kept.stat().st_mtime_ns == stamp and len([*(tmp_path / "run").rglob("samples.arrow")]) == 2
    assert both.table.slice(0, 1).equals(first.table) and both.fingerprint != first.fingerprint
    assert read_all([one, two], tmp_path / "run").fingerprint == both.fingerprint
    write_lines(one, [row(9)])
    changed = read_all([one], tmp_path / "run")
    assert changed.fingerprint != first.fingerprint
    assert changed.table["messages"][0].as_py()[0]["content"] == "question 9"
    assert read_all([two], tmp_path / "run", task="kind").table["task"].to_pylist() == ["k"]


ENGINES: dict[str, Callable[[Path], Engine]] = {
    "two workers": lambda folder: Local(workers=2, start=0.0),
    "many workers": lambda folder: Local(workers=5, start=0.0),
    "killed workers": lambda folder: Killing(workers=2, start=0.0, marks=folder),
    "backwards": lambda folder: Backwards(),
}


@pytest.mark.parametrize("name", ENGINES)
def test_bytes_and_order_are_the_same_wherever_files_are_read(name: str, tmp_path: Path) -> None:
    sizes = [3, 400, 1, 50, 7]
    data = [write_lines(tmp_path / f"{n}.jsonl", [row(n), None, *map(row, range(n))]) for n in sizes]
    with open_run(tmp_path / "alone") as alone:
        expected = read_inputs(alone, read_ask(data), engine=Local(workers=1))
    (tmp_path / "marks").mkdir()
    with open_run(tmp_path / "run") as run:
        source = read_inputs(run, read_ask(data), engine=ENGINES[name](tmp_path / "marks"))
        assert files_of(run.path) == files_of(alone.path) and len(files_of(run.path)) == 1 + 3 * len(data)
        assert source.table.equals(expected.table) and source.fingerprint == expected.fingerprint
        assert (list(source.quarantined), source.files, source.notes) == (
            list(expected.quarantined),
            expected.files,
            expected.notes,
        )
        assert [step.fingerprint for step in run.steps] == [step.fingerprint for step in alone.steps]
        assert not any(step.reused for step in run.steps)
        assert all(step.peak_mb > 1 and (step.path / "cost.json").exists() for step in run.steps)
        read_inputs(run, read_ask(data), engine=ENGINES[name](tmp_path / "marks"))
        assert all(step.reused for step in run.steps[len(data) :])
    assert len([*(tmp_path / "marks").iterdir()]) == (len(data) if name == "killed workers" else 0)


class Stopping(Backwards):
    """Backwards, until the run is killed when two files are in their place and a third is half written."""

    def each(
        self,
        work: Callable[[Content], Result],
        shards: Sequence[Shard[Content]],
        *,
        finished: Callable[[int, Result], None] | None = None,
    ) -> list[Result]:
        def killed(number: int, result: Result) -> None:
            if number == 0:
                raise KeyboardInterrupt
            if finished:
                finished(number, result)

        return super().each(work, shards, finished=killed)


def test_files_that_were_read_before_a_kill_are_not_read_again(tmp_path: Path) -> None:
    data = [write_lines(tmp_path / f"{n}.jsonl", [row(n)]) for n in range(3)]
    with pytest.raises(KeyboardInterrupt), open_run(tmp_path / "run") as run:
        read_inputs(run, read_ask(data), engine=Stopping())
    with open_run(tmp_path / "run") as run:
        source = read_inputs(run, read_ask(data))
    assert [step.reused for step in run.steps] == [False, True, True]
    assert source.table.equals(read_all(data, tmp_path / "alone").table)
    assert files_of(tmp_path / "run") == files_of(tmp_path / "alone")


@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_broken_row_stops_a_strict_reading(tmp_path: Path, workers: int) -> None:
    good = write_lines(tmp_path / "good.jsonl", [row(1)])
    bad = write_lines(tmp_path / "bad.jsonl", [*map(row, range(300)), None])
    worse = write_lines(tmp_path / "worse.jsonl", [{"zebra": 1}])
    with pytest.raises(InputError, match=r"bad.jsonl:301: a row must be an object"), open_run(tmp_path / "run") as run:
        read_inputs(run, read_ask([good, bad, worse], strict=True), engine=Local(workers=workers, start=0.0))
    assert len([*(tmp_path / "run").glob("work/read-*")]) == 1  # the good one, which is not read again


def test_no_rows_at_all(tmp_path: Path) -> None:
    empty = write_lines(tmp_path / "empty.jsonl", [])
    source = read_all([empty, write_lines(tmp_path / "one.jsonl", [row(1)])], tmp_path / "run")
    assert source.total == 1 and source.notes == {f"{empty} holds no rows": 1}
    with pytest.raises(InputError, match="no data files"):
        read_all([tmp_path / "run" / "*.json"], tmp_path / "run")


@given(st.lists(st.sampled_from(["a", "a~2", "a~2~", "a~3", "b", "~", ""]), max_size=12))
@example(["a", "a", "a~2"])
def test_ids_are_unique_and_the_first_keeps_its_own(ids: list[str]) -> None:
    unique = _unique_ids(pa.table({"id": pa.array(ids, pa.string())}))["id"].to_pylist()
    assert len(set(unique)) == len(ids)
    for at, name in enumerate(ids):
        assert (
            unique[at].rstrip("~") == f"{name}~{ids[: at + 1].count(name)}" if name in ids[:at] else unique[at] == name
        )
