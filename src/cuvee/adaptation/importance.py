"""What drives a policy: permutation importance of the columns that it sees (Breiman, 2001).

Imports torch; import it late.
"""

from dataclasses import dataclass

import numpy as np

from cuvee.adaptation.feed import Picked
from cuvee.adaptation.sampling import open_rows, picks
from cuvee.adaptation.state import COLUMNS, GOAL_COLUMNS, SEMANTIC_COLUMNS, STAGE_COLUMNS, STATIC, availability
from cuvee.arrays import F32, I64

DECISIONS = 8  # that are looked at, evenly spaced
ROWS = 20_000  # of a larger pool, a sample of this many is shuffled and scored
GROUPS = {"semantic (all 32)": SEMANTIC_COLUMNS, "goal (both)": GOAL_COLUMNS, "stage (both)": STAGE_COLUMNS}


@dataclass(frozen=True)
class Sight:
    """What the policy sees at a decision: (n, 38) columns, (2,) stage, (n,) availability."""

    columns: F32
    stage: F32
    taken: F32


def importance(feed: Picked, rng: np.random.Generator) -> dict[str, float]:
    """Return per column, and per group of columns, the share of picks that change when it is shuffled; in [0, 1].

    Averaged over decisions of the feed's own training. A column of the rows is shuffled among the rows; one of the stage, which
    is the same for all rows, is taken from another decision. 0 means that the policy does not look at it.
    """
    many = len(feed.picks)
    decisions = np.unique(np.linspace(0, many - 1, min(many, DECISIONS)).round().astype(np.int64))
    rows = feed.rows
    sample = np.sort(rng.permutation(len(rows))[:ROWS]) if len(rows) > ROWS else np.arange(len(rows))
    part = rows.some(sample.astype(np.int64))
    order, other = rng.permutation(len(part)), rng.permutation(len(decisions))
    changed: dict[str, list[float]] = {name: [] for name in (*COLUMNS, *GROUPS)}
    for at, decision in enumerate(decisions.tolist()):
        counts = feed.counts(decision)[sample]
        seen = Sight(part.columns, feed.stage(decision), availability(counts))
        moved, need = feed.stage(int(decisions[other[at]])), feed.wanted.per_cluster * feed.turns(decision)
        clusters = [open_rows(rows, counts, min(need, len(rows)), feed.wanted.limit) for rows in part.clusters]

        def best(sight: Sight) -> I64:
            scores = feed.policy.network.scores(sight.columns, sight.stage, sight.taken)
            return np.concatenate(picks(scores, clusters, need, None))  # noqa: B023 called before the next turn

        whole = best(seen)
        for name in changed:
            shuffled = _shuffled(seen, GROUPS.get(name, (name,)), order, moved)
            changed[name].append(1 - len(np.intersect1d(whole, best(shuffled))) / len(whole))
    return {name: float(np.mean(values)) for name, values in changed.items()}


def _shuffled(seen: Sight, names: tuple[str, ...], order: I64, moved: F32) -> Sight:
    """Return a copy of what the policy sees, with these columns exchanged."""
    columns, stage, taken = np.array(seen.columns), seen.stage.copy(), seen.taken
    for name in names:
        place = COLUMNS.index(name)
        if place < len(STAGE_COLUMNS):
            stage[place] = moved[place]
        elif place < len(STAGE_COLUMNS) + STATIC:
            columns[:, place - len(STAGE_COLUMNS)] = columns[order, place - len(STAGE_COLUMNS)]
        else:
            taken = taken[order]
    return Sight(columns, stage, taken)
