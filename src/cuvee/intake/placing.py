"""Where a pool stands on the map of docs/when.md, in figures and in words, and the command that follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from cuvee.budget import Budget
from cuvee.commands import line
from cuvee.samples.pool import BarePool
from cuvee.selectors.auto import choice
from cuvee.selectors.place import place_of

UNNAMED = "no tasks are named, prompts repeat no templates"
MODES = {"task": "tasks", "form": "forms of prompts", "": UNNAMED}


@dataclass(frozen=True)
class OnTheMap:
    """figures: name -> what was measured. next: the command for a pool that stands here."""

    figures: dict[str, object]
    next: str


def standing(table: pa.Table, verdicts: pa.Table, budget: Budget, asked: str, data: Sequence[str]) -> OnTheMap:
    """Return where the rows that stand after cleaning are. asked: the budget as it was typed."""
    kept = pa.compute.is_null(verdicts["stage"])
    pool = BarePool(table.select(["task", "messages", "fingerprint"]).filter(kept))
    fallen = pa.compute.sum(pa.compute.equal(verdicts["stage"], "duplicates")).as_py() or 0
    if not len(pool):
        return OnTheMap({}, line("cuvee", "select", *data, "--budget", asked))
    place = place_of(pool)
    method, settings, why = choice(place)
    mean = float((pa.compute.sum(verdicts["tokens"].filter(kept)).as_py() or 0) / len(pool)) or 1.0
    k = round(budget.amount / mean) if budget.kind == "tokens" else budget.rows(len(pool))
    figures: dict[str, object] = {
        "modes": f"{len(place.sizes):,} {MODES[place.by]}" if place.by else UNNAMED,
        "imbalance": f"sizes fall as rank^-{place.imbalance:.2f}",
        "duplicates": f"{fallen / len(verdicts):.0%} fall in cleaning",
        "noise": "cannot be told" if place.noise is None else f"at most about {place.noise:.0%} of answers",
        f"rows per mode at {asked}": f"{place.per_mode(k):.2g}" if place.by else "unknown",
        "so": why,
    }
    words = [
        "--settings",
        ",".join(
            f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}" for name, value in settings.items()
        ),
    ]
    return OnTheMap(
        figures, line("cuvee", "select", *data, "--budget", asked, "--method", method, *(words if settings else []))
    )
