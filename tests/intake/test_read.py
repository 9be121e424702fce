"""All inputs together: every row is accounted for, ids are unique, and a file that was read is not read again."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.asks import read_ask

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


def write_lines(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def row(at: int, **more: Any) -> dict[str, Any]:
    return {"instruction": f"question {at}", "output": "x", **more}


def test_the_real_pool(real_pool: Path, tmp_path: Path) -> None:
    source = read_all([real_pool], tmp_path / "run")
    assert {Path(file["file"]).name: file["rows"] for file in source.files} == REAL
    places = zip(source.table["file"].to_pylist(), source.table["line"].to_pylist(), strict=True)
    assert len(set(places)) == sum(REAL.values()) == 89_189 == source.total and source.quarantined == []
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
