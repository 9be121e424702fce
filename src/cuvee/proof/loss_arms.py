"""Arms that go by the loss of each row under the base: from easy to hard, or the hard ones more often."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cuvee.arrays import F32
from cuvee.models import meter
from cuvee.models.catalog import home
from cuvee.proof.kinds import ArmAsk, Taught
from cuvee.scorers.language import Reader, loss
from cuvee.store import Store
from cuvee.training import sft
from cuvee.training.feeds import Feed, UpTo, different
from cuvee.training.fresh import adapted, as_read
from cuvee.training.paced import Paced, Weighted


def self_paced(ask: ArmAsk) -> Taught:
    """Make a model trained from easy rows to hard ones, by their loss under the base."""
    return _fed(ask, lambda losses, steps: Paced(losses, ask.training.batch, steps=steps, seed=ask.seed))


def loss_based(ask: ArmAsk) -> Taught:
    """Make a model trained on rows drawn in proportion to their loss under the base."""
    return _fed(ask, lambda losses, steps: Weighted(losses, ask.training.batch, seed=ask.seed))


def _fed(ask: ArmAsk, feed_of: Callable[[F32, int], Feed]) -> Taught:
    base = as_read(ask.base, ask.training)
    lengths = np.array([len(row) for row in ask.encoded], dtype=np.int64)
    with meter.metered():  # what the store remembers costs an arm as much as what is computed now
        losses = loss(ask.ground.pool, reader=Reader(base, Store(home() / "store"), ask.training.max_length))
    meter.charge(forward=int(lengths.sum()))
    steps = ask.updates
    feed = feed_of(losses, steps)
    if ask.training.tokens is not None:
        feed = UpTo(feed, lengths, ask.training.tokens)
        steps = feed.steps
    training = replace(ask.training, epochs=None, tokens=None, steps=steps)
    model = adapted(base, training.lora, seed=ask.seed)  # read above as it is, then made ready: loaded once
    done = sft.train(model, ask.encoded, training, ask.folder / "model", seed=ask.seed, feed=feed)
    return Taught(done.model, different(feed, done.steps), done.steps, done.tokens, done.answers)
