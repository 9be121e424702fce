"""Trials: one arm on one made pool, chosen, trained and judged, all in this process and in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import pyarrow as pa

from cuvee import render
from cuvee.arrays import F32, F64, I64
from cuvee.atlas import arms
from cuvee.atlas.arms import Field
from cuvee.atlas.making import MadePool
from cuvee.atlas.stock import Stock
from cuvee.embedders.seam import Embedder, ReadsMessages, unit_rows
from cuvee.intake.readable import can_teach
from cuvee.models import causal as models
from cuvee.models import forward
from cuvee.models.causal import Causal
from cuvee.proof.kinds import Arm
from cuvee.render import Encoded
from cuvee.samples.pool import Pool
from cuvee.training.settings import Training

if TYPE_CHECKING:
    import torch


class TriedFigures(TypedDict):
    """What came of a trial. known, unknown: losses on tasks of the pool and on others, nats per answer token, the mean over
    tasks of the mean over a task's questions (unknown is None where none are asked). rows, different, tasks: chosen, of these
    different ones, and the tasks that they are of. wrong: of them with another row's answer."""

    known: float
    unknown: float | None
    rows: int
    different: int
    tasks: int
    wrong: int
    updates: int
    tokens: int
    answers: int


@dataclass(frozen=True)
class Workbench:
    """What all trials share: the base in memory, its untouched weights, how texts are embedded. longest: tokens of a row."""

    model: Causal
    weights: "list[torch.Tensor]"
    embedder: Embedder
    longest: int

    @classmethod
    def of(cls, name: str, embedder: Embedder, longest: int) -> "Workbench":
        """Load the base."""
        model = models.load(name, device="cpu", dtype="float32")
        return cls(model, [part.detach().clone() for part in model.model.parameters()], embedder, longest)

    def fresh(self) -> Causal:
        """Return the base as it was: the same object, its weights put back."""
        for part, before in zip(self.model.model.parameters(), self.weights, strict=True):
            part.data.copy_(before)
        return self.model

    def encoded(self, talks: Sequence[render.Messages], side: str = "right") -> list[Encoded]:
        """Return conversations as the base reads them."""
        return render.encode_all(talks, self.model.tokenizer, max_length=self.longest, side=side)


@dataclass(frozen=True)
class Ready:
    """A made pool, embedded and read. tasks: (n,) codes. swapped: (n,) whose answer is another row's."""

    pool: Pool
    encoded: list[Encoded]
    tasks: I64
    swapped: I64
    questions: list[Encoded]
    question_tasks: list[str]
    known: int


def ready(bench: Workbench, stock: Stock, made: MadePool) -> Ready:
    """Embed and read a made pool and its questions; rows whose answer lies beyond what is read are left out of it."""
    whole = made.table(stock)
    read = bench.encoded(whole["messages"].to_pylist())
    kept = np.array([row for row, one in enumerate(read) if can_teach(one)], dtype=np.int64)
    table = whole.take(pa.array(kept))
    pool = Pool(table, _vectors(bench.embedder, table))
    asked = stock.table.take(pa.array(np.concatenate([made.known, made.unknown])))
    questions = bench.encoded(asked["messages"].to_pylist(), side="left")
    swapped = np.flatnonzero((made.rows != made.answers)[kept]).astype(np.int64)
    names = asked["task"].to_pylist()
    return Ready(pool, [read[row] for row in kept], pool.labels("task")[0], swapped, questions, names, len(made.known))


def attempt(bench: Workbench, ready: Ready, arm: Arm, field: Field, seed: int) -> TriedFigures:
    """Let an arm choose, train the base on that, and judge it. seed: of the arm's chance and of the order of the rows."""
    from cuvee.training import quick

    def taught(rows: I64, training: Training) -> Causal:
        model = bench.fresh()
        quick.train(model, [ready.encoded[row] for row in rows], training, seed=seed)
        return model

    rows = arms.chosen(arm, field, seed, taught)
    model = bench.fresh()
    training = arms.training_of(arm, replace(field.training, batch=min(field.training.batch, field.k)))
    took = quick.train(model, [ready.encoded[row] for row in rows], training, seed=seed)
    losses = forward.passes(model, ready.questions, ("loss",), advance=lambda _: None).mean_loss
    keys, asked = ready.pool.keys[rows], len(ready.questions) > ready.known
    return {
        "known": _macro(losses[: ready.known], ready.question_tasks[: ready.known]),
        "unknown": _macro(losses[ready.known :], ready.question_tasks[ready.known :]) if asked else None,
        "rows": len(rows),
        "different": len(np.unique(keys)),
        "tasks": len(np.unique(ready.tasks[rows])),
        "wrong": int(np.isin(rows, ready.swapped).sum()),
        "updates": took.updates,
        "tokens": took.tokens,
        "answers": took.answers,
    }


def _macro(losses: F64, tasks: Sequence[str]) -> float:
    """Return the mean over tasks of the mean over a task's questions that have a loss."""
    codes = np.unique(np.asarray(tasks, dtype=object).astype(str), return_inverse=True)[1]
    told = np.isfinite(losses)
    counts = np.bincount(codes[told], minlength=codes.max() + 1)
    sums = np.bincount(codes[told], weights=losses[told], minlength=codes.max() + 1)
    return float((sums[counts > 0] / counts[counts > 0]).mean())


def _vectors(embedder: Embedder, table: pa.Table) -> F32:
    if isinstance(embedder, ReadsMessages):
        return unit_rows(embedder.encode_messages(table["messages"].to_pylist()))
    texts = render.plain_column(table["messages"])
    embedder.fit(texts)
    return unit_rows(embedder.encode(texts))
