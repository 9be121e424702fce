"""The two small networks of RAISE: the acquisition function, which scores rows, and the critic, which judges states.

Imports torch; import it late.
"""

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from cuvee.adaptation.state import COLUMNS, STATIC
from cuvee.arrays import F32
from cuvee.rng import stream

HIDDEN = 64
BLOCK = 65_536  # rows that are scored at once
_STAGE = len(COLUMNS) - STATIC - 1


def aligned(values: F32) -> Tensor:
    """Return a copy as a tensor. torch's own memory is aligned, so sums come out the same to the last bit in every process."""
    return torch.tensor(values)


def _layers(sizes: tuple[int, ...], generator: torch.Generator) -> nn.Sequential:
    """Return linear layers with tanh between them; the last one starts at 0, so that all inputs start equal."""
    parts: list[nn.Module] = []
    for wide, narrow in pairwise(sizes):
        layer = nn.utils.skip_init(nn.Linear, wide, narrow)
        with torch.no_grad():
            layer.weight.normal_(0, wide**-0.5, generator=generator)
            layer.bias.zero_()
        parts += [layer, nn.Tanh()]
    with torch.no_grad():
        parts[-2].weight.zero_()
    return nn.Sequential(*parts[:-1])


class Acquisition(nn.Module):  # type: ignore[misc]
    """F_theta: 41 numbers -> one score, higher is picked sooner. Untrained it scores all rows alike: uniform picks."""

    def __init__(self, *, seed: int) -> None:
        super().__init__()
        chance = torch.Generator().manual_seed(int(stream(seed, "acquisition").integers(2**62)))
        self.layers = _layers((len(COLUMNS), HIDDEN, HIDDEN, 1), chance)

    def read(self, columns: Tensor) -> Tensor:
        """Return (n, h), what the first layer makes of the (n, 38) columns: the same at every step of a training."""
        return columns @ self.layers[0].weight[:, _STAGE : _STAGE + STATIC].T + self.layers[0].bias

    def forward(self, read: Tensor, stage: Tensor, taken: Tensor) -> Tensor:
        """Return (..., n) scores. read: as ``read`` returns it. stage: (..., 2). taken: (..., n)."""
        weight = self.layers[0].weight
        first = read + (stage @ weight[:, :_STAGE].T)[..., None, :] + taken[..., None] * weight[:, -1]
        return self.layers[1:](first)[..., 0]

    def scores(self, columns: F32, stage: F32, taken: F32) -> F32:
        """Return (n,) float32 scores of one step, block by block; columns may be memory-mapped."""
        found = np.empty(len(columns), dtype=np.float32)
        with torch.inference_mode():
            where = aligned(stage)
            for start in range(0, len(columns), BLOCK):
                part = slice(start, start + BLOCK)
                found[part] = self(self.read(aligned(columns[part])), where, aligned(taken[part])).numpy()
        return found


class Critic(nn.Module):  # type: ignore[misc]
    """V_phi: the mean of the 41 columns over all rows -> the rewards that are still to come."""

    def __init__(self, *, seed: int) -> None:
        super().__init__()
        chance = torch.Generator().manual_seed(int(stream(seed, "critic").integers(2**62)))
        self.layers = _layers((len(COLUMNS), HIDDEN, 1), chance)

    def forward(self, state: Tensor) -> Tensor:
        """Return (...) values of (..., 41) states."""
        return self.layers(state)[..., 0]
