"""The positions of the forest plot."""

from typing import Any, cast

import pytest

from cuvee.reports.forest import forest
from cuvee.result.proofs import ProofArm, ProofFigures


def arm(name: str, difference: float | None, half: float = 0.1) -> ProofArm:
    found: dict[str, Any] = {"arm": name, "mean": 2.0, "by_task": [1.0, 3.0]}
    if difference is not None:
        word = "open" if abs(difference) <= half else "beats" if difference > 0 else "loses"
        found |= {"difference": difference, "half_width": half, "verdict": word}
        found |= {"low": difference - half, "high": difference + half, "sentence": ""}
    return cast(ProofArm, found)


def test_zero_stands_in_the_middle_and_all_arms_share_the_scale() -> None:
    drawn = forest(
        {"better": "lower", "tasks": ["a", "b"], "arms": [arm("random", None), arm("x", 0.3), arm("y", -0.05)]}
    )
    x, y = drawn["arms"]
    assert x["to"] == 94.0 and x["at"] == pytest.approx(50 + 44 * 0.75)
    assert y["from"] < y["at"] < 50 < y["to"]
    assert [x["class"], y["class"]] == ["better", "within"]
    assert [tick["at"] for tick in drawn["ticks"]] == [6.0, 50.0, 94.0]


def test_an_arm_far_out_is_an_arrow_at_the_end_of_the_scale_and_nothing_lies_beyond_it() -> None:
    drawn = forest({"better": "lower", "tasks": ["a", "b"], "arms": [arm("base", -9.0), arm("x", 0.3)]})
    base, x = drawn["arms"]
    assert base["at"] == base["from"] == base["to"] == drawn["ticks"][0]["at"] == 6.0
    assert (base["beyond"], x["beyond"]) == ("left", "") and x["to"] == 94.0


def test_the_best_of_each_task_is_marked() -> None:
    told: ProofFigures = {
        "better": "lower",
        "tasks": ["a", "b"],
        "arms": [arm("random", None), {**arm("x", 0.3), "by_task": [0.5, 4.0]}],
    }
    lines = forest(told)["tasks"]
    assert [[cell["best"] for cell in line["cells"]] for line in lines[:2]] == [[False, True], [True, False]]


def test_nothing_is_drawn_without_a_proof() -> None:
    assert forest({}) == {"arms": [], "ticks": [], "tasks": []}
