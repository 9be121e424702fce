"""A training without ceremony: the steps of ``sft.train`` in one process, for models that take milliseconds a step.

No checkpoints, no files, no curve; the vocabulary head is paid only where an answer's token is told. On a grown model of
150,000 parameters and rows of 80 tokens that is several times as many trainings an hour (``python -m bench.quick``). The
weights are those of ``sft.train`` but for rounding (tests/training/test_quick.py). Imports torch; import it late.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from transformers import get_scheduler

from cuvee.arrays import I64
from cuvee.errors import InputError
from cuvee.models import heads, meter
from cuvee.models.causal import Causal
from cuvee.render import Encoded
from cuvee.rng import stream
from cuvee.training import sft
from cuvee.training.batches import IGNORED, passes
from cuvee.training.feeds import UpTo
from cuvee.training.material import Material
from cuvee.training.rows import RowUnits
from cuvee.training.settings import MICRO_TOKENS, Training


@dataclass(frozen=True)
class Took:
    """What a training took. tokens: read, padding not counted; answers: those of them that were told."""

    updates: int
    tokens: int
    answers: int


def train(causal: Causal, rows: Sequence[Encoded], settings: Training, *, seed: int) -> Took:
    """Train a model in place, in eval mode afterwards. seed: of the order of the rows, as in ``sft.train``.

    settings: without adapters and trunk. Rows without an answer token teach nothing and are never drawn. Raises InputError
    where no row has one.
    """
    shared = RowUnits.of(rows, min(settings.max_length, causal.max_length))
    material = shared.over(shared.rows, causal.tokenizer.pad_token_id)
    if not len(material.usable):
        raise InputError("no row has an answer token to learn from", "raise --max-length, or look at the rows' answers")
    steps = list(_steps(material, settings, seed))
    read = heads.reader(causal)
    optimiser = _optimiser(causal.model, settings)
    rate = get_scheduler(
        settings.schedule if settings.schedule != "constant" else "constant_with_warmup",
        optimiser,
        num_warmup_steps=int(settings.warmup * len(steps)),
        num_training_steps=len(steps),
    )
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(stream(seed, "quick").integers(2**31)))
        causal.model.train()
        for numbers in steps:
            _step(causal, read, material, numbers, settings)
            nn.utils.clip_grad_norm_(causal.model.parameters(), settings.clip)
            optimiser.step()
            rate.step()
            optimiser.zero_grad(set_to_none=True)
    causal.model.eval()
    tokens = sum(int(material.lengths[numbers].sum()) for numbers in steps)
    meter.charge(forward=tokens, backward=tokens)
    return Took(len(steps), tokens, sum(int(material.answers[numbers].sum()) for numbers in steps))


def _steps(material: Material, settings: Training, seed: int) -> Iterator[I64]:
    usable = material.usable
    feed = sft.shuffled(material, settings.batch, seed)
    number = settings.updates(len(usable), float(np.mean(material.lengths[usable])))
    if settings.tokens is not None:
        feed = UpTo(feed, material.lengths, settings.tokens)
        number = feed.steps
    return (feed.next(step) for step in range(number))


def _optimiser(model: nn.Module, settings: Training) -> torch.optim.Optimizer:
    """Return AdamW as the library's trainer has it: what has one axis (norms, biases) does not decay."""
    learnt = [part for part in model.parameters() if part.requires_grad]
    wide, narrow = ([part for part in learnt if (part.ndim > 1) is many] for many in (True, False))
    groups = [{"params": wide, "weight_decay": settings.weight_decay}, {"params": narrow, "weight_decay": 0.0}]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=settings.lr)


def _step(causal: Causal, read: heads.Read, material: Material, numbers: I64, settings: Training) -> None:
    """Add up the gradients of a step: of the mean over all its answer tokens."""
    items = float(material.answers[numbers].sum())
    budget = settings.micro_tokens or MICRO_TOKENS[causal.device.partition(":")[0]]
    for group in passes(material.lengths[numbers], budget):
        tensors = material.make(numbers[group])
        loss = _loss(read, {name: part.to(causal.device) for name, part in tensors.items()})
        (loss / items).backward()


def _loss(read: heads.Read, tensors: dict[str, Tensor]) -> Tensor:
    """Return the sum of the losses of a pass, in nats."""
    told = nn.functional.pad(tensors["labels"][:, 1:], (0, 1), value=IGNORED).reshape(-1)
    places = (told != IGNORED).nonzero()[:, 0]
    _, project = read(tensors["input_ids"], tensors["attention_mask"].sum(dim=1))
    return nn.functional.cross_entropy(project(places).float(), told[places], reduction="sum")
