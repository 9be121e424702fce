"""Two runs beside each other, and what the page of one holds of its rows: end to end on a small sample pool."""

import re
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pyarrow.parquet as pq
import pytest

import cuvee
from cuvee import render
from cuvee.errors import InputError
from cuvee.planting.files import write

Runs = tuple[Path, Path]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("compared")
    pool = [str(write(folder / "sample", 200, seed=2).pool)]
    how: dict[str, Any] = {"budget": "30", "embedder": "lexical", "draws": 1, "scores": "length"}
    a = cuvee.select(pool, out=folder / "a", **how).folder
    return a, cuvee.select(pool, method="uniform", out=folder / "b", **how).folder


def data_of(page: str, name: str) -> Any:
    found = re.search(f'<script type="application/json" id="{name}">(.*?)</script>', page)
    assert found
    return orjson.loads(found[1])


def test_what_came_and_what_went_is_what_the_ledgers_say(runs: Runs, tmp_path: Path) -> None:
    chosen = [set(pl.read_parquet(run / "ledger.parquet").filter(status="kept")["id"]) for run in runs]
    result = cuvee.report(list(runs), out=tmp_path / "both.html")
    page = (tmp_path / "both.html").read_text()
    came, went = (re.search(f'<tbody id="{name}-rows">(.*?)</tbody>', page, re.DOTALL) for name in ("came", "went"))
    assert came and went
    assert set(re.findall(r'class="id"><bdi>(.*?)</bdi>', came[1])) == chosen[1] - chosen[0]
    assert set(re.findall(r'class="id"><bdi>(.*?)</bdi>', went[1])) == chosen[0] - chosen[1]
    assert f"B chose {len(chosen[1] - chosen[0])} rows that A did not" in result.summary["sentence"]
    assert "--method" in page and "facility-location" in page and 'id="map-a"' in page and 'id="map-b"' in page


def test_the_chosen_rows_stand_whole_in_the_map_and_in_the_page(runs: Runs) -> None:
    selected = [orjson.loads(line) for line in (runs[0] / "selected.jsonl").read_bytes().splitlines()]
    points = pq.read_table(runs[0] / "map.parquet").to_pylist()
    ranked = {row["rank"]: (row["question"], row["answer"]) for row in points if row["rank"]}
    asked = [(render.prompt(row["messages"]), render.response(row["messages"]) or "") for row in selected]
    assert [ranked[rank] for rank in sorted(ranked)] == asked
    assert all(row["question"] is None for row in points if not row["rank"])
    data = data_of((runs[0] / "report.html").read_text(), "map-data")
    assert data["whole"] == 30 and tuple(data["texts"][0][0]) == asked[0]
    assert [score["name"] for score in data["scores"]] == ["length"]
    assert {label for label, *_ in data["reasons"]} >= {"chosen", "beyond the budget", "near duplicate"}


def test_the_page_tells_time_and_memory_and_a_histogram_of_each_score(runs: Runs) -> None:
    page = (runs[0] / "report.html").read_text()
    assert "Peak memory, MB" in page and "<bdi>embed</bdi>" in page
    bins = orjson.loads((runs[0] / "summary.json").read_bytes())["scores"][0]["bins"]
    assert sum(one["selection"] for one in bins) == 30 and sum(one["pool"] for one in bins) > 100


def test_what_cannot_be_compared_is_refused(runs: Runs, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="3 runs are named, and two can be compared"):
        cuvee.report([*runs, runs[0]], out=tmp_path / "all.html")
    with pytest.raises(InputError, match=r"no map\.parquet"):
        cuvee.report([runs[0], tmp_path], out=tmp_path / "all.html")
