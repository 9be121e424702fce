"""Two parts of the questions: nothing in both, what moves together on one side, tasks halved."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cuvee.errors import InputError
from cuvee.exploration.parts import parted


def field(tasks: list[str], together: list[str]) -> Any:
    return SimpleNamespace(tasks=tasks, together=together)


def test_the_parts_are_apart_and_every_task_is_halved() -> None:
    tasks = ["a"] * 20 + ["b"] * 7 + ["c"] * 13
    search, confirm = parted(field(tasks, [str(at) for at in range(40)]), seed=3)
    assert sorted([*search, *confirm]) == list(range(40))
    for task in "abc":
        sides = [sum(tasks[at] == task for at in part) for part in (search, confirm)]
        assert abs(sides[0] - sides[1]) <= 1
    again = parted(field(tasks, [str(at) for at in range(40)]), seed=3)
    assert all(np.array_equal(left, right) for left, right in zip((search, confirm), again, strict=True))


def test_questions_on_one_passage_stay_on_one_side() -> None:
    together = [str(at // 3) for at in range(30)]
    search, confirm = parted(field(["a"] * 30, together), seed=0)
    assert (
        not {together[at] for at in search} & {together[at] for at in confirm} and min(len(search), len(confirm)) >= 9
    )


def test_too_few_questions_are_refused() -> None:
    with pytest.raises(InputError, match="too few"):
        parted(field(["a"] * 6, ["one"] * 4 + ["two", "three"]), seed=0)
