"""The numbers behind the page's proof: a forest plot of the differences, all arms on one scale, in percent."""

from collections.abc import Callable, Sequence
from typing import TypedDict

from cuvee.reports.lines import Tick
from cuvee.result.proofs import ProofArm, ProofFigures
from cuvee.statistics.verdicts import rounded

VERDICTS = {
    "beats": ("better", "better"),
    "loses": ("worse", "worse"),
    "open": ("within", "cannot tell"),
    "ahead": ("within", "ahead, once"),
    "behind": ("within", "behind, once"),
}  # class, word
MARGIN = 6.0  # percent kept free at both ends
FAR = (
    4.0  # an arm this many times as far out as all others is an arrow at the scale's end: the others can be told apart
)


# where an arm's interval lies, and the class of its verdict
PlacedInterval = TypedDict("PlacedInterval", {"from": float, "to": float, "class": str})


class PlacedArm(ProofArm, PlacedInterval):
    """An arm as the forest plot shows it, inside the scale. at: its difference, in percent. size: the difference as text."""

    at: float
    size: str
    word: str  # of its verdict
    beyond: str  # left or right where the difference lies beyond the scale's end


class TaskCell(TypedDict):
    """An arm's mean of a task; best: whether no other arm has a better one."""

    value: float
    best: bool


class TaskLine(TypedDict):
    """A task with every arm's mean."""

    task: str
    cells: list[TaskCell]


class Forest(TypedDict):
    """What the template draws of one proof."""

    arms: list[PlacedArm]
    ticks: list[Tick]
    tasks: list[TaskLine]


def forest(told: ProofFigures) -> Forest:
    """Return arms with positions (percent, right is better), ticks, and the table of tasks; empty where there is no proof.

    told: as ``proof.json``. Each arm gets at (difference), low, high, size (text), class of its verdict.
    """
    arms = list(told.get("arms") or [])
    judged = [arm for arm in arms if arm.get("difference") is not None]
    reach = _reach([max(abs(arm["low"]), abs(arm["high"])) for arm in judged])

    def place(value: float) -> float:
        return round(50 + (50 - MARGIN) * min(max(value / reach, -1.0), 1.0), 3)

    rows = [_placed(arm, place, reach) for arm in judged]
    ticks: list[Tick] = [
        {"at": place(value), "text": f"{value:+.2g}".replace("-", "−") if value else "0"}
        for value in (-reach, 0.0, reach)
    ]
    return {"arms": rows, "ticks": ticks if rows else [], "tasks": tasks(told, arms)}


def _placed(arm: ProofArm, place: Callable[[float], float], reach: float) -> PlacedArm:
    sign = "+" if arm["difference"] >= 0 else "−"
    size, width = rounded(abs(arm["difference"]), arm["half_width"])
    css, word = VERDICTS.get(arm["verdict"], VERDICTS["open"])
    word = ", ".join([word, *([arm["standing"]] if "standing" in arm else [])])
    return {
        **arm,
        "at": place(arm["difference"]),
        "from": place(arm["low"]),
        "to": place(arm["high"]),
        "size": f"{sign}{size} ± {width}",
        "class": css,
        "word": word,
        "beyond": "" if abs(arm["difference"]) <= reach else "right" if arm["difference"] > 0 else "left",
    }


def by_metric(told: ProofFigures) -> list[ProofFigures]:
    """Return a proof and the same by its further metrics; empty where there is none."""
    return [told, *told.get("also", [])] if told else []


def _reach(extents: list[float]) -> float:
    """Return the difference at the end of the scale."""
    ordered = sorted(extents, reverse=True) or [1.0]
    while len(ordered) > 1 and ordered[0] > FAR * ordered[1] > 0:
        ordered.pop(0)
    return ordered[0] or 1.0


def tasks(told: ProofFigures, arms: Sequence[ProofArm]) -> list[TaskLine]:
    """Return one line per task, and one for their mean: the name, and every arm's mean with whether it is the best."""
    lines = [(name, [arm["by_task"][at] for arm in arms]) for at, name in enumerate(told.get("tasks") or [])]
    if lines:
        lines.append(("all tasks, alike", [arm["mean"] for arm in arms]))
    best = min if told.get("better") == "lower" else max
    return [
        {"task": name, "cells": [{"value": value, "best": value == best(values)} for value in values]}
        for name, values in lines
    ]
