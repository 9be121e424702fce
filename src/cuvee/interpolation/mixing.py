"""From a pool to the mixture that is trained on: draw blends, cluster rows and blends together, keep the densest.

MDIT (arXiv 2504.07288). ``METHODS.md`` has the equations, ``docs/interpolate.md`` the way from each to the code.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cuvee import names, rng
from cuvee.arrays import F32, F64, I64
from cuvee.errors import ConfigError
from cuvee.interpolation import keeping, pairs
from cuvee.interpolation.pairs import PairRows
from cuvee.training.mixture import ANSWER, BlendReading, Mixture, joined, real

PAIRINGS = {"any": "partners of any length", "length": "partners of similar prompt and of similar answer length"}
AMONG = (pairs.ACROSS, pairs.WITHIN, pairs.ANY)
IN_PLACE, REGULARISER = "rows", "regulariser"
ROLES = {
    IN_PLACE: "a blend stands in place of a row, as published",
    REGULARISER: "all rows of the budget as rows, and blends of the same rows beside them",
}
WEIGHT = 0.2  # of the blends' mean loss beside that of the rows


@dataclass(frozen=True)
class Mixing:
    """How to mix. Defaults are MDIT's.

    alpha: of Beta(alpha, alpha), which lambda is drawn from. blends: how many are drawn, as a multiple of the pool's rows (T =
    blends * n). count: how many in place of that. clusters: of rows and blends together; 0 keeps entries at random. density:
    "nearest" to the centre, or "knn". pairing: "any" length or similar "length". among: "across" tasks, "within", "any". rows:
    least share of real rows in what is kept. align: a name in ``ALIGN``. role: of a blend, a name in ``ROLES``; as a
    regulariser the rows are chosen without blends, ``blends`` is a multiple of those kept, and ``among`` and ``rows`` say
    nothing. weight: of a regulariser, how much its mean loss counts; None is 0.2.
    """

    alpha: float = 1.0
    blends: float = 1.0
    count: int | None = None
    clusters: int = 100
    density: str = "nearest"
    pairing: str = "any"
    among: str = pairs.ACROSS
    rows: float = 0.0
    align: str = ANSWER
    role: str = IN_PLACE
    weight: float | None = None

    def __post_init__(self) -> None:
        """Raise ConfigError for a setting that cannot be."""
        if not 0 < self.alpha <= 1e6:
            raise ConfigError(
                f"alpha is {self.alpha}", "give a number above 0; 1 is uniform, 0.2 .. 8 is the paper's range"
            )
        if self.blends < 0 or self.clusters < 0:
            raise ConfigError("blends and clusters cannot be negative", "0 blends keeps real rows only")
        if not 0 <= self.rows <= 1:
            raise ConfigError(f"rows is {self.rows}", "give a share from 0 to 1")
        names.find(keeping.DENSITIES, self.density, "density")
        names.find(PAIRINGS, self.pairing, "pairing")
        names.find(dict.fromkeys(AMONG), self.among, "kind of pair")
        names.find(ROLES, self.role, "role of blends")
        if self.weight is not None and not self.beside:
            raise ConfigError("a weight is of blends beside the rows", f"say as {REGULARISER}, or leave it out")
        self.reading  # noqa: B018 (it checks what it is made of)

    @property
    def beside(self) -> bool:
        """Whether blends stand beside the rows that they are made of."""
        return self.role == REGULARISER

    @property
    def reading(self) -> BlendReading:
        """How a model reads the mixture."""
        weight = WEIGHT if self.weight is None else self.weight
        return BlendReading(self.align, weight if self.beside else None)

    def drawn(self, n: int) -> int:
        """Return T, the blends that are drawn from n rows."""
        return round(self.blends * n) if self.count is None else self.count


@dataclass(frozen=True)
class Mixed:
    """What came out. kept: best first. cluster: (k,) of each kept entry, sparsity: (k,) its distance or density there.

    drawn: blends that were drawn. grouped: clusters of all entries; None where there was no clustering.
    """

    kept: Mixture
    cluster: I64
    sparsity: F32
    drawn: Mixture
    centers: F32 | None


def mix(X: F32, rows: PairRows, k: int, settings: Mixing, *, seed: int) -> Mixed:
    """Return the best k of all rows and blends.

    X: (n, d) float32 vectors of the rows; a blend's is the mix of its parents'. rows: their lengths are asked for by pairing
    "length", and among is that of the settings. The same pool in another order gives the same rows and blends. With blends
    beside the rows, the best k of the rows (``beside`` adds their blends). Raises ConfigError where no row has a partner.
    """
    lengths = rows.lengths if settings.pairing == "length" else None
    rows = replace(rows, lengths=lengths, among=settings.among)
    count = 0 if settings.beside else settings.drawn(len(rows.keys))
    if count and not pairs.possible(rows):
        raise no_pairs(settings.among)
    drawn = pairs.draw(rows, count, alpha=settings.alpha, seed=seed)
    plain = replace(real(np.argsort(rows.keys, kind="stable").astype(np.int64)), reading=settings.reading)
    total = joined(plain, drawn)
    k = min(k, len(total))
    if not settings.clusters:
        at = rng.stream(seed, "mixing", "any").permutation(len(total))[:k].astype(np.int64)
        nowhere = np.full(k, -1, dtype=np.int64)
        return Mixed(total[at], nowhere, np.full(k, np.nan, dtype=np.float32), drawn, None)
    found = keeping.group(total, X, settings.clusters, density=settings.density, seed=seed)
    at = keeping.keep_with_rows(found, np.flatnonzero(total.real).astype(np.int64), k, settings.rows)
    return Mixed(total[at], found.labels[at], found.sparsity[at], drawn, found.centers)


def beside(chosen: Mixed, rows: PairRows, losses: Callable[[I64], F64], settings: Mixing, *, seed: int) -> Mixed:
    """Return the chosen rows with blends of them: each row in turn, mixed with one of the other half by loss.

    After SFTMix (arXiv 2410.05248), which mixes what a model is confident of with what it is not: half of the rows each, here
    by the base's loss, ties by content. losses: row numbers -> (k,) nats per answer token, lower is more confident.
    """
    kept = chosen.kept.left
    keys, lengths = rows.keys[kept], rows.lengths[kept] if rows.lengths is not None else None
    unconfident = np.empty(len(kept), dtype=np.int64)
    unconfident[np.lexsort((keys, losses(kept)))] = np.arange(len(kept)) >= len(kept) // 2
    halves = PairRows(keys, unconfident, lengths if settings.pairing == "length" else None, pairs.ACROSS)
    drawn = pairs.in_turn(halves, settings.drawn(len(kept)), alpha=settings.alpha, seed=seed)
    drawn = replace(drawn, left=kept[drawn.left], right=kept[drawn.right])
    nowhere, unknown = np.full(len(drawn), -1, dtype=np.int64), np.full(len(drawn), np.nan, dtype=np.float32)
    return Mixed(
        joined(chosen.kept, drawn),
        np.concatenate([chosen.cluster, nowhere]),
        np.concatenate([chosen.sparsity, unknown]),
        drawn,
        chosen.centers,
    )


def no_pairs(among: str) -> ConfigError:
    """Return the error of a pool in which nothing can be mixed."""
    if among == pairs.WITHIN:
        return ConfigError("no task has two rows, so nothing can be mixed within a task", "mix across tasks")
    return ConfigError(
        "all rows are of one task, and blends are made across tasks", "--tasks clusters makes tasks by k-means"
    )
