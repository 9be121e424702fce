"""What a policy learnt and did, as the page draws it: two lines, the columns that drive it, and what it took over time."""

from typing import TypedDict

from cuvee.reports.lines import Curve, curve
from cuvee.result.methods import PolicyFigures

SHOWN = 12  # columns of the importance chart


class ImportanceBar(TypedDict):
    """A column, or a group of them, and how much the score hangs on it; size: percent."""

    name: str
    share: float
    size: float


class DrawnPolicy(PolicyFigures):
    """What a policy learnt, with the drawings. rest: columns that are not shown."""

    named: str
    gains: Curve | None
    losses: Curve
    bars: list[ImportanceBar]
    rest: int


def adaptation(told: PolicyFigures | None) -> DrawnPolicy | None:
    """Return what the template needs of ``summary["adaptation"]``; nothing for another run."""
    if not told:
        return None
    every, steps = told["every"], enumerate(told["performance"])
    singles = {name: share for name, share in told["importance"].items() if "(" not in name}
    groups = {name: share for name, share in told["importance"].items() if "(" in name}
    ranked = sorted(singles.items(), key=lambda item: -item[1])[:SHOWN]
    return {
        **told,
        "named": told["measure"].replace("_", " "),
        "gains": curve([[one["episode"], one["gain"]] for one in told["episodes"]]) if told["episodes"] else None,
        "losses": curve([[at * every, told["sign"] * value] for at, value in steps]),
        "bars": [
            {"name": name, "share": share, "size": round(100 * share, 2)} for name, share in [*groups.items(), *ranked]
        ],
        "rest": len(singles) - len(ranked),
    }
