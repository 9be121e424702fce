"""Gradients of a row's loss as features: where the model would move if it learnt from that row (LESS, arXiv 2402.04333).

Imports torch; import it late.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import torch

from cuvee.arrays import F32
from cuvee.models import meter
from cuvee.models.causal import Causal
from cuvee.progress import bar
from cuvee.render import Encoded
from cuvee.rng import stream


class Sketch:
    """A random projection of long vectors: every coordinate is added to one of ``dim`` places with a random sign.

    Count sketch (Charikar et al., 2002): inner products are kept on average, with an error of about 1 / sqrt(dim). The
    projection is a function of the seed and the sizes; nothing of size length x dim is made.
    """

    def __init__(self, sizes: Sequence[int], dim: int, *, seed: int, device: str) -> None:
        chance = torch.Generator().manual_seed(int(stream(seed, "sketch").integers(2**62)))
        total = sum(sizes)
        self.place = torch.randint(dim, (total,), generator=chance).to(device)
        self.sign = (torch.randint(2, (total,), generator=chance, dtype=torch.int8) * 2 - 1).to(device)
        self.dim, self.device = dim, device

    def __call__(self, parts: Iterable[torch.Tensor]) -> torch.Tensor:
        """Return (dim,) of the vectors joined end to end, which have the sizes that were given."""
        flat = torch.cat([part.reshape(-1).float() for part in parts])
        return torch.zeros(self.dim, device=self.device).index_add_(0, self.place, flat * self.sign)


def features(causal: Causal, rows: Sequence[Encoded], *, dim: int, seed: int, label: str = "gradients") -> F32:
    """Return (n, dim) float32 unit rows: the gradient of each row's mean loss per answer token, projected.

    Only weights that are trained count, such as LoRA adapters (``causal.with_lora``). A row without an answer token, or
    whose gradient is zero, is all 0. One backward pass per row; the model's own gradients are cleared.
    """
    weights = [weight for weight in causal.model.parameters() if weight.requires_grad]
    sketch = Sketch([weight.numel() for weight in weights], dim, seed=seed, device=causal.device)
    found = np.zeros((len(rows), dim), dtype=np.float32)
    with bar(label, len(rows)) as advance:
        for at, row in enumerate(rows):
            if row.answer[1:].any():
                found[at] = _feature(causal, row, weights, sketch)
            advance(1)
    causal.model.zero_grad(set_to_none=True)
    tokens = sum(len(row) for row in rows)
    meter.charge(forward=tokens, backward=tokens)
    return found


def _feature(causal: Causal, row: Encoded, weights: list[torch.Tensor], sketch: Sketch) -> F32:
    ids = torch.from_numpy(row.ids.astype(np.int64))[None].to(causal.device)
    labels = torch.where(torch.from_numpy(row.answer).to(causal.device), ids, -100)
    parts = torch.autograd.grad(causal.model(input_ids=ids, labels=labels).loss, weights, allow_unused=True)
    whole = [torch.zeros_like(weight) if part is None else part for weight, part in zip(weights, parts, strict=True)]
    vector = sketch(whole)
    unit: F32 = (vector / vector.norm().clamp(min=1e-20)).cpu().numpy()
    return unit
