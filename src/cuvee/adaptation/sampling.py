"""Picks without replacement in proportion to exp(score): the Plackett-Luce model, and the Gumbel top-b that draws from it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cuvee.arrays import F32, F64, I64

if TYPE_CHECKING:
    from torch import Tensor


def gumbel(size: int, rng: np.random.Generator) -> F64:
    """Return standard Gumbel numbers. The b largest of score + Gumbel are b Plackett-Luce picks, in order."""
    uniform = rng.random(size)
    return -np.log(-np.log(np.clip(uniform, 1e-300, 1 - 1e-16)))


def best(values: F32 | F64, b: int) -> I64:
    """Return the places of the b largest values, largest first, fewer where there are fewer; ties go to the lower place."""
    b = min(b, len(values))
    if 4 * b < len(values):
        edge = np.partition(values, len(values) - b)[len(values) - b]
        places = np.flatnonzero(values >= edge)
    else:
        places = np.arange(len(values))
    order = np.argsort(-values[places], kind="stable")
    return places[order[:b]].astype(np.int64)


def open_rows(members: I64, counts: I64, need: int, limit: int) -> I64:
    """Return the rows of a cluster that may be picked: those taken fewer than ``limit`` times before; 0 is no limit.

    counts: (n,) of all rows. Where fewer than ``need`` are left, the limit rises until there are enough, or all are open.
    """
    if not limit or need >= len(members):
        return members
    taken = counts[members]
    enough = int(np.partition(taken, need - 1)[need - 1]) + 1
    return members[taken < max(limit, enough)]


def picks(scores: F32, clusters: Sequence[I64], b: int, rng: np.random.Generator | None) -> list[I64]:
    """Return the rows that are picked in every cluster, in order: the b best, or with ``rng`` b Plackett-Luce draws."""
    values = scores if rng is None else scores + gumbel(len(scores), rng)
    return [members[best(values[members], b)] for members in clusters]


def log_probability(scores: "Tensor", picked: "Tensor") -> "Tensor":
    """Return the log-probability of an ordered pick without replacement, a scalar tensor.

    scores: (..., m) of the rows of one cluster. picked: (b,) places among them. It is the sum over picks of
    s_i - log(sum of exp s over rows not picked before), taken from the last pick back so that nothing is subtracted.
    """
    import torch

    left = torch.ones(scores.shape[-1], dtype=torch.bool)
    left[picked] = False
    chain = scores[picked].flip(0)  # last pick first
    if left.any():
        rest = torch.logsumexp(scores[left], dim=0)
        return (chain - torch.logcumsumexp(torch.cat([rest[None], chain]), dim=0)[1:]).sum()
    return (chain - torch.logcumsumexp(chain, dim=0)).sum()


def entropy(scores: "Tensor") -> "Tensor":
    """Return the entropy of the first pick over its largest value, log m, so in [0, 1]; 1 for a single row.

    The entropy of all b picks has no closed form that can be computed; the first pick's stands in for it.
    """
    import math

    import torch

    if len(scores) == 1:
        return torch.ones(())
    logs = torch.log_softmax(scores, dim=0)
    return -(logs.exp() * logs).sum() / math.log(len(scores))
