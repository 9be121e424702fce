"""``cuvee regimes`` end to end on the tiny model."""

from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

import cuvee
from cuvee.errors import ConfigError
from cuvee.planting.files import write

pytest.importorskip("torch")
ASKED: dict[str, Any] = {
    "arms": "random,stratified:by=task,evolve:rounds=1,full", "imbalance": "1", "noise": "0.3", "per_task": "1",
    "pool_tasks": 4, "pool_rows": 16, "questions": 2, "unseen": 1, "longest": 400, "seeds": 2, "least_steps": 1,
    "most_steps": 2, "max_length": 128, "embedder": "lexical",
}  # fmt: skip


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("sample"), 300, seed=4).pool


def test_a_map_is_made_goes_on_and_keeps_to_its_plan(pool: Path, tiny_model: Path, tmp_path: Path) -> None:
    asked = {**ASKED, "model": str(tiny_model), "out": tmp_path / "run"}
    plan = tmp_path / "plan.json"
    first = cuvee.regimes([str(pool)], **asked, primary="full>random", plan=plan)
    (regime,) = orjson.loads((first.folder / "map.json").read_bytes())["regimes"]
    assert regime["budget"] == 4 and regime["seeds"] == 2 and regime["luck"] > 0
    told = {arm["arm"]: arm for arm in regime["arms"]}
    assert list(told) == asked["arms"].split(",") and told["full"]["rows"] == 16 and told["full"]["wrong"] == 5
    assert told["evolve:rounds=1"]["rows"] == told["random"]["rows"] == 4
    assert {arm["updates"] for arm in told.values()} == {2.0}
    assert "Written beforehand: full>random" in first.summary["sentence"]
    assert (first.folder / "cells" / f"{regime['name']}.json").is_file()
    assert pq.read_table(first.folder / "trials.parquet").num_rows == 2 * (3 + 2)
    steps = {path: path.stat().st_mtime_ns for path in (first.folder / "work").glob("arm-*")}
    more = cuvee.regimes([str(pool)], **{**asked, "seeds": 3}, replace=True)
    assert all(path.stat().st_mtime_ns == time for path, time in steps.items())
    assert orjson.loads((more.folder / "map.json").read_bytes())["regimes"][0]["seeds"] == 3
    with pytest.raises(ConfigError, match="says otherwise: seeds was 2"):
        cuvee.regimes([str(pool)], **{**asked, "seeds": 3}, plan=plan, replace=True)


def test_mistakes_are_told_together(pool: Path, tiny_model: Path) -> None:
    wrong = {"arms": "stratified,base", "imbalance": "much", "half": "third", "same": "rows"}
    with pytest.raises(ConfigError) as found:
        cuvee.regimes([str(pool)], **{**ASKED, **wrong, "model": str(tiny_model)})
    for word in ("base cannot be an arm", "imbalance 'much'", "random is not an arm", "third", "rows"):
        assert word in str(found.value)


def test_a_dry_run_says_what_it_would_cost(pool: Path, tiny_model: Path, tmp_path: Path) -> None:
    plan = cuvee.regimes([str(pool)], **ASKED, model=str(tiny_model), out=tmp_path / "x", dry_run=True).summary["plan"]
    assert any("10 trials: 1 regimes, 4 arms, 2 seeds" in step for step in plan["steps"]) and plan["tokens"] > 0
    assert not (tmp_path / "x").exists()
