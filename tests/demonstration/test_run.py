"""The demo finds what was planted."""

from pathlib import Path

import orjson
import pytest
from tests.result.fits import fits

import cuvee
from cuvee.demonstration.shown import METHODS
from cuvee.errors import MissingExtraError
from cuvee.extras import how_to_add
from cuvee.result import Summary


def test_the_demo_tells_what_it_found_of_what_was_planted(tmp_path: Path) -> None:
    result = cuvee.demo(rows=1000, budget="100", out=tmp_path / "demo")
    found = {row["planted"]: row for row in result.summary["found"]}
    for fault in ("exact-duplicate", "empty-answer", "broken line", "leaked question"):
        assert found[fault]["found_count"] == found[fault]["planted_count"] > 0, fault
        assert found[fault]["false_count"] == 0, fault
    near, cut = found["near-duplicate"], found["truncated-answer"]
    assert near["false_count"] is not None and cut["false_count"] is not None
    assert near["found_count"] >= 0.9 * near["planted_count"] and near["false_count"] <= 0.1 * near["planted_count"]
    assert cut["found_count"] >= 0.7 * cut["planted_count"] and cut["false_count"] <= 0.2 * cut["planted_count"]
    assert (tmp_path / "demo/run/report.html").exists()
    assert "cuvee select" in result.next
    for shown in result.summary["methods"]:
        assert shown["line"] and shown["seconds"] is not None and shown["seconds"] > 0
        assert list((tmp_path / "demo" / shown["method"]).rglob("report.html"))
    assert [shown["method"] for shown in result.summary["methods"]] == list(METHODS)
    for path in (tmp_path / "demo").rglob("summary.json"):
        told = orjson.loads(path.read_bytes())
        assert fits(told if "title" in told else {"profile": told}, Summary) == [], path


def test_without_torch_the_methods_are_named_and_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*libraries: str, purpose: str) -> None:
        raise MissingExtraError(libraries[0], "train", purpose)

    monkeypatch.setattr("cuvee.demonstration.run.need", none)
    (shown,) = cuvee.demo(rows=300, budget="30", out=tmp_path / "demo").summary["methods"]
    assert shown["line"] == f"not shown: {how_to_add('train')}" and shown["method"].split(", ") == list(METHODS)
