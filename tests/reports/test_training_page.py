"""The page of a training: whole, escaped, without requests or scripts."""

import math
import re

import pytest

from cuvee.reports import lines, training
from cuvee.result.summary import TrainingSummary


def told(steps: int) -> TrainingSummary:
    return {
        "title": "<b>m</b> on 8 rows", "sentence": "Loss 6.1 & 2.0", "command": "cuvee train <x>",
        "training": {"rows": 8, "last loss": 2.0}, "loss": [[s + 1, 2 + 4 / (s + 1), 1e-3] for s in range(steps)],
        "settings": {"model": "</style><script>"}, "versions": {"numpy": "2"}, "warnings": ["</p><img src=x>"],
    }  # fmt: skip


def test_everything_is_escaped_and_nothing_is_fetched() -> None:
    html = training.make(told(30))
    assert html.count("<script") == 1 and "<img" not in html and "<b>m" not in html
    assert not re.search(r"<[^>]*\b(?:src|href)=\"(?!#|data:,)|url\(|@import", html)
    assert training.make(told(30)) == html


@pytest.mark.parametrize("steps", [1, 2, 30, 5_000])
def test_the_curve_stays_inside_its_axes(steps: int) -> None:
    chart = lines.curve([[step + 1, 2 + math.sin(step), 0.0] for step in range(steps)])
    for line in (chart["raw"], chart["smooth"]):
        points = [tuple(map(float, point.split(","))) for point in line.split()]
        assert 1 <= len(points) <= lines.POINTS
        assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in points)
    assert chart["x"][0]["text"] == "1" and chart["x"][-1]["text"] == f"{steps:,}"


def test_the_ticks_of_a_short_axis_differ() -> None:
    chart = lines.curve([[step, 2.0 + step / 10_000, 0.0] for step in range(5)])
    assert len({tick["text"] for tick in chart["y"]}) == lines.TICKS
