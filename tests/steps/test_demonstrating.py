"""The demo finds what was planted."""

from pathlib import Path

import cuvee


def test_the_demo_tells_what_it_found_of_what_was_planted(tmp_path: Path) -> None:
    result = cuvee.demo(rows=1000, budget="100", out=tmp_path / "demo")
    found = {row["planted"]: row for row in result.summary["found"]}
    for fault in ("exact-duplicate", "empty-answer", "broken line", "leaked question"):
        assert found[fault]["found_count"] == found[fault]["planted_count"] > 0, fault
        assert found[fault]["false_count"] == 0, fault
    near, cut = found["near-duplicate"], found["truncated-answer"]
    assert near["found_count"] >= 0.9 * near["planted_count"] and near["false_count"] <= 0.1 * near["planted_count"]
    assert cut["found_count"] >= 0.7 * cut["planted_count"] and cut["false_count"] <= 0.2 * cut["planted_count"]
    assert (tmp_path / "demo/run/report.html").exists()
    assert "cuvee select" in result.next
