"""Several proofs on one page: which drawings there are, where their points lie, and what cannot be drawn together."""

from pathlib import Path
from typing import Any, cast

import orjson
import pytest

import cuvee
from cuvee.errors import InputError
from cuvee.reports import sweep
from cuvee.result.proofs import SweepProof


def proof(rows: int, **differences: float) -> SweepProof:
    arms: list[dict[str, Any]] = [{"arm": "random", "mean": 2.0, "rows": rows}]
    for name, at in differences.items():
        label = name.replace("__", ":").replace("_is_", "=")
        arms.append(
            {
                "arm": label,
                "mean": 2 - at,
                "rows": rows,
                "difference": at,
                "low": at - 0.1,
                "high": at + 0.1,
                "verdict": "open",
            }
        )
    made = {"reference": "random", "unit": "nats per answer token", "arms": arms, "rows": rows}
    return cast(SweepProof, made)


def test_a_drawing_by_budget_and_one_by_each_setting() -> None:
    first = proof(100, mdit=0.1, mdit__alpha_is_2=0.2, mdit__blends_is_4=0.0, k_center=-0.3)
    second = proof(400, mdit=0.2, mdit__alpha_is_2=0.1)
    budget, alpha, blends = sweep.panels([second, first])
    assert [panel["title"] for panel in (budget, alpha, blends)] == ["budget, rows", "alpha", "blends"]
    assert [tick["text"] for tick in budget["x"]] == ["100", "400"]
    assert [series["label"] for series in budget["series"]] == ["mdit", "mdit:alpha=2"]  # the others have one budget
    assert [tick["text"] for tick in alpha["x"]] == ["default", "2"]
    assert {series["label"] for series in alpha["series"]} == {"mdit at 100 rows", "mdit at 400 rows"}
    assert [series["label"] for series in blends["series"]] == ["mdit at 100 rows"]


def test_points_lie_where_their_numbers_say() -> None:
    (panel,) = sweep.panels([proof(100, mdit=0.1), proof(400, mdit=-0.2)])
    (series,) = panel["series"]
    left, right = series["marks"]
    assert left["x"] < right["x"] and left["y"] < panel["zero"] < right["y"]  # y grows downwards; better is up
    for mark in series["marks"]:
        assert mark["high"] < mark["y"] < mark["low"]
        assert mark["y"] - mark["high"] == pytest.approx(mark["low"] - mark["y"], abs=0.2)
    assert "+0.1000 (+0.0000 to +0.2000)" in left["text"]


def test_runs_of_prove_become_one_page_and_others_do_not(tmp_path: Path) -> None:
    for name, told in (
        ("a", proof(100, mdit=0.1)),
        ("b", proof(400, mdit=0.2)),
        ("c", {**proof(9, mdit=0.2), "unit": "share"}),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "proof.json").write_bytes(orjson.dumps(told))
        (tmp_path / name / "summary.json").write_bytes(orjson.dumps({"sentence": f"<{name}> says so"}))
    runs = [tmp_path / "a", tmp_path / "b"]
    result = cuvee.report(runs, out=tmp_path / "both.html")
    page = (tmp_path / "both.html").read_text()
    assert result.files == [tmp_path / "both.html"] and "By budget, rows" in page and "+0.1000" in page
    assert page.startswith("<!doctype html>") and "http" not in page.replace("http-equiv", "").replace(
        "http://www.w3.org/2000/svg", ""
    )
    with pytest.raises(InputError, match="differ in their unit"):
        cuvee.report([*runs, tmp_path / "c"], out=tmp_path / "all.html")
    with pytest.raises(InputError, match=r"no proof\.json"):
        cuvee.report([*runs, tmp_path], out=tmp_path / "all.html")


def test_no_run_is_one_line() -> None:
    with pytest.raises(InputError, match="no run"):
        cuvee.report([])
