"""What a training changes beyond the weights, put back when it ends. Imports torch; import it late."""

import gc
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn


@contextmanager
def in_float32(model: nn.Module) -> Iterator[None]:
    """Hold the weights that are trained in 32 bits meanwhile: in 16 a small step is rounded away."""
    halves = [(part, part.dtype) for part in model.parameters() if part.requires_grad and part.dtype != torch.float32]
    for part, _ in halves:
        part.data = part.data.float()
    yield
    for part, dtype in halves:
        part.data = part.data.to(dtype)


@contextmanager
def untouched(model: nn.Module) -> Iterator[None]:
    """Put back what a trainer changes: the global random generators that it seeds, and how the model generates."""
    python, numpy, cached = random.getstate(), np.random.get_state(), model.config.use_cache  # noqa: NPY002
    try:
        with torch.random.fork_rng():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        model.config.use_cache = cached
        model.zero_grad(set_to_none=True)
        model.eval()


SMALL = (
    20_000_000  # parameters; what a smaller model's training leaves is under 0.3 GB, and goes at the next collection
)


@contextmanager
def unhurried(model: nn.Module) -> Iterator[None]:
    """Spare a small model the trainer's own collection of garbage: it walks over all that was ever imported.

    That took 0.25 of the 0.41 s of a training of 8 steps of a toy model (``python bench/small.py``). A large model's
    memory is worth the walk. What others froze stays frozen.
    """
    if gc.get_freeze_count() or sum(part.numel() for part in model.parameters()) > SMALL:
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
