"""Every family's answers are right: recomputed here another way, from the question's own text."""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from cuvee.planting.families import FAMILIES, IMBALANCE, sizes
from cuvee.planting.tables import TABLES
from cuvee.planting.task import Task


def made(family: str, count: int = 300) -> list[Task]:
    rng = np.random.default_rng(5)
    return [FAMILIES[family].make(rng) for _ in range(count)]


@pytest.mark.parametrize("family", FAMILIES)
def test_tasks_are_whole_and_reproducible(family: str) -> None:
    tasks = made(family)
    assert tasks == made(family)
    assert all(task.instruction.strip() and task.output.strip() for task in tasks)
    assert not any("{" in part or "}" in part for task in tasks for part in task)
    assert len(set(tasks)) > 150


def test_every_step_of_a_word_problem_is_true() -> None:
    for task in made("word-problem"):
        steps = re.findall(r"(\d+(?: [x+-] \d+)+) = (\d+)", task.output)
        sums = re.findall(r"(\d+) = (\d+) x (\d+) \+ (\d+)", task.output)
        assert steps or sums
        for left, right in steps:
            assert eval(left.replace("x", "*")) == int(right)
        for total, people, each, left in sums:
            assert int(total) == int(people) * int(each) + int(left) and int(left) < int(people)
        answer = int(task.output.rsplit("Answer: ", 1)[1])
        assert answer >= 0 and re.search(rf"\b{answer}\b", task.output.splitlines()[-2])


def test_word_problems_solved_from_their_text() -> None:
    kinds: dict[str, Callable[[list[int]], int]] = {
        "change is due": lambda n: n[3] - (n[0] * n[1] + n[2]),
        "kilometres is that": lambda n: n[0] * n[1] + n[2] * n[3],
        "dollars remain": lambda n: n[0] + n[1] * n[2] - n[3],
        "still sit down": lambda n: n[0] * n[1] - n[2] - n[3],
        "good pieces": lambda n: n[0] * n[1] * n[2] - n[3],
        "left over": lambda n: (n[0] + n[2]) % n[3],
    }
    seen = set()
    for task in made("word-problem"):
        (kind,) = (words for words in kinds if words in task.instruction)
        numbers = [int(n) for n in re.findall(r"\d+", task.instruction)]
        assert f"Answer: {kinds[kind](numbers)}" == task.output.splitlines()[-1]
        seen.add(kind)
    assert seen == set(kinds)


def test_conversions_agree_with_the_ratio() -> None:
    ratios = {(big, small): ratio for big, small, ratio in TABLES.units}
    for task in made("conversion"):
        found = re.match(r"(\d+) (\w+) = (\d+) (\w+)\.", task.output)
        assert found
        left, a, right, b = found.groups()
        ratio = Fraction(ratios[a, b]) if (a, b) in ratios else 1 / Fraction(ratios[b, a])
        assert int(left) * ratio == int(right) and f"{left} {a}" in task.instruction and b in task.instruction


def test_functions_run_and_give_what_their_sentence_says() -> None:
    numbers = [3, -2, 0, 7, 8, -5, 4, 9, 1, 2]
    keep: dict[str, Callable[[int], bool]] = {
        "even numbers": lambda n: n % 2 == 0, "odd numbers": lambda n: n % 2 == 1,
        "positive numbers": lambda n: n > 0, "negative numbers": lambda n: n < 0, "other than zero": lambda n: n != 0,
    }  # fmt: skip
    change: dict[str, Callable[[int], Any]] = {
        "squares of": lambda n: n**2, "cubes of": lambda n: n**3, "doubles of": lambda n: n + n,
        "absolute values of": abs, "text lengths of": lambda n: len(str(n)), " values of": lambda n: n,
    }  # fmt: skip
    reduce: dict[str, Callable[[list[Any]], Any]] = {
        "the sum": sum,
        "an ascending list": sorted,
        "returns a list": list,
        "largest": max,
        "smallest": min,
    }
    for task in made("code"):
        space: dict[str, Any] = {}
        exec(task.output, space)
        (name,) = re.findall(r"(\w+)\(numbers\)", task.instruction)
        left_out = re.search(r"leaving out the number (\d+)", task.instruction)
        kept = next(f for words, f in keep.items() if words in task.instruction)
        each = next(f for words, f in change.items() if words in task.instruction)
        whole = next(f for words, f in reduce.items() if words in task.instruction)
        chosen: list[Any] = [each(n) for n in numbers if kept(n) and not (left_out and n == int(left_out[1]))]
        assert space[name](numbers) == whole(chosen)


def test_labels_fit_their_texts() -> None:
    for task in made("sentiment"):
        assert {
            remark in task.input for remark in (TABLES.praise if task.output == "Positive" else TABLES.complaints)
        } == {True, False}
        assert not any(
            remark in task.input for remark in (TABLES.complaints if task.output == "Positive" else TABLES.praise)
        )
    home = {word: kind for kind, words in TABLES.kinds.items() for word in words}
    assert len(home) == sum(len(words) for words in TABLES.kinds.values()), "a word has two kinds"
    for task in made("classification"):
        assert task.output == "\n".join(f"{word}: {home[word]}" for word in task.input.split(", "))


def test_extracted_fields_stand_in_the_message() -> None:
    for task in made("extraction"):
        assert all(field in task.input for field in task.output.split("; "))
        assert ("date" in task.instruction) == bool(re.search(r"\d+ [A-Z]\w+ \d{4}", task.output))


def test_grammar_changes_the_verb_only() -> None:
    for task in made("grammar"):
        wrong, right = task.input.split(), task.output.split()
        changed = [(a, b) for a, b in zip(wrong, right, strict=True) if a != b]
        assert len(changed) == 1 and changed[0][0].removesuffix("s") == changed[0][1].removesuffix("s")
        plural = right[: right.index(changed[0][1])][-1].endswith(("s", "children"))
        assert plural != changed[0][1].endswith("s")


def test_steps_are_sorted_and_the_same() -> None:
    for task in made("steps"):
        (goal,) = (
            goal for goal in TABLES.procedures if task.instruction.rstrip("?.").removesuffix(" in order").endswith(goal)
        )
        lines = [line.split(". ", 1)[1] for line in task.output.splitlines()]
        assert sorted(lines) == sorted(task.input.split("; "))
        assert lines == [step for step in TABLES.procedures[goal] if step in lines]


@pytest.mark.parametrize("rows", [200, 1840, 2000, 10_000])
def test_sizes_fall_and_sum_up(rows: int) -> None:
    counts = list(sizes(rows).values())
    assert sum(counts) == rows and counts == sorted(counts, reverse=True)
    if rows >= 1840:
        assert counts[0] / counts[-1] == pytest.approx(IMBALANCE, rel=0.15)
