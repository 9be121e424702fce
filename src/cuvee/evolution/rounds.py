"""One round of DiverseEvol (arXiv 2311.08182): train the base afresh on the chosen rows, let that model read, pick."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cuvee import disk, rng
from cuvee.arrays import F32, I64
from cuvee.evaluation.journal import Journal
from cuvee.evolution.strategies import Strategy
from cuvee.models import forward
from cuvee.models.causal import Causal
from cuvee.render import Encoded
from cuvee.selectors.space import Space, logs, shaped
from cuvee.training import sft
from cuvee.training.fresh import fresh
from cuvee.training.settings import Training


@dataclass(frozen=True)
class Evolution:
    """How a model evolves.

    base: folder of the model that every round starts from. space: what becomes of hidden vectors. batch_tokens: padded
    tokens of a batch when the model reads.
    """

    base: Path
    strategy: Strategy
    training: Training
    space: Space
    batch_tokens: int | None
    seed: int


def taught(plan: Evolution, rows: Sequence[Encoded], chosen: I64, folder: Path) -> sft.Trained:
    """Return the base model trained on the chosen rows, in pick order as given, and how that went.

    folder: for checkpoints and the final weights; called again with the same folder, training goes on where it stopped.
    """
    base = fresh(plan.base, plan.training, seed=plan.seed)
    return sft.train(base, [rows[row] for row in chosen], plan.training, folder, seed=plan.seed)


def rounds(plan: Evolution, rows: Sequence[Encoded], first: I64, sizes: Sequence[int], folder: Path) -> I64:
    """Return sizes[-1] row numbers in pick order: ``first``, and after each training what the model picks next.

    first: (sizes[0],) the rows to start from. sizes: rows after each round, rising. folder: keeps the picks of every round, so
    that a killed evolution goes on; weights are removed once the model has read.
    """
    chosen, journal = first, Journal(disk.folder(folder) / "picks.jsonl")
    for number, size in enumerate(sizes[1:]):
        if number not in journal.done:
            model = taught(plan, rows, chosen, folder / "model").model
            picks = next_rows(plan, view(plan, model, rows), chosen, size - len(chosen), number)
            disk.remove_folder(folder / "model")
            journal.add(number, picks.tolist())
        chosen = np.concatenate([chosen, np.array(journal.done[number], dtype=np.int64)])
    return chosen


def next_rows(plan: Evolution, values: F32, chosen: I64, k: int, number: int) -> I64:
    """Return the k rows that the model picks next, best first. values: its ``view`` of the pool. number: of the round."""
    return plan.strategy.pick(values, chosen, k, rng.stream(plan.seed, "evolve", str(number)))


def view(plan: Evolution, model: Causal, rows: Sequence[Encoded]) -> F32:
    """Return what the strategy reads of every row in the model: (n, d) unit rows, or one number per row."""
    reads = plan.strategy.reads
    if reads == "nothing":
        return np.zeros(len(rows), dtype=np.float32)
    wanted = reads.split("+")
    passed = forward.passes(model, rows, wanted, batch_tokens=plan.batch_tokens, label="the model reads")
    found: F32 = getattr(passed, wanted[0]).astype(np.float32)
    if wanted[0] != "hidden":
        return found
    answers = [int(row.answer.sum()) for row in rows]
    seen = shaped(found, plan.space, logs((len(row.ids) - n for row, n in zip(rows, answers, strict=True)), answers))
    if "loss" not in wanted:
        return seen
    return np.column_stack([seen, passed.loss / np.maximum(passed.count, 1)]).astype(np.float32)
