"""The numbers behind the page's proof: a forest plot of the differences, all arms on one scale, in percent."""

from collections.abc import Mapping, Sequence
from typing import Any

from cuvee.proof.verdicts import rounded

VERDICTS = {
    "beats": ("better", "better"),
    "loses": ("worse", "worse"),
    "open": ("within", "cannot tell"),
}  # class, word
MARGIN = 6.0  # percent kept free at both ends


def forest(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return arms with positions (percent, right is better), ticks, and the table of tasks; empty where there is no proof.

    told: as ``proof.json``. Each arm gets at (difference), low, high, size (text), class of its verdict.
    """
    arms = list(told.get("arms") or [])
    judged = [arm for arm in arms if arm.get("difference") is not None]
    reach = max((max(abs(arm["low"]), abs(arm["high"])) for arm in judged), default=0.0) or 1.0

    def place(value: float) -> float:
        return round(50 + (50 - MARGIN) * value / reach, 3)

    rows = [
        {
            **arm,
            "at": place(arm["difference"]),
            "from": place(arm["low"]),
            "to": place(arm["high"]),
            "size": "{}{} ± {}".format(
                "+" if arm["difference"] >= 0 else "−", *rounded(abs(arm["difference"]), arm["half_width"])
            ),
            "class": VERDICTS[arm["verdict"]][0],
            "word": VERDICTS[arm["verdict"]][1],
        }
        for arm in judged
    ]
    ticks = [{"at": place(value), "text": f"{value:+.2g}" if value else "0"} for value in (-reach, 0.0, reach)]
    return {"arms": rows, "ticks": ticks if rows else [], "tasks": tasks(told, arms)}


def tasks(told: Mapping[str, Any], arms: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one line per task, and one for their mean: the name, and every arm's mean with whether it is the best."""
    lines = [(name, [arm["by_task"][at] for arm in arms]) for at, name in enumerate(told.get("tasks") or [])]
    if lines:
        lines.append(("all tasks, alike", [arm["mean"] for arm in arms]))
    best = min if told.get("better") == "lower" else max
    return [
        {"task": name, "cells": [{"value": value, "best": value == best(values)} for value in values]}
        for name, values in lines
    ]
