"""The map's intervals, by hand."""

import numpy as np
import pytest

from cuvee.atlas.chart import between, charted, contrast
from cuvee.atlas.regime import Kind, Regime
from cuvee.atlas.trial import TriedFigures
from cuvee.reports.regimes import picture


def took(known: float, unknown: float | None = None) -> TriedFigures:
    return {
        "known": known, "unknown": unknown, "rows": 4, "different": 4, "tasks": 2, "wrong": 1, "updates": 3,
        "tokens": 50, "answers": 9,
    }  # fmt: skip


def test_the_interval_is_students_of_the_differences() -> None:
    found = contrast(np.array([3.0, 3.2, 3.4, 3.3]), np.array([2.9, 3.0, 3.1, 3.1]))
    differences = np.array([0.1, 0.2, 0.3, 0.2])
    assert found["difference"] == pytest.approx(0.2)
    assert found["half"] == pytest.approx(3.182446 * differences.std(ddof=1) / 2)
    assert found["verdict"] == "better"


def test_one_pool_tells_nothing() -> None:
    assert contrast(np.array([3.0]), np.array([1.0])) == {"difference": 2.0, "half": None, "verdict": "cannot tell"}


def test_draws_of_random_are_averaged_and_their_spread_is_told() -> None:
    trials = {"random": [[took(3.0), took(3.2)], [took(3.1), took(3.3)]], "k-center": [[took(3.3)], [took(3.5)]]}
    regime = Regime(Kind(1, 0.5, 0), 1)
    told = charted(regime, 4, trials, "random")
    (random, kcenter) = told["arms"]
    assert random["known"]["difference"] == 0 and random["unknown"] is None
    assert kcenter["known"]["difference"] == pytest.approx(-0.25)
    assert told["luck"] == pytest.approx(0.2 / 2**0.5) and told["seeds"] == 2
    assert between(trials, "random", "k-center")["difference"] == pytest.approx(0.25)
    drawn = picture([told])
    assert "Zipf, 50% copies, 1 row a task (n=2)" in drawn and "-0.250" in drawn and drawn.count("<rect") == 2
