"""Auto: the method that the map has for a pool of this kind, and why."""

import numpy as np
import pyarrow as pa

from cuvee.arrays import I64
from cuvee.samples.pool import BarePool, Selection
from cuvee.scorers.nearest import canonical
from cuvee.selectors import needs
from cuvee.selectors.place import MapPlace, clusters_of, place_of
from cuvee.selectors.stratified import stratified
from cuvee.selectors.uniform import uniform

EQUAL = 1_000.0  # temperature with which every stratum has the same share


def choice(place: MapPlace) -> tuple[str, dict[str, object], str]:
    """Return a method, its settings, and why: what docs/when.md says of such a pool, as a rule.

    An equal share of every mode was never shown to be worse than random and is better where modes are unequal; which rows
    of a mode is left to chance, since what looks typical or far away there has not been shown to be worth more, and noise
    misleads it. Where nothing tells modes apart, random rows are the honest choice.
    """
    if place.by == "task":
        why = f"{len(place.sizes):,} tasks are known, and their sizes fall as rank^-{place.imbalance:.1f}"
        return "stratified", {"by": "task", "temperature": EQUAL}, f"{why}: an equal share of each"
    if place.by == "form":
        why = f"prompts repeat {len(place.sizes):,} forms, whose sizes fall as rank^-{place.imbalance:.1f}"
        settings = {"by": "form", "temperature": EQUAL, "clusters": clusters_of(place.rows)}
        return "stratified", settings, f"{why}: an equal share of each"
    return "uniform", {}, "no tasks are named and prompts repeat no templates: nothing shown beats random rows"


def auto(pool: BarePool, k: int, *, rng: np.random.Generator) -> Selection:
    """Return k rows by the method that ``choice`` names for this pool; rows that repeat another come when no other is left.

    Gains are null. Every reason says the method and why.
    """
    k = needs.size(pool, k)
    if not k:
        return Selection(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32), [])
    method, settings, why = choice(place_of(pool))
    functions = {"stratified": stratified, "uniform": uniform}
    first = _different(pool)
    part = BarePool(pool.table.take(pa.array(first)), taken=np.searchsorted(first, pool.taken))
    found = functions[method](part, min(k, len(part.free)), rng=rng, **settings)
    rows, reasons = first[found.rows], [found.reason(pick) for pick in range(len(found.rows))]
    if len(rows) < k:
        rest = BarePool(pool.table, taken=np.union1d(pool.taken, rows))
        more = functions[method](rest, k - len(rows), rng=rng, **settings)
        rows = np.concatenate([rows, more.rows])
        reasons += [f"{more.reason(pick)}, repeats another" for pick in range(len(more.rows))]
    told = [f"{why}; {reason}" if reason else why for reason in reasons]
    return Selection(rows, np.full(len(rows), np.nan, dtype=np.float32), told)


def _different(pool: BarePool) -> I64:
    """Return the rows that repeat none before them in the order of contents, and those that are taken, ascending.

    A row that repeats a taken one stands for itself no more.
    """
    order = canonical(pool)
    taken = np.zeros(len(pool), dtype=bool)
    taken[pool.taken] = True
    keys = pool.keys
    kept, seen = list(pool.taken.tolist()), set(keys[pool.taken].tolist())
    for row in order.tolist():
        if not taken[row] and int(keys[row]) not in seen:
            seen.add(int(keys[row]))
            kept.append(row)
    return np.array(sorted(kept), dtype=np.int64)
