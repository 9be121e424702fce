"""What a policy learnt and did, as the page draws it: two lines, the columns that drive it, and what it took over time."""

from collections.abc import Mapping
from typing import Any

from cuvee.reports.lines import curve

SHOWN = 12  # columns of the importance chart


def adaptation(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the template needs of ``summary["adaptation"]`` (see ``steps.adapted``); nothing for another run."""
    if not told:
        return {}
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
