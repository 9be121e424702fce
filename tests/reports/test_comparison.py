"""What the pages of two runs and of an evaluation say of numbers, by hand."""

from typing import Any, cast

from cuvee.reports import comparison, evaluation
from cuvee.result.measures import MeasureRow


def measure(name: str, value: float | None, *, higher: bool, random: float | None = 0.5) -> MeasureRow:
    told = {"name": name, "what": "", "unit": "", "higher_is_better": higher, "selection": value, "random_mean": random}
    return cast(MeasureRow, told)


def test_a_measure_of_either_run_is_told_and_which_is_better() -> None:
    a = [
        measure("distance", 0.4, higher=False),
        measure("entropy", 2.0, higher=True),
        measure("tokens", 9, higher=True, random=None),
    ]
    b = [
        measure("distance", 0.5, higher=False),
        measure("entropy", 2.0, higher=True),
        measure("vendi", 7.0, higher=True),
    ]
    told = [(row["name"], row["a"], row["b"], row["word"]) for row in comparison.pairs(a, b)]
    assert told == [
        ("distance", 0.4, 0.5, "A"),
        ("entropy", 2.0, 2.0, "alike"),
        ("tokens", 9, None, ""),  # more of them are not better
        ("vendi", None, 7.0, ""),
    ]


def test_means_are_bars_with_intervals_inside_their_scale() -> None:
    def mean(task: str, name: str, value: float, se: float | None, *, higher: bool) -> Any:
        return {"task": task, "measure": name, "n": 9, "mean": value, "se": se, "higher_is_better": higher}

    means = [
        mean("maths", "exact_match", 0.25, 0.05, higher=True),
        mean("(all)", "exact_match", 0.99, 0.1, higher=True),
        mean("maths", "loss", 1.0, None, higher=False),
        mean("(all)", "loss", 2.0, 0.5, higher=False),
    ]
    share, loss = evaluation.by_measure(means, {}, ["(all)"])
    assert [row["task"] for row in share["rows"]] == ["(all)", "maths"] and share["share"] and not loss["share"]
    assert (share["rows"][0]["high"], share["rows"][1]["size"], share["rows"][1]["low"]) == (100, 25, 15.2)
    assert (
        loss["rows"][0]["high"] == 100 and loss["rows"][1]["low"] == loss["rows"][1]["size"] == loss["rows"][1]["high"]
    )
