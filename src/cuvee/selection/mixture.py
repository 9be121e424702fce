"""A choice under quotas: what the method would take, corrected as little as the quotas ask for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from cuvee.apportionment import apportion
from cuvee.arrays import F64, I64
from cuvee.errors import ConfigError, SelectionError
from cuvee.samples.pool import Pool, Selection
from cuvee.selection.quota import OTHERS, Quota, QuotaParts, rounded, targets


@dataclass(frozen=True)
class Way:
    """How rows are chosen. choose: (pool, tokens of its rows, amount) -> selection. total: rows; tokens where ``by_tokens``."""

    choose: Callable[[Pool, I64, int], Selection]
    total: int
    by_tokens: bool


def mixed(pool: Pool, tokens: I64, quotas: Sequence[Quota], parts: QuotaParts, way: Way) -> Selection:
    """Return a selection that keeps the quotas, best first, each prefix shared out as the whole is.

    Where the method's own choice keeps them it is returned as it is. Else each part is chosen by itself, the largest first,
    and rows of the parts before count as taken, so that the method works around them. Shares are of rows, or of tokens
    where the budget is in tokens. Raises ConfigError for a quota in rows beside a budget in tokens.
    """
    if way.by_tokens and any(not quota.share and quota.sign != "x" for quota in quotas):
        raise ConfigError("a quota in rows beside a budget in tokens", "write it as a share: name=30%")
    mass = tokens.astype(np.float64) if way.by_tokens else np.ones(len(pool))
    whole = way.choose(pool, tokens, way.total)
    natural = _sums(parts.codes[whole.rows], mass[whole.rows], len(quotas))
    there = _sums(parts.codes[pool.free], mass[pool.free], len(quotas))
    total = min(float(way.total), float(there.sum()))
    weighted = natural * np.array([*(quota.amount if quota.sign == "x" else 1.0 for quota in quotas), 1.0])
    goal, total = targets(quotas, weighted, there, total)
    counts = np.floor(goal + 1e-3).astype(np.int64) if way.by_tokens else rounded(goal, there, int(total))
    if not way.by_tokens and (counts == natural).all():
        return whole
    found: list[Selection] = []
    numbers = _order(counts)
    for at in numbers:
        held = np.concatenate([pool.taken, *(one.rows for one in found)])
        found.append(_part(pool, tokens, np.flatnonzero(parts.codes == at), held, int(counts[at]), way))
    return _interleaved(found, numbers, quotas)


def _order(counts: I64) -> list[int]:
    return [int(at) for at in np.argsort(-counts, kind="stable") if counts[at] > 0]


def _part(pool: Pool, tokens: I64, own: I64, held: I64, amount: int, way: Way) -> Selection:  # noqa: PLR0913 (arrays)
    """Return the selection among a part's own rows; empty where none fits. held: rows that count as taken, of any part."""
    rows = np.union1d(own, held).astype(np.int64)
    place = np.full(len(pool), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    scores = {name: values[rows] for name, values in pool.scores.items()}
    part = Pool(pool.table.take(pa.array(rows)), np.asarray(pool.vectors)[rows], scores, place[held])
    try:
        found = way.choose(part, tokens[rows], amount)
    except SelectionError:
        if not way.by_tokens:
            raise
        return Selection(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32), [])
    return replace(found, rows=rows[found.rows])


def _interleaved(found: Sequence[Selection], numbers: Sequence[int], quotas: Sequence[Quota]) -> Selection:
    """Return the parts' selections as one, every part in turn by its share; numbers: the quota of each."""
    sizes = np.array([len(one.rows) for one in found], dtype=np.int64)
    turns, _ = apportion(
        np.maximum(sizes, 1).astype(np.float64), sizes, int(sizes.sum()), seats=np.zeros(len(found), dtype=np.int64)
    )
    taken = [0] * len(found)
    picks: list[tuple[int, int]] = []
    for turn in turns.tolist():
        picks.append((turn, taken[turn]))
        taken[turn] += 1
    rows = np.array([found[part].rows[pick] for part, pick in picks], dtype=np.int64)
    gains = np.array([found[part].gains[pick] for part, pick in picks], dtype=np.float32)
    names = [*map(str, quotas), OTHERS]
    return Selection(rows, gains, [_reason(found[part].reason(pick), names[numbers[part]]) for part, pick in picks])


def _reason(reason: str, name: str) -> str:
    if name == OTHERS:
        return reason
    return f"{reason}; quota {name}" if reason else f"quota {name}"


def _sums(codes: I64, mass: F64, quotas: int) -> F64:
    sums: F64 = np.bincount(codes, weights=mass, minlength=quotas + 1).astype(np.float64)
    return sums
