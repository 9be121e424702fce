"""A policy's first scores, fitted to probes: supervised, before any episode.

Imports torch; import it late.
"""

from dataclasses import dataclass

import numpy as np
import torch

from cuvee.adaptation.networks import Acquisition, aligned
from cuvee.adaptation.state import FAR
from cuvee.arrays import F32, F64, I64
from cuvee.rng import stream

HELD = 0.2  # of the probes: they say how well the others foretell them
TREES, LEAF = 300, 2  # of the forest, and the fewest probes of a leaf
ROWS = 4_096  # that the network learns the forest's scores on, at most
PASSES = 300  # over these


@dataclass(frozen=True)
class Foretold:
    """How a fit went. probes: fitted and held back. correlation: of what was foretold and found, on those held back."""

    probes: int
    held: int
    correlation: float


def fit(network: Acquisition, columns: F32, at: I64, worth: F64, *, seed: int) -> Foretold:
    """Fit a network in place, so that its score is what a probe of the row would give, in standard deviations of the probes.

    columns: (n, 38) of the pool. at: (p,) the rows that were probed. worth: (p,) as ``probing.probed`` found. A forest of
    random trees (Geurts, Ernst, Wehenkel 2006) is fitted to the probes, and the network to what the forest says of rows of the
    pool: fitted to 200 probes of 38 columns, the network itself knew them by heart (docs/log.md). A row one deviation better is
    likelier to be drawn by e.
    """
    chance = stream(seed, "regression")
    aims, seen = standardised(worth), np.asarray(columns[at])
    held, fitted = np.split(chance.permutation(len(at)), [max(1, round(HELD * len(at)))])
    foretold = _forest(seen[fitted], aims[fitted], seen[held], seed)
    rows = chance.permutation(len(columns))[:ROWS]
    known = np.asarray(columns[np.sort(rows)])
    _learn(network, known, _forest(seen, aims, known, seed), chance)
    return Foretold(len(fitted), len(held), _correlation(foretold, aims[held]))


def _forest(seen: F32, aims: F64, asked: F32, seed: int) -> F64:
    """Return what a forest that was fitted to some rows says of others."""
    from sklearn.ensemble import ExtraTreesRegressor

    forest = ExtraTreesRegressor(TREES, min_samples_leaf=LEAF, random_state=seed % 2**32)
    found: F64 = forest.fit(seen, aims).predict(asked)
    return found


def _learn(network: Acquisition, columns: F32, aims: F64, chance: np.random.Generator) -> None:
    """Fit the network to scores of rows; the stage is drawn at random, since they say nothing of it."""
    progress = np.sqrt(12.0) * (chance.random(len(columns)) - 0.5)
    stage = aligned(np.column_stack([np.zeros(len(columns)), progress]).astype(np.float32))
    seen, wanted, none = aligned(columns), aligned(aims.astype(np.float32)), torch.zeros((len(columns), 1))
    optimiser = torch.optim.Adam(network.parameters(), lr=5e-3)
    for _ in range(PASSES):
        optimiser.zero_grad()
        scores = network(network.read(seen)[:, None, :], stage, none)[:, 0]
        torch.nn.functional.mse_loss(scores, wanted).backward()
        optimiser.step()


def standardised(worth: F64) -> F64:
    """Return the values with mean 0 and variance 1, within FAR: a few odd rows must not rule."""
    found: F64 = np.clip((worth - worth.mean()) / (worth.std() or 1.0), -FAR, FAR)
    return found


def _correlation(left: F64, right: F64) -> float:
    if left.std() == 0 or right.std() == 0:
        return 0.0
    return float(np.corrcoef(left, right)[0, 1])
