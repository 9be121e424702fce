"""Supervised fine-tuning: rendered rows -> weights, by a plain ``transformers.Trainer`` whose sampler asks a feed.

The loss is the mean over all answer tokens of an optimiser step, however the step is cut into micro-batches. The same rows,
settings, seed and machine kind give the same weights; a killed training, called again, goes on to them bit by bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson
import xxhash

from cuvee import disk
from cuvee.arrays import I64
from cuvee.disk import sums
from cuvee.errors import ConfigError, InputError
from cuvee.models import causal as models
from cuvee.models import meter
from cuvee.models.causal import Causal
from cuvee.models.needs import need
from cuvee.progress import say
from cuvee.render import Encoded
from cuvee.runs import digest, write_json
from cuvee.training.checkpoints import Curve
from cuvee.training.feeds import Feed, Shuffled, State, Turned, UpTo
from cuvee.training.material import Material, Reward, Units
from cuvee.training.rows import RowUnits, TaughtCounts
from cuvee.training.settings import Training, described
from cuvee.training.told import ToldRows

if TYPE_CHECKING:
    from torch import nn

    from cuvee.training.loop import Plan

CHECKPOINTS = "checkpoints"
DONE = "training.json"


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What came out. model: the trained model, ready to be read or evaluated. folder: its weights, None where not written.

    curve: per optimiser step: step (1 = first), loss (nats per answer token, before the step), lr, grad_norm, tokens (read
    so far), answers (answer tokens told so far). rows: that could be learnt from. left_out: rows without an answer token,
    which cannot; such as those whose answer was cut away. truncated: rows that lost tokens. tokens: read, padding not
    counted; answers: those of them that were told, a blend's by their shares. feed: that was followed. seconds: spent, in
    all calls.
    """

    model: Causal
    folder: Path | None
    curve: Curve
    steps: int
    tokens: int
    rows: int
    left_out: int
    truncated: int
    answers: float
    feed: Feed
    seconds: float


def train(  # noqa: PLR0913 one door for every training: model, rows, settings, and what few calls name
    causal: Causal,
    rows: Sequence[Encoded],
    settings: Training,
    folder: Path | None,
    *,
    seed: int,
    feed: Feed | None = None,
    reward: Reward | None = None,
    units: Units | None = None,
) -> Trained:
    """Train a model in place and return it; weights in 16 bits are trained in 32, where small steps do not vanish.

    folder: receives the weights (safetensors, with the tokenizer); called again with the same folder and a model loaded
    anew, training goes on from its last checkpoint, or returns at once where it is done. None keeps nothing on disk.
    feed: the rows of every step; None shuffles the rows that have an answer. A step must have a row with an answer.
    reward: what the feed is told of the model after each step; None tells it minus the step's loss. units: what steps are made
    of in place of rows; feed, epochs and counts are then of these. Under ``accelerate
    launch`` the processes share the rows of a step. Raises InputError where no row has an answer token, CuveeError where the
    loss is no longer a number.
    """
    need("accelerate", purpose="training")
    from cuvee.training import loop

    units = units or (ToldRows() if causal.trunk else None)
    if units and settings.packing:
        raise ConfigError("only rows can be packed, no blends and no cut model", "leave out packing")
    shared = RowUnits.of(rows, min(settings.max_length, causal.max_length), packing=settings.packing)
    material = (units or shared).over(shared.rows, causal.tokenizer.pad_token_id)
    usable = material.usable
    if not len(usable):
        raise InputError("no row has an answer token to learn from", "raise --max-length, or look at the rows' answers")
    steps = settings.updates(len(usable), float(np.mean(material.lengths[usable])))
    asked = feed or shuffled(material, settings.batch, seed)
    if feed is None and settings.tokens is not None:
        asked = UpTo(asked, material.lengths, settings.tokens)
        steps = asked.steps
    made_of = [shared.print(), units.print() if units else None]
    of = digest([causal.version, made_of, described(settings), steps, seed, type(asked).__name__, asked.state()])
    done = _done(folder, of)
    if folder is not None and done is not None:
        disk.remove_folder(folder / CHECKPOINTS)  # it may have been killed before it did
        asked.restore(done["feed"])
        model = models.load(folder, device=causal.device, dtype=models.precision_of(causal))
        model = causal.trunk.cut(model) if causal.trunk else model
        return _trained(model, folder, done, asked)
    kept = folder / CHECKPOINTS if folder is not None and settings.save_every else None
    plan = loop.Plan(
        material=material,
        feed=asked,
        steps=steps,
        settings=settings,
        seed=seed,
        of=of,
        checkpoints=kept,
        reward=reward,
    )
    return _fitted(causal, plan, shared.counts(material), folder)


def shuffled(material: Material, batch: int, seed: int) -> Feed:
    """Return the feed of a training that was given none: seeded epochs over what can be learnt from."""
    usable, turns = material.usable, material.turns
    if turns > 1:
        return Turned(usable, len(material.lengths) // turns, turns, batch, seed=seed)
    return _Among(usable, Shuffled(len(usable), batch, seed=seed))


class _Figures(TaughtCounts):
    """Those of ``Trained``, as they stand in its folder."""

    curve: Curve
    steps: int
    tokens: int
    answers: float
    seconds: float


class _Done(_Figures):
    """The record of a training that has ended. of: what it depends on. feed: what it learnt."""

    of: str
    feed: State


def _done(folder: Path | None, of: str) -> _Done | None:
    """Return the record in a folder where it is that of this training, and all that lies there is as it was written."""
    if folder is None or not (folder / sums.SUMS).is_file():
        return None
    if wrong := sums.damage(folder):
        say(f"damaged   {wrong}: the training is done again")
        return None
    record: _Done = orjson.loads((folder / DONE).read_bytes())
    return record if record.get("of") == of else None


def _fitted(causal: Causal, plan: "Plan", counts: TaughtCounts, folder: Path | None) -> Trained:
    """Train by a plan, write what came out, and return it."""
    from cuvee.training import loop
    from cuvee.training.guards import in_float32

    with in_float32(causal.model):
        progress = loop.fit(causal, plan)
        meter.charge(forward=progress.tokens, backward=progress.tokens)
        figures: _Figures = {
            "curve": progress.curve,
            "steps": plan.steps,
            "tokens": progress.tokens,
            "answers": progress.answers,
            **counts,
            "seconds": round(progress.seconds, 3),
        }
        if folder is not None and models.is_first_process():
            _write(causal, folder, {**figures, "feed": plan.feed.state(), "of": plan.of})
    loop.wait()
    version = models.version_of(folder) if folder else _print_weights(causal.model)
    version = digest([version, causal.tokenizer.chat_template, models.precision_of(causal)])
    return _trained(replace(causal, folder=folder or causal.folder, version=version), folder, figures, plan.feed)


def _trained(model: Causal, folder: Path | None, figures: _Figures, feed: Feed) -> Trained:
    return Trained(
        model=model,
        folder=folder,
        curve=figures["curve"],
        steps=figures["steps"],
        tokens=figures["tokens"],
        rows=figures["rows"],
        left_out=figures["left_out"],
        truncated=figures["truncated"],
        answers=figures["answers"],
        feed=feed,
        seconds=figures["seconds"],
    )


class _Among:
    """A feed over some of the rows."""

    def __init__(self, rows: I64, feed: Feed) -> None:
        self.rows, self.feed, self.batch = rows, feed, feed.batch

    def next(self, step: int) -> I64:
        """Return the rows of a step."""
        rows: I64 = self.rows[self.feed.next(step)]
        return rows

    def observe(self, step: int, reward: float) -> None:
        """Hand on."""
        self.feed.observe(step, reward)

    def state(self) -> State:
        """Return what the feed learnt."""
        return self.feed.state()

    def restore(self, state: State) -> None:
        """Hand on."""
        self.feed.restore(state)


def _write(causal: Causal, folder: Path, record: _Done) -> None:
    """Write weights, tokenizer, template and record; the checksums last, which say that they are whole."""
    disk.folder(folder)
    disk.remove(folder / sums.SUMS)
    with disk.library(folder), causal.whole():
        causal.model.save_pretrained(folder)
        causal.tokenizer.save_pretrained(folder)
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)  # the library writes 0600, which others cannot read
    write_json(folder / DONE, record)
    sums.seal(folder, without=CHECKPOINTS)
    disk.settle(folder)
    disk.remove_folder(folder / CHECKPOINTS)


def _print_weights(model: "nn.Module") -> str:
    """Return a hash that stands for weights which lie in no folder."""
    import torch

    state = xxhash.xxh3_64()
    for name, part in model.state_dict().items():
        state.update(name.encode() + part.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return state.hexdigest()
