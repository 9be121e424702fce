"""The new rows of a distillation and the best original ones, put together: rarest first, by the asked share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from cuvee import render
from cuvee.arrays import F32, F64, I64
from cuvee.distillation.asked import DistillAsk
from cuvee.distillation.fates import NO_ROOM, Aside, NewRow
from cuvee.distillation.new_rows import Distinct, distinct, samples_of
from cuvee.distillation.rank import Mix, best_first, mix, tails
from cuvee.distillation.ratings import Partition
from cuvee.errors import InputError
from cuvee.intake.ground import CHOSEN_BY, Ground
from cuvee.publication.ledger import Outcome
from cuvee.rng import stream
from cuvee.samples.pool import Pool, Selection


@dataclass(frozen=True, kw_only=True)
class Distilled:
    """A finished distillation, in rows of the pool. ratings: (n,). fates: what became of every cluster.

    left: weak rows that were in no cluster put to the distiller. notes: on the ratings. used: what a judge used.
    """

    ask: DistillAsk
    ground: Ground
    ratings: F64
    parts: Partition
    fates: Sequence[NewRow | Aside]
    left: I64
    notes: list[str]
    used: Mapping[str, object] | None


@dataclass(frozen=True)
class Merged:
    """The pool with its new rows behind it. first: number of the first new row in the pool.

    tails: new row -> its long-tail score, 0 to 1, rarest first. counts: what became of how many rows, in words.
    """

    outcome: Outcome
    new: Distinct
    first: int
    tails: Mapping[int, float]
    counts: dict[str, int]


def merge(done: Distilled) -> Merged:
    """Put the rarest new rows and the best original rows together, by the asked share, shuffled."""
    ask, ground = done.ask, done.ground
    new, first = distinct(done.fates, ground), len(ground.pool)
    rows = samples_of(new.rows, ground)
    X, fresh = _vectors(ground, rows)
    rarities = tails(rows, fresh)
    mixed = mix(rarities, best_first(ground.pool, done.parts, done.ratings), ask.budget.rows(first), ask.share)
    if not mixed.new and not len(mixed.best):
        raise InputError(
            f"no row is rated {ask.good:g} or more, and nothing was distilled", "lower --good, or rate otherwise"
        )
    ratings = np.concatenate([done.ratings, [one.rating for one in new.rows]]).astype(np.float32)
    table = pa.concat_tables([ground.pool.table, rows.select(CHOSEN_BY)])
    pool = Pool(table, np.concatenate([X, fresh]), scores={"rating": ratings})
    selection = _selection(mixed, new.rows, rarities, ratings, ask.pool.seed)
    return Merged(_outcome(ground, rows, pool, selection), new, first, rarities, _counts(done, new, mixed))


def _selection(mixed: Mix, new: list[NewRow], rarities: Mapping[int, float], ratings: F32, seed: int) -> Selection:
    """Return the chosen rows of the pool and its new rows, shuffled, each with its reason."""
    first = len(ratings) - len(new)
    chosen = np.array([first + at for at in mixed.new] + mixed.best.tolist(), dtype=np.int64)
    shuffled = chosen[stream(seed, "distill", "shuffle").permutation(len(chosen))]
    reasons = [
        f"one of the best original rows: rated {ratings[row]:.2f}"
        if row < first
        else f"distilled from {len(new[row - first].draft.rows)} weak rows: rated {ratings[row]:.2f}, "
        f"rarity {rarities[row - first]:.2f}"
        for row in shuffled.tolist()
    ]
    return Selection(shuffled, ratings[shuffled], reasons)


def _outcome(ground: Ground, rows: pa.Table, pool: Pool, selection: Selection) -> Outcome:
    """Return the outcome of a run whose source has the new rows behind what was read."""
    read = ground.source.table
    return Outcome(
        replace(ground.source, table=pa.concat_tables([read, rows])),
        _with_new(ground.table, rows),
        np.concatenate([ground.alive, read.num_rows + np.arange(rows.num_rows, dtype=np.int64)]),
        pool,
        selection,
    )


def _with_new(cleaned: pa.Table, rows: pa.Table) -> pa.Table:
    """Return the verdicts with a line for every new row, which stands."""
    n = rows.num_rows
    none = pa.array([None] * n, pa.string())
    tokens = render.token_counter(None)(render.plain_column(rows["messages"])) if n else []
    fresh = {
        "stage": none,
        "reason": none,
        "related": none,
        "flags": pa.array([[]] * n, pa.list_(pa.string())),
        "tokens": pa.array(tokens, pa.int64()),
    }
    return pa.concat_tables([cleaned, pa.table(fresh).select(cleaned.column_names)])


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


def _counts(done: Distilled, new: Distinct, mixed: Mix) -> dict[str, int]:
    """Return the counts; the number of the weak rows is the sum of those distilled, kept aside and quarantined."""
    weak = len(done.parts.weak)
    unasked = len(done.left) + sum(len(one.rows) for one in new.aside if one.why == NO_ROOM)
    aside = sum(len(one.rows) for one in new.aside if one.why != NO_ROOM)
    distilled = sum(len(one.draft.rows) for one in new.rows)
    assert distilled + aside + unasked == weak
    return {
        "distilled rows chosen": len(mixed.new),
        "original rows chosen": len(mixed.best),
        "distilled rows": len(new.rows),
        "clusters": len(done.fates),
        "weak rows": weak,
        "weak rows distilled": distilled,
        "weak rows kept aside": aside,
        "weak rows quarantined": unasked,
    }
