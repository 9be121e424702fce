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

HELD = 0.2  # of the probes, not fitted: they say when to stop, and how well the rest foretell them
PASSES = 400  # over the others, at most
DECAY = 1e-2
SHARPNESS = 1.0  # score per standard deviation of worth


@dataclass(frozen=True)
class Foretold:
    """How a fit went. probes: fitted and held back. correlation: of what was foretold and found, on
    those held back, -1 to 1.
    """

    probes: int
    held: int
    correlation: float


def fit(network: Acquisition, columns: F32, worth: F64, *, seed: int) -> Foretold:
    """Fit a network in place, so that its score is what a probe of the row would give, in standard deviations.

    columns: (p, 38) of the probed rows. worth: (p,) as ``probing.probed`` found. A row one deviation better is likelier
    to be drawn by e to the power of SHARPNESS. The pass is kept that foretells the probes held back
    best; the stage is drawn at random, since a probe says nothing of it.
    """
    chance = stream(seed, "regression")
    order = chance.permutation(len(worth)).astype(np.int64)
    held, fitted = np.split(order, [max(1, round(HELD * len(order)))])
    aims = aligned((SHARPNESS * standardised(worth)).astype(np.float32))
    sight = _Sight(aligned(columns), chance)
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=DECAY)
    best, kept = float("inf"), {name: value.clone() for name, value in network.state_dict().items()}
    for _ in range(PASSES):
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(sight.scores(network, fitted), aims[fitted]).backward()
        optimiser.step()
        with torch.no_grad():
            missed = float(torch.nn.functional.mse_loss(sight.scores(network, held), aims[held]))
        if missed < best:
            best, kept = missed, {name: value.clone() for name, value in network.state_dict().items()}
    network.load_state_dict(kept)
    with torch.no_grad():
        foretold = sight.scores(network, held).numpy()
    return Foretold(len(fitted), len(held), _correlation(foretold, aims[held].numpy()))


def standardised(worth: F64) -> F64:
    """Return the values with mean 0 and variance 1, within FAR: a few odd rows must not rule."""
    found: F64 = np.clip((worth - worth.mean()) / (worth.std() or 1.0), -FAR, FAR)
    return found


class _Sight:
    """What the network sees of the probed rows, each at a stage of its own."""

    def __init__(self, columns: torch.Tensor, chance: np.random.Generator) -> None:
        self.columns = columns
        progress = np.sqrt(12.0) * (chance.random(len(columns)) - 0.5)
        self.stage = aligned(np.column_stack([np.zeros(len(columns)), progress]).astype(np.float32))

    def scores(self, network: Acquisition, rows: I64) -> torch.Tensor:
        """Return (m,) scores of these rows."""
        none = torch.zeros((len(rows), 1))
        return network(network.read(self.columns[rows])[:, None, :], self.stage[rows], none)[:, 0]


def _correlation(left: F32, right: F32) -> float:
    if left.std() == 0 or right.std() == 0:
        return 0.0
    return float(np.corrcoef(left, right)[0, 1])
