"""LESS (arXiv 2402.04333): the rows whose gradients point where the goal's do."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from cuvee import progress, render, rng
from cuvee.arrays import F32, I64
from cuvee.errors import InputError
from cuvee.models import causal
from cuvee.models.catalog import home
from cuvee.models.causal import Causal
from cuvee.proof.ask import ArmAsk
from cuvee.runs import digest
from cuvee.samples.inputs import expand
from cuvee.samples.pool import BarePool
from cuvee.samples.read import read
from cuvee.store import Store, content_key
from cuvee.training import sft
from cuvee.training.settings import described

LESS = ("warmup", "rank", "dim", "goal_rows", "draw")


PART = 64  # rows whose gradients are lost when a run is killed


def less(ask: ArmAsk) -> I64:
    """Return the rows whose gradient points most nearly where the goal's rows point, by cosine, best first.

    After LESS (arXiv 2402.04333), in short: LoRA adapters that have learnt from a few random rows (``warmup`` updates), one
    gradient per row, projected at random to ``dim`` numbers, cosine to the mean of the goal's. Plain gradients stand for
    Adam's, and one checkpoint for several. With ``draw`` all seeds share one warm-up: gradients are then computed once.
    """
    from cuvee.models.gradients import features

    dim, draw = int(ask.settings.get("dim", 1_024)), int(ask.settings.get("draw", ask.seed))
    seed = int(rng.stream(draw, "less").integers(2**31))
    goal = goal_rows(ask, causal.tokenizer_of(ask.base), draw)
    rows = [*goal, *ask.encoded]
    keys = np.array(
        [content_key(f"{row.ids.tobytes().hex()} {row.answer.tobytes().hex()}") for row in rows], dtype="S16"
    )
    warmed = cache(lambda: _warmed(ask, draw))
    ask.folder.mkdir(parents=True, exist_ok=True)
    found = ask.folder / "gradients.npy"

    def compute(at: I64) -> F32:
        with progress.quiet():  # the bar of all rows is shown
            return features(warmed(), [rows[row] for row in at], dim=dim, seed=seed)

    store = Store(home() / "store")
    store.vectors(_column(ask, draw), dim).fill(keys, compute, out=found, label="gradients", segment=PART)
    X: F32 = np.load(found)
    order: I64 = np.argsort(-(X[len(goal) :] @ X[: len(goal)].mean(axis=0)), kind="stable").astype(np.int64)
    return order[: ask.k]


def _column(ask: ArmAsk, draw: int) -> str:
    """Return the name of the stored column: what decides a row's gradient beside the row."""
    warmup, rank, dim = (
        int(ask.settings.get(name, value)) for name, value in (("warmup", 20), ("rank", 8), ("dim", 1_024))
    )
    rows = digest([row.ids for row in ask.encoded]) if warmup else ""
    return f"gradients-{digest([causal.version_of(ask.base), described(ask.training), rows, warmup, rank, dim, draw])[:24]}"


def _warmed(ask: ArmAsk, draw: int) -> Causal:
    """Return the base with adapters that learnt from a few random rows; a new adapter has gradients of its second half only."""
    rank, steps = int(ask.settings.get("rank", 8)), int(ask.settings.get("warmup", 20))
    fresh = causal.with_lora(causal.load(ask.base), rank=rank, alpha=2 * rank, seed=draw)
    if steps:
        training = replace(ask.training, epochs=None, tokens=None, steps=steps, lora=rank, save_every=0)
        fresh = sft.train(fresh, ask.encoded, training, None, seed=draw).model
    return fresh


def goal_rows(ask: ArmAsk, tokenizer: Any, seed: int) -> list[render.Encoded]:
    """Return the token ids of the goal's rows that have an answer, at most ``goal_rows`` of them."""
    batches = [
        batch for path in expand([str(ask.settings["goal"])]) for batch in read(str(path), strict=True).batches()
    ]
    table = pa.Table.from_batches(batches)
    order = np.argsort(rng.keyed(BarePool(table).keys, int(rng.stream(seed, "goal").integers(2**62))), kind="stable")
    rows = render.encode_all(
        table.take(pa.array(order))["messages"].to_pylist(),
        tokenizer,
        max_length=ask.training.max_length,
        side="left",
    )
    kept = [row for row in rows if row.answer[1:].any()][: int(ask.settings.get("goal_rows", 32))]
    if not kept:
        raise InputError(f"{ask.settings['goal']} has no row with an answer", "name another goal")
    return kept
