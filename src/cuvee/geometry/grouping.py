"""Few rows into groups of bounded size: seeds, fill, then moves and exchanges while the groups become more cohesive."""

from dataclasses import dataclass

import numpy as np

from cuvee.arrays import F32, F64, I64

NEAR = 16  # neighbours of a row that it may be paired with
WISHES = 8  # groups that a row may join in one round
ROUNDS = 8  # of moves and exchanges, at most
SMALL = 1e-6  # a gain below this is rounding
Wish = tuple[float, int, int, int]  # gain, row, the row it changes places with or -1, group it goes to


def group(X: F32, k: int, low: int, high: int) -> I64:
    """Return (m,) group numbers 0 to k - 1, each given to ``low`` to ``high`` rows; k * low <= m <= k * high.

    X: (m, d) float32 unit rows. Made large is the sum over groups of the length of the group's sum. Holds a few m x m
    arrays: for some hundred rows.
    """
    m = len(X)
    if k == 1:
        return np.zeros(m, dtype=np.int64)
    if k == m:
        return np.arange(m, dtype=np.int64)
    groups = _Groups(X @ X.T, np.full(m, -1, dtype=np.int64), k, low, high)
    groups.seed()
    groups.fill()
    for _ in range(ROUNDS):
        if not groups.improve():
            break
    return groups.labels


@dataclass
class _Groups:
    """G: (m, m) cosines. labels: (m,) group of each row, -1 for none yet."""

    G: F32
    labels: I64
    k: int
    low: int
    high: int

    def seed(self) -> None:
        """Give every group its first rows: the k closest disjoint pairs, or fewer pairs and single rows."""
        m = len(self.labels)
        pairs = min(self.k, m - self.k)
        made = 0
        for one, other in self._closest():
            if made == pairs:
                break
            if self.labels[one] < 0 and self.labels[other] < 0:
                self.labels[one] = self.labels[other] = made
                made += 1
        free = np.flatnonzero(self.labels < 0).tolist()
        while made < pairs:  # what is left has no near neighbour that is free
            self.labels[free.pop()] = self.labels[free.pop()] = made
            made += 1
        while made < self.k:
            self.labels[free.pop()] = made
            made += 1

    def _closest(self) -> list[list[int]]:
        near = min(NEAR, len(self.G) - 1)
        G = self.G.copy()
        np.fill_diagonal(G, -np.inf)
        other = np.argpartition(-G, near - 1, axis=1)[:, :near]
        one = np.repeat(np.arange(len(G)), near)
        pairs = np.stack([one, other.ravel()], axis=1)
        ordered: list[list[int]] = pairs[np.argsort(-G[pairs[:, 0], pairs[:, 1]], kind="stable")].tolist()
        return ordered

    def fill(self) -> None:
        """Let every row without a group join one of those that gain most, best gains first, none above its bound.

        As many rows as groups lack to their lower bound are kept for these. Sums change as rows join, so few join a group
        at a time.
        """
        step = 1
        while (free := np.flatnonzero(self.labels < 0)).size:
            size, dots, length = self.state()
            room, lack = np.clip(self.high - size, 0, step), np.maximum(self.low - size, 0)
            spare = len(free) - int(lack.sum())
            gain = _joined(length[None], dots[free]) - length
            gain[:, (room == 0) | ((lack == 0) & (spare == 0))] = -np.inf
            wishes = min(WISHES, self.k)
            wanted = np.argpartition(-gain, wishes - 1, axis=1)[:, :wishes]
            row, column = np.repeat(np.arange(len(free)), wishes), wanted.ravel()
            worth = gain[row, column]
            for at in np.argsort(-worth, kind="stable").tolist():
                target = column[at]
                if room[target] and (lack[target] or spare) and self.labels[free[row[at]]] < 0:
                    self.labels[free[row[at]]] = target
                    room[target] -= 1
                    spare -= not lack[target]
                    lack[target] = max(lack[target] - 1, 0)
            step *= 2

    def state(self) -> tuple[I64, F64, F64]:
        """Return (k,) sizes, (m, k) products of every row with every group's sum, and (k,) lengths of the sums."""
        order = np.argsort(self.labels, kind="stable")
        order = order[np.searchsorted(self.labels[order], 0) :]
        labels = self.labels[order]
        starts = np.flatnonzero(np.diff(labels, prepend=-1))
        dots = np.add.reduceat(self.G[:, order], starts, axis=1).astype(np.float64)
        size = np.bincount(labels, minlength=self.k)
        length = np.sqrt(np.maximum(np.bincount(labels, weights=dots[order, labels], minlength=self.k), 0))
        return size, dots, length

    def improve(self) -> bool:
        """Move or exchange rows where that gains, every group touched once; return whether anything was done."""
        size, dots, length = self.state()
        rows, own = np.arange(len(self.labels)), self.labels
        alone = _left(length[own], dots[rows, own]) - length[own]  # (m,) what its group loses with it
        gain = _joined(length[None], dots) - length + alone[:, None]
        gain[rows, own] = -np.inf
        wishes = self._moves(gain, size) + self._exchanges(gain, dots, length, size)
        touched, done = np.zeros(self.k, dtype=bool), False
        for _, row, other, target in sorted(wishes, reverse=True):
            home = self.labels[row]
            if touched[home] or touched[target]:
                continue
            self.labels[row] = target
            if other >= 0:
                self.labels[other] = home
            touched[home] = touched[target] = done = True
        return done

    def _moves(self, gain: F64, size: I64) -> list[Wish]:
        able = np.where((size < self.high) & (size[self.labels] > self.low)[:, None], gain, -np.inf)
        target = able.argmax(axis=1)
        best = able[np.arange(len(able)), target]
        return [(float(best[row]), int(row), -1, int(target[row])) for row in np.flatnonzero(best > SMALL)]

    def _exchanges(self, gain: F64, dots: F64, length: F64, size: I64) -> list[Wish]:
        """Return for every row its best exchange with a row of the groups that it would gain most by."""
        order = np.argsort(self.labels, kind="stable")
        starts = np.searchsorted(self.labels[order], np.arange(self.k))
        places = np.arange(int(size.max()))
        members = order[np.minimum(starts[:, None] + places, len(order) - 1)]  # (k, widest)
        few = min(3, self.k - 1)
        favourites = np.argpartition(-gain, few - 1, axis=1)[:, :few]
        rows, own = np.arange(len(self.labels))[:, None], self.labels[:, None]
        found: list[Wish] = []
        best = np.full(len(rows), SMALL)
        for target in favourites.T[:, :, None]:  # (m, 1)
            others = members[target[:, 0]]  # (m, widest)
            cross = 2 - 2 * self.G[rows, others]
            home = length[own] ** 2 - 2 * dots[rows, own] + 2 * dots[others, own] + cross
            away = length[target] ** 2 - 2 * dots[others, target] + 2 * dots[rows, target] + cross
            value = np.sqrt(np.maximum(home, 0)) + np.sqrt(np.maximum(away, 0)) - length[own] - length[target]
            value[(places >= size[target]) | (target == own)] = -np.inf
            at = value.argmax(axis=1)
            top = value[rows[:, 0], at]
            for row in np.flatnonzero(top > best):
                found.append((float(top[row]), int(row), int(others[row, at[row]]), int(target[row, 0])))
            best = np.maximum(best, top)
        return found


def _joined(length: F64, dot: F64) -> F64:
    """Return the length of a sum after a unit row joined it, from its length before and its product with the row."""
    longer: F64 = np.sqrt(np.maximum(length**2 + 2 * dot + 1, 0))
    return longer


def _left(length: F64, dot: F64) -> F64:
    """Return the length of a sum after one of its unit rows left."""
    shorter: F64 = np.sqrt(np.maximum(length**2 - 2 * dot + 1, 0))
    return shorter
