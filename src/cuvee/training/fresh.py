"""A base model made ready to be trained, with or without adapters; the only place where a verb does that."""

from pathlib import Path

from cuvee.models import causal
from cuvee.models.causal import Causal
from cuvee.training.settings import Training

SCALE = (
    2  # alpha over rank: what an adapter's output is multiplied by; twice the rank is peft's and LoRA's usual choice
)


def fresh(base: Path, training: Training, *, seed: int) -> Causal:
    """Return the base model as a training starts from it.

    Adapters are put on where the training has a rank, drawn with the seed, at the same scale for every verb and arm; they,
    as all that is trained, stand above the trunk where the training has one.
    """
    return adapted(as_read(base, training), training.lora, seed=seed)


def as_read(base: Path, training: Training) -> Causal:
    """Return the base model as a training of it reads, all weights as they are: cut where the training has a trunk."""
    if training.trunk is None:
        return causal.load(base)
    from cuvee.models import trunk

    return trunk.fresh(base, training.trunk)


def as_trained(folder: Path, base: Path, training: Training) -> Causal:
    """Return the model that a training of this base left in a folder, cut as it was."""
    model = causal.load(folder)
    if training.trunk is None:
        return model
    from cuvee.models import trunk

    return trunk.cut(model, base, training.trunk)


def adapted(model: Causal, rank: int | None, *, seed: int) -> Causal:
    """Return the model with adapters of this rank (changed in place), or as it is where rank is None."""
    return model if rank is None else causal.with_lora(model, rank=rank, alpha=SCALE * rank, seed=seed)


def adapters(training: Training) -> dict[str, int] | None:
    """Return what the manifest says of the adapters: their rank, and alpha, which the scale is made of."""
    return None if training.lora is None else {"rank": training.lora, "alpha": SCALE * training.lora}
