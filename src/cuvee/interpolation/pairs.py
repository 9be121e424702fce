"""Which rows are mixed, and how much of each: pairs across tasks, lambda ~ Beta(alpha, alpha) (MDIT, arXiv 2504.07288).

Draw number t is a function of the pool's content, the seed and t alone, and lambda of the seed and the two rows' content. So a
rerun, a resume, a shard that makes draws 1,000 to 2,000 only, and another order of the rows all give the same blends.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cuvee import rng
from cuvee.arrays import F32, F64, I64, U64, Bool
from cuvee.training.mixture import Mixture

ACROSS, WITHIN, ANY = "across", "within", "any"
NEAR = 0.02  # share of the pool that counts as of similar lengths, a half on either side
STRIPS = round(NEAR**-0.5)  # by prompt length; so a window is about as narrow in prompt as in answer length, 1 in 7
TRIES = 24  # draws for a partner of similar lengths, in ever wider windows, before any partner will do
ROUNDS = 64  # a safeguard: pairs that were drawn before are drawn anew, at most so often


@dataclass(frozen=True)
class PairRows:
    """The rows that are paired. keys: (n,) uint64 of content. tasks: (n,) codes, in an order that content decides.

    lengths: (n, 2) tokens of prompt and of answer, or None to pair rows of any length. among: "across" tasks, "within" one, or
    "any".
    """

    keys: U64
    tasks: I64
    lengths: I64 | None = None
    among: str = ACROSS


def possible(rows: PairRows) -> int:
    """Return how many different pairs there are; (i, j) and (j, i) are one."""
    n, sizes = len(rows.keys), np.bincount(rows.tasks).astype(np.int64)
    within = int((sizes * (sizes - 1) // 2).sum())
    everything = n * (n - 1) // 2
    return {ACROSS: everything - within, WITHIN: within, ANY: everything}[rows.among]


def draw(rows: PairRows, count: int, *, alpha: float, seed: int) -> Mixture:
    """Return ``count`` blends of different pairs, or all that are possible where there are fewer, in order of their draw.

    Left is drawn evenly from all rows, right evenly from those that it may be mixed with (or from those of them that are
    near in both lengths). A pair that was drawn before is drawn anew. alpha > 0: near 0 gives the real rows back, 1 is uniform,
    a large one sits at 1/2.
    """
    count = min(count, possible(rows))
    left, right = _all(rows, count, seed) if count > possible(rows) // 2 else _drawn(rows, count, seed)
    return Mixture(left, right, weights(rows.keys, left, right, alpha=alpha, seed=seed))


def in_turn(rows: PairRows, count: int, *, alpha: float, seed: int) -> Mixture:
    """Return ``count`` blends of different pairs in which every row is the left one in turn, so as often as any other.

    Right is drawn as in ``draw``. Fewer blends where a row is left without a partner that it was not mixed with.
    """
    field, n = _PairField.of(rows), len(rows.keys)
    chance = _uniform(np.arange(len(field.lefts), dtype=np.uint64), seed, "turn")
    numbers = np.arange(min(count, possible(rows)), dtype=np.int64)
    left = field.lefts[np.argsort(chance, kind="stable")][numbers % max(len(field.lefts), 1)]
    right, again = left.copy(), numbers
    for attempt in range(ROUNDS):
        right[again] = field.partner(left[again], _uniform(again.astype(np.uint64), seed, str(attempt)), rows.among)
        if rows.lengths is not None:
            right[again] = _near(field, left[again], right[again], again + attempt * n, seed)
        _, first = np.unique(np.minimum(left, right) * n + np.maximum(left, right), return_index=True)
        again = np.setdiff1d(numbers, first)
        if not len(again):
            break
    found = np.setdiff1d(numbers, again)
    left, right = field.order[left[found]], field.order[right[found]]
    return Mixture(left, right, weights(rows.keys, left, right, alpha=alpha, seed=seed))


def weights(keys: U64, left: I64, right: I64, *, alpha: float, seed: int) -> F32:
    """Return (t,) lambda of each pair: the quantile of Beta(alpha, alpha) at a hash of (seed, pair).

    The mix of a pair is the same in either order.
    """
    from scipy.special import betaincinv

    first = (keys[left] < keys[right]) | ((keys[left] == keys[right]) & (left < right))
    low, high = np.where(first, left, right), np.where(first, right, left)
    drawn: F64 = betaincinv(alpha, alpha, _uniform(_pair(keys[low], keys[high]), seed, "lambda"))
    share: F32 = np.where(first, drawn, 1 - drawn).astype(np.float32)
    return share


def places(rows: PairRows, numbers: I64, seed: int) -> tuple[I64, I64]:
    """Return the rows that the draws of these numbers pair: (t,) left, (t,) right."""
    field = _PairField.of(rows)
    left = field.lefts[_choice(_uniform(numbers.astype(np.uint64), seed, "left"), len(field.lefts))]
    right = field.partner(left, _uniform(numbers.astype(np.uint64), seed, "right"), rows.among)
    if rows.lengths is not None:
        right = _near(field, left, right, numbers, seed)
    return field.order[left], field.order[right]


@dataclass(frozen=True)
class _PairField:
    """The rows in an order of content, one task after the other; places count in it.

    order: (n,) row numbers. start, stop: (n,) the places of each row's task. lefts: places that have a partner.
    allowed: whether the rows at two places may be mixed. by_length: places, such that neighbours are of similar lengths
    (``_by_lengths``); height: where each is in it.
    """

    order: I64
    start: I64
    stop: I64
    lefts: I64
    allowed: Callable[[I64, I64], Bool]
    by_length: I64
    height: I64

    @classmethod
    def of(cls, rows: PairRows) -> "_PairField":
        order = np.lexsort((rows.keys, rows.tasks)).astype(np.int64)
        tasks = rows.tasks[order]
        start, stop = np.searchsorted(tasks, tasks, "left"), np.searchsorted(tasks, tasks, "right")
        mates = {
            ACROSS: len(order) - (stop - start),
            WITHIN: stop - start - 1,
            ANY: np.full(len(order), len(order) - 1),
        }
        allowed = {
            ACROSS: lambda a, b: tasks[a] != tasks[b],
            WITHIN: lambda a, b: (tasks[a] == tasks[b]) & (a != b),
            ANY: lambda a, b: a != b,
        }
        lengths = np.zeros((len(order), 2), np.int64) if rows.lengths is None else rows.lengths[order]
        by_length = _by_lengths(lengths, rows.keys[order])
        height = np.empty(len(order), dtype=np.int64)
        height[by_length] = np.arange(len(order))
        lefts = np.flatnonzero(mates[rows.among] > 0)
        return cls(order, start, stop, lefts, allowed[rows.among], by_length, height)

    def partner(self, left: I64, drawn: F64, among: str) -> I64:
        """Return a place for each left one, evenly from those that it may be mixed with; drawn: numbers in (0, 1)."""
        start, stop = self.start[left], self.stop[left]
        if among == ACROSS:  # skip the left row's own task
            at = _choice(drawn, len(self.order) - (stop - start))
            return np.where(at >= start, at + (stop - start), at)
        low = start if among == WITHIN else np.zeros_like(start)
        high = stop if among == WITHIN else np.full_like(stop, len(self.order))
        at = low + _choice(drawn, high - low - 1)
        return np.where(at >= left, at + 1, at)


def _by_lengths(lengths: I64, keys: U64) -> I64:
    """Return the places in an order in which neighbours are near in prompt and in answer length, each apart.

    Strips of equal size by prompt length, and in a strip by answer length, up and down in turn, so that the ends of two strips
    meet. lengths: (n, 2). keys: (n,) settle ties.
    """
    prompt, answer = lengths.T
    rank = np.empty(len(keys), dtype=np.int64)
    rank[np.lexsort((keys, answer, prompt))] = np.arange(len(keys))
    strip = rank * STRIPS // max(len(keys), 1)
    along = np.where(strip % 2, -answer, answer)
    return np.lexsort((keys, along, strip)).astype(np.int64)


def _near(field: _PairField, left: I64, right: I64, numbers: I64, seed: int) -> I64:
    """Return partners of similar length where one is found, the given ones elsewhere."""
    n, found, right = len(field.order), np.zeros(len(left), dtype=bool), right.copy()
    for attempt in range(TRIES):
        open_ = np.flatnonzero(~found)
        if not len(open_):
            break
        often = 8 * (numbers[open_] // n + 1)  # late draws of a small pool need more partners to choose from
        width = np.minimum(n, np.maximum(often, int(NEAR * n)) << (attempt // 6))
        drawn = _uniform(numbers[open_].astype(np.uint64), seed, "near", str(attempt))
        low = np.clip(field.height[left[open_]] - width // 2, 0, n - width)
        partner = field.by_length[low + _choice(drawn, width)]
        good = field.allowed(left[open_], partner)
        right[open_[good]], found[open_[good]] = partner[good], True
    return right


def _drawn(rows: PairRows, count: int, seed: int) -> tuple[I64, I64]:
    """Return the first ``count`` different pairs."""
    n, number = len(rows.keys), 0
    left, right = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    for _ in range(ROUNDS):
        missing = count - len(left)
        if not missing:
            break
        numbers = np.arange(number, number + missing + missing // 8 + 8, dtype=np.int64)
        number += len(numbers)
        more = places(rows, numbers, seed)
        left, right = np.concatenate([left, more[0]]), np.concatenate([right, more[1]])
        _, first = np.unique(np.minimum(left, right) * n + np.maximum(left, right), return_index=True)
        kept = np.sort(first)[:count]
        left, right = left[kept], right[kept]
    return left, right


def _all(rows: PairRows, count: int, seed: int) -> tuple[I64, I64]:
    """Return ``count`` of all pairs in a random order: for a pool so small that most of them are wanted."""
    order = np.lexsort((rows.keys, rows.tasks)).astype(np.int64)
    a, b = np.triu_indices(len(order), 1)
    left, right = order[a], order[b]
    same = rows.tasks[left] == rows.tasks[right]
    fits = {ACROSS: ~same, WITHIN: same, ANY: np.ones(len(same), dtype=bool)}[rows.among]
    left, right = left[fits], right[fits]
    turn = np.argsort(_uniform(_pair(rows.keys[left], rows.keys[right]), seed, "all"), kind="stable")[:count]
    return left[turn], right[turn]


def _pair(first: U64, second: U64) -> U64:
    """Return a hash of two keys, whose order matters."""
    with np.errstate(over="ignore"):
        return first * np.uint64(0x9E3779B97F4A7C15) ^ (second + np.uint64(0x632BE59BD9B4E019))


def _uniform(keys: U64, seed: int, *names: str) -> F64:
    """Return a number in (0, 1) per key, independent from one seed and name to the next."""
    return rng.keyed(keys, int(rng.stream(seed, "mixing", *names).integers(2**62)))


def _choice(drawn: F64, sizes: I64 | int) -> I64:
    """Return numbers in 0 .. sizes - 1, evenly."""
    chosen: I64 = np.minimum((drawn * sizes).astype(np.int64), np.asarray(sizes) - 1)
    return chosen
