"""A plan: the smallest difference that a comparison of this size would tell is told four times in five."""

import numpy as np
import pytest

from cuvee import rng
from cuvee.statistics import ArmResults, Comparison, compare
from cuvee.statistics.planning import Planned, Spreads, smallest

SPREADS = Spreads(run=2 * 0.1**2, question=2 * 0.3**2, both=2 * 0.2**2)  # of two arms that vary alike


def drawn(seeds: int, questions: int, better: float, time: int) -> list[ArmResults]:
    stream = rng.stream(time, "plan")
    arms = []
    for name, shift in (("random", 0.0), ("x", better)):
        values = shift + 0.1 * stream.standard_normal((seeds, 1)) + 0.3 * stream.standard_normal((1, questions))
        values = values + 0.2 * stream.standard_normal((seeds, questions))
        arms.append(ArmResults(name, values, tuple(range(seeds))))
    return arms


def test_the_planned_difference_is_found_about_four_times_in_five() -> None:
    least = smallest(Planned(arms=1, seeds=5, draws=80, level=0.95), SPREADS)
    assert least is not None
    found = sum(
        compare(
            drawn(5, 80, least, time), ["t"] * 80, Comparison(better="higher", draws=200), rng=rng.stream(time, "x")
        )
        .verdicts[0]
        .word
        == "beats"
        for time in range(200)
    )
    assert 0.68 <= found / 200 <= 0.95


def test_the_spreads_of_a_comparison_are_those_it_was_drawn_with() -> None:
    known = [
        compare(drawn(8, 200, 0.0, time), ["t"] * 200, Comparison(draws=50), rng=rng.stream(0, "x")).verdicts[0].spreads
        for time in range(20)
    ]
    for name in ("run", "question", "both"):
        assert np.mean([getattr(one, name) for one in known]) == pytest.approx(getattr(SPREADS, name), rel=0.25)


def test_more_of_either_tells_less_and_one_seed_nothing() -> None:
    sizes = [
        Planned(arms=m, seeds=s, draws=q, level=0.95) for m, s, q in ((4, 5, 80), (1, 5, 80), (1, 8, 80), (1, 8, 400))
    ]
    least = [smallest(size, SPREADS) or 0.0 for size in sizes]
    assert least == sorted(least, reverse=True) and len(set(least)) == 4
    assert smallest(Planned(arms=1, seeds=1, draws=80, level=0.95), SPREADS) is None
