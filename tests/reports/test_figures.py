"""Positions, shares and verdicts, worked by hand."""

from typing import cast

import pytest

from cuvee.reports import figures
from cuvee.result.measures import LabelBar, MeasureRow, RowCounts


def plot(**values: object) -> figures.RangePlot:
    return figures.range_plot(cast(MeasureRow, {"name": "m", "higher_is_better": True, **values}))


def judged(verdict: str) -> figures.RangePlot:
    return cast(figures.RangePlot, {"verdict": verdict})


def test_higher_is_better_lies_right() -> None:
    drawn = plot(selection=3.0, random_mean=1.5, random_low=1.0, random_high=2.0)
    assert drawn["at"] == {"pool": None, "selection": 92, "random_mean": 29, "random_low": 8, "random_high": 50}
    assert drawn["verdict"] == "better"


def test_lower_is_better_is_turned_round() -> None:
    drawn = plot(higher_is_better=False, selection=1.0, random_mean=2.0, random_low=2.0, random_high=3.0)
    assert drawn["at"] == {"pool": None, "selection": 92, "random_mean": 50, "random_low": 50, "random_high": 8}
    assert drawn["verdict"] == "better"


@pytest.mark.parametrize(
    ("selection", "verdict"), [(1.0, "within"), (2.0, "within"), (0.99, "worse"), (2.01, "better")]
)
def test_better_and_worse_are_said_only_outside_the_range(selection: float, verdict: str) -> None:
    assert plot(selection=selection, random_low=1.0, random_high=2.0)["verdict"] == verdict


def test_no_random_no_verdict() -> None:
    assert plot(selection=1.0)["verdict"] == ""
    assert plot(selection=None, random_low=1.0, random_high=2.0)["verdict"] == ""
    assert plot(selection=float("nan"), random_low=1.0, random_high=2.0)["verdict"] == ""


def test_a_far_pool_does_not_squeeze_the_rest() -> None:
    near = {"selection": 2.0, "random_low": 1.0, "random_high": 1.5}
    assert plot(pool=1_000.0, **near)["edge"] == "right"
    assert plot(pool=-1_000.0, **near)["edge"] == "left"
    assert plot(pool=1_000.0, higher_is_better=False, **near)["edge"] == "left"
    assert plot(pool=3.0, **near)["edge"] == ""


def test_the_tally_counts_the_verdicts() -> None:
    plots = [judged(one) for one in ("better", "better", "worse", "within", "")]
    assert (
        figures.tally(plots)
        == "Of 4 measures: better than every random draw on 2, worse than every one on 1, like random on 1."
    )
    assert figures.tally([judged("")]) == ""


@pytest.mark.parametrize("dropped", [70, 10])
def test_free_rows_are_told_apart_from_dropped_ones_however_they_are_counted(dropped: int) -> None:
    rows: RowCounts = {"input": 100, "kept": 20, "dropped": dropped, "quarantined": 10, "merged": 0, "free": 60}
    parts = figures.flow(rows)
    assert {part["key"]: part["rows"] for part in parts} == {"kept": 20, "free": 60, "dropped": 10, "quarantined": 10}
    assert sum(part["share"] for part in parts) == pytest.approx(1)


def test_bars_are_shares_of_their_own_total_and_the_rest_is_added_up() -> None:
    rows: list[LabelBar] = [{"label": f"l{i}", "pool": 4, "selection": 1} for i in range(25)]
    bars = figures.bars(rows)
    assert len(bars) == 21
    assert bars[-1]["label"] == "5 others"
    assert bars[-1]["pool_share"] == pytest.approx(0.2)
    assert bars[-1]["selection_size"] == 100
    assert bars[0]["pool_size"] == pytest.approx(20)


def test_a_label_breaks_at_underscores_and_stays_escaped() -> None:
    assert figures.breakable("a_b/<i>") == "a_<wbr>b/<wbr>&lt;i&gt;"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (0.0, "0"),
        (0.12345, "0.1235"),
        (12, "12"),
        (1234.5, "1,234"),
        (1_000_000, "1,000,000"),
    ],
)
def test_numbers(value: float | None, text: str) -> None:
    assert figures.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0 %"), (0.0004, "<0.1 %"), (0.056, "5.6 %"), (0.341, "34 %"), (1.0, "100 %")]
)
def test_shares(value: float, text: str) -> None:
    assert figures.share(value) == text
