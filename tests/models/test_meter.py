"""What was spent, by whom, over a kill."""

from pathlib import Path

from cuvee.models.meter import charge, metered


def test_the_innermost_meter_counts_and_none_is_needed() -> None:
    charge(forward=9)
    with metered() as outer:
        charge(forward=5, backward=5)
        with metered() as inner:
            charge(forward=2)
        charge(forward=1)
    assert (outer.forward, outer.backward, inner.forward) == (6, 5, 2)


def test_a_kept_count_goes_on(tmp_path: Path) -> None:
    for _ in range(2):
        with metered(tmp_path / "spent.json") as spent:
            charge(forward=3, backward=1)
    assert (spent.forward, spent.backward) == (6, 2)
