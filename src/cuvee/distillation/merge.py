"""The new rows of a distillation and the best original ones, put together: rarest first, by the asked share."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from cuvee import render, selectors
from cuvee.arrays import F32, F64, I64
from cuvee.distillation import distill as distil
from cuvee.distillation.asked import DistillAsk
from cuvee.distillation.distill import New
from cuvee.errors import InputError
from cuvee.intake.ground import CHOSEN_BY, Ground
from cuvee.publication.ledger import Outcome
from cuvee.rng import stream
from cuvee.samples.pool import Pool, Selection
from cuvee.scorers.rarity import rarity

# why a cluster became no new row
NO_ROOM = "the cluster does not fit into a prompt"
NO_RATING = "the new row could not be rated"
WEAK = "the new row is weak itself"


@dataclass(frozen=True)
class Distilled:
    """A finished distillation, in rows of the pool. ratings: (n,). weak, good, unrated: a partition of the pool's rows.

    made: what became of every cluster. left: weak rows that were in no cluster put to the distiller. used: what a judge used.
    """

    wanted: DistillAsk
    ground: Ground
    ratings: F64
    weak: I64
    good: I64
    unrated: I64
    made: list[New]
    left: I64
    notes: list[str]
    used: dict[str, Any] | None


@dataclass(frozen=True)
class Merged:
    """The pool with its new rows behind it. became: cluster -> its new row. first: number of the first new row in the pool.

    tails: new row -> its long-tail score, 0 to 1, rarest first.
    """

    outcome: Outcome
    new: list[New]
    became: dict[int, int]
    first: int
    tails: dict[int, float]
    counts: dict[str, int]


def merge(done: Distilled) -> Merged:
    """Put the rarest new rows and the best original rows together, by the asked share, shuffled."""
    wanted, ground = done.wanted, done.ground
    new, became = _distinct(done.made, ground)
    ids, tasks = ground.pool.table["id"].to_pylist(), ground.pool.table["task"].to_pylist()
    parents = [[ids[at] for at in one.rows] for one in new]
    rows = distil.table(new, parents, [_shared([tasks[at] for at in one.rows]) for one in new])
    X, fresh = _vectors(ground, rows)
    first = len(ground.pool)
    tails = _tails(rows, fresh)
    k = wanted.budget.rows(len(ground.pool))
    asked = min(round(k * wanted.typed["share"]), len(new))
    best = _best(done, k - asked)
    taken = min(len(new), k - len(best))  # where good rows are few, new rows fill their place
    order = sorted(tails, key=lambda at: (-tails[at], at))
    asked = max(asked, min(taken, k - len(best)))
    chosen = np.array([first + at for at in order[:asked]] + best.tolist(), dtype=np.int64)
    if not len(chosen):
        raise InputError(
            f"no row is rated {wanted.typed['good']:g} or more, and nothing was distilled",
            "lower --good, or rate otherwise",
        )
    ratings = np.concatenate([done.ratings, [np.nan if one.rating is None else one.rating for one in new]]).astype(
        np.float32
    )
    shuffled = chosen[stream(wanted.typed["seed"], "distil", "shuffle").permutation(len(chosen))]
    reasons = [_reason(int(row), first, new, tails, ratings) for row in shuffled]
    table = pa.concat_tables([ground.pool.table, rows.select(CHOSEN_BY)])
    pool = Pool(table, np.concatenate([X, fresh]), scores={"rating": ratings})
    outcome = Outcome(
        replace(ground.source, table=pa.concat_tables([ground.source.table, rows])),
        _with_new(ground.table, rows),
        np.concatenate([ground.alive, ground.source.table.num_rows + np.arange(len(new), dtype=np.int64)]),
        pool,
        Selection(shuffled, ratings[shuffled], reasons),
    )
    counts = {
        "distilled rows chosen": asked, "original rows chosen": len(best), "distilled rows": len(new),
        "clusters": len(done.made),
        **_accounted(done, became),
    }  # fmt: skip
    return Merged(outcome, new, became, first, tails, counts)


def _accounted(done: Distilled, became: dict[int, int]) -> dict[str, int]:
    """Return what became of the weak rows: their number is the sum of the three others."""
    counts = {"distilled": 0, "kept aside": 0, "quarantined": len(done.left)}
    for one in done.made:
        fate = "distilled" if one.cluster in became else "quarantined" if one.why == NO_ROOM else "kept aside"
        counts[fate] += len(one.rows)
    assert sum(counts.values()) == len(done.weak)
    return {"weak rows": len(done.weak), **{f"weak rows {fate}": rows for fate, rows in counts.items()}}


def _distinct(made: list[New], ground: Ground) -> tuple[list[New], dict[int, int]]:
    """Return the new rows, each once, and cluster -> which of them it became.

    Where two clusters became the same row, that row has the weak rows of both as parents. A cluster that only says again
    what stands in the pool became none.
    """
    good = [one for one in made if not one.why]
    printed = distil.table(good, [[]] * len(good), [None] * len(good))["fingerprint"].to_pylist()
    pool = set(ground.pool.table["fingerprint"].to_pylist())
    first: dict[bytes, int] = {}
    new: list[New] = []
    became: dict[int, int] = {}
    for one, name in zip(good, printed, strict=True):
        if name in pool:
            continue
        at = became[one.cluster] = first.setdefault(name, len(new))
        if at == len(new):
            new.append(one)
        else:
            new[at] = replace(new[at], rows=np.sort(np.concatenate([new[at].rows, one.rows])))
    return new, became


def _shared(tasks: list[str | None]) -> str | None:
    return tasks[0] if len(set(tasks)) == 1 else None


def _vectors(ground: Ground, rows: pa.Table) -> tuple[F32, F32]:
    """Return the vectors of the pool and of new rows in one space; an embedder that learns from a pool learns it anew."""
    embedder, X = ground.embedder, np.asarray(ground.pool.vectors)
    if embedder.fitted:
        texts = render.plain_column(ground.pool.table["messages"])
        embedder.fit(texts)
        X = embedder.encode(texts)
    if not rows.num_rows:
        return X, np.empty((0, X.shape[1]), dtype=np.float32)
    return X, embedder.encode(render.plain_column(rows["messages"]))


def _tails(rows: pa.Table, X: F32) -> dict[int, float]:
    """Return new row -> long-tail score: mean cosine distance to the 15 nearest new rows, min-max normalised."""
    if not rows.num_rows:
        return {}
    pool = Pool(rows.select(CHOSEN_BY), X)
    ranked = selectors.choose(pool, rows.num_rows, "long-tail", rng=np.random.default_rng(0))
    gains = np.nan_to_num(ranked.gains.astype(np.float64))
    low, high = float(gains.min()), float(gains.max())
    scaled = (gains - low) / (high - low) if high > low else np.ones(len(gains))
    return {int(row): float(value) for row, value in zip(ranked.rows, scaled, strict=True)}


def _best(done: Distilled, k: int) -> I64:
    """Return the k best-rated original rows; of rows rated alike the rarer one."""
    rare = np.nan_to_num(rarity(done.ground.pool).astype(np.float64))[done.good]
    order = np.lexsort((done.good, -rare, -done.ratings[done.good]))
    return done.good[order[: max(k, 0)]]


def _reason(row: int, first: int, new: list[New], tails: dict[int, float], ratings: F32) -> str:
    if row < first:
        return f"one of the best original rows: rated {ratings[row]:.2f}"
    one = new[row - first]
    return f"distilled from {len(one.rows)} weak rows: rated {ratings[row]:.2f}, rarity {tails[row - first]:.2f}"


def _with_new(cleaned: pa.Table, rows: pa.Table) -> pa.Table:
    """Return the verdicts with a line for every new row, which stands."""
    n = rows.num_rows
    none = pa.array([None] * n, pa.string())
    tokens = render.token_counter(None)(render.plain_column(rows["messages"])) if n else []
    fresh = {
        "stage": none, "reason": none, "related": none, "flags": pa.array([[]] * n, pa.list_(pa.string())),
        "tokens": pa.array(tokens, pa.int64()),
    }  # fmt: skip
    return pa.concat_tables([cleaned, pa.table(fresh).select(cleaned.column_names)])
