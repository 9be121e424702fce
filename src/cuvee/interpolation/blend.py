"""Mix a pool: its tasks, the space that it is mixed in, and the mixture of a budget. What `interpolate` and `prove` share."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from cuvee import names
from cuvee.arrays import F32, F64, I64
from cuvee.budget import Budget
from cuvee.errors import ConfigError
from cuvee.evaluation import heldout
from cuvee.geometry.clusters import kmeans
from cuvee.interpolation.mixing import Mixed, Mixing, beside, mix
from cuvee.interpolation.pairs import PairRows
from cuvee.models import causal
from cuvee.render import Encoded
from cuvee.rng import stream
from cuvee.samples.pool import Pool
from cuvee.scorers.nearest import canonical
from cuvee.training.meeting import Spans, widths

TASKS = {
    "auto": "a row's task label, else its k-means cluster",
    "labels": "a row's task label, else its source",
    "clusters": "k-means clusters of the pool, whatever the labels say",
}
SPACES = {
    "model": "the mean of a row's token embeddings in the model that is tuned",
    "embedder": "the vectors of --embedder",
}
PER_TASK = 10  # rows of a pseudo-task at least, on average


@dataclass(frozen=True)
class Blending:
    """A checked way to mix a pool. tasks: a name in TASKS. space: a name in SPACES."""

    mixing: Mixing
    tasks: str = "auto"
    space: str = "model"

    def __post_init__(self) -> None:
        """Raise ConfigError for a name that is not known."""
        names.find(TASKS, self.tasks, "way to tell tasks")
        names.find(SPACES, self.space, "space")


def tasks_for(pool: Pool, blending: Blending, *, seed: int) -> tuple[I64, list[str]]:
    """Return the tasks that rows are mixed across; a pool of one task is of use only where that is not asked for."""
    mixing = blending.mixing
    if mixing.beside or not mixing.drawn(len(pool)):
        return pool.labels("task")
    return tasks_of(pool, blending.tasks, clusters=mixing.clusters, seed=seed)


def tasks_of(pool: Pool, how: str, *, clusters: int, seed: int) -> tuple[I64, list[str]]:
    """Return (n,) task codes and their names, in order of the names: both depend on the rows' content, not on their order.

    how: a name in TASKS. A pseudo-task is a k-means cluster of the pool's vectors; there are ``clusters`` of them, fewer
    where they would have less than 10 rows on average. Raises ConfigError where there is one task only.
    """
    labels = pool.table["task"].to_pylist()
    if how == "labels":
        sources = pool.table["source"].to_pylist()
        labels = [task or source or "(none)" for task, source in zip(labels, sources, strict=True)]
    open_ = np.array([row for row, task in enumerate(labels) if how == "clusters" or not task], dtype=np.int64)
    if len(open_) and how != "labels":
        for row, cluster in zip(open_, _clusters(pool, open_, clusters, seed), strict=True):
            labels[row] = f"cluster {cluster + 1}"
    found, codes = np.unique(np.array(labels, dtype=str), return_inverse=True)
    if len(found) == 1:
        hint = "--tasks clusters makes tasks by k-means" if how != "clusters" else "give rows that differ"
        raise ConfigError(f"all rows are of one task ({found[0]}), and blends are made across tasks", hint)
    return codes.astype(np.int64), [str(name) for name in found]


def _clusters(pool: Pool, rows: I64, clusters: int, seed: int) -> I64:
    """Return the cluster of each of these rows; k-means sees them in an order of content."""
    order = canonical(pool)
    order = order[np.isin(order, rows)]
    count = max(2, min(clusters or 100, len(rows) // PER_TASK))
    found = kmeans(pool.vectors[order], count, seed=int(stream(seed, "pseudo-tasks").integers(2**31)))
    label = np.empty(len(pool), dtype=np.int64)
    label[order] = found.labels
    return label[rows]


def vectors_of(space: str, pool: Pool, encoded: Sequence[Encoded], base: Path) -> F32:
    """Return (n, d) float32 vectors of the rows in the space that they are mixed in."""
    if space == "embedder":
        return pool.vectors
    from cuvee.interpolation.space import token_means

    return token_means(causal.load(base), encoded)


@dataclass(frozen=True, kw_only=True)
class Blendable:
    """n rows that may be mixed.

    X: (n, d) vectors that are mixed. tasks: (n,) codes. rows: as the model reads them. base: folder of the model that will be
    tuned.
    """

    pool: Pool
    X: F32
    tasks: I64
    rows: Sequence[Encoded]
    base: Path

    @cached_property
    def spans(self) -> Spans:
        """Where the rows' answers begin."""
        return Spans.of(self.rows, causal.context_of(self.base, causal.tokenizer_of(self.base)))

    def losses(self, at: I64) -> F64:
        """Return (k,) nats per answer token of these rows under the base model."""
        return heldout.losses(causal.load(self.base), [self.rows[row] for row in at], label="confidence").mean


def blend(field: Blendable, budget: Budget, settings: Mixing, *, k: int | None = None, seed: int) -> Mixed:
    """Return the mixture of a budget, best first.

    k: entries (rows, where blends stand beside them), None where the budget says it: a share is of the pool's rows, and tokens
    are spent in order of the ranking; a blend takes those from its first column to its last.
    """
    pool, spans = field.pool, field.spans
    most = len(pool) + settings.drawn(len(pool))
    in_tokens = budget.kind == "tokens"
    wanted = most if in_tokens else budget.rows(len(pool)) if k is None else k
    rows = PairRows(pool.keys, field.tasks, spans.parts)
    found = mix(field.X, rows, wanted, settings, seed=seed)
    if in_tokens:
        found = _within(found, widths(found.kept, spans), int(budget.amount))
    return beside(found, rows, field.losses, settings, seed=seed) if settings.beside else found


def _within(found: Mixed, tokens: I64, amount: int) -> Mixed:
    """Return the first entries that take at most so many tokens."""
    end = int(np.searchsorted(np.cumsum(tokens), amount, side="right"))
    return replace(found, kept=found.kept[:end], cluster=found.cluster[:end], sparsity=found.sparsity[:end])
