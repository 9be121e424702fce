"""What the rounds work on: the pool as the model reads it, the questions that judge every round, and the first rows."""

from dataclasses import dataclass

import numpy as np

from cuvee import rng
from cuvee.arrays import I64
from cuvee.errors import InputError
from cuvee.evolution.asked import EvolveAsk
from cuvee.intake.before import Before, all_of, at_least
from cuvee.intake.ground import Ground, kept_by, prepare, rows_of
from cuvee.intake.hold_out import hold_out
from cuvee.intake.readable import HeldOutQuestions, questions, readable
from cuvee.models import causal
from cuvee.render import Encoded
from cuvee.runs import Run


@dataclass(frozen=True)
class RoundField:
    """rows: token ids of every row of the pool. held: the questions that no round sees, and tasks: the task of each."""

    ground: Ground
    rows: list[Encoded]
    held: HeldOutQuestions
    tasks: list[str]
    notes: list[str]


def round_field(run: Run, ask: EvolveAsk) -> RoundField:
    """Read, clean, embed, hold out and render; rows without an answer that counts leave, with the reason in the ledger.

    Raises InputError where fewer rows stand than the first round asks for.
    """
    first = at_least(ask.sizes[0], "--init asks for", "give more rows, or a smaller --init")
    before = Before(all_of(ask.publishing.holds, first))
    ground, held = hold_out(prepare(run, ask.pool, before), ask.held_out, seed=ask.plan.seed)
    tokenizer, longest = causal.tokenizer_of(ask.plan.base), ask.plan.training.max_length
    taught = readable(ground, tokenizer, longest, stage="evolve")
    if len(taught.rows) < ask.sizes[0]:
        raise InputError(
            f"the pool has {len(taught.rows)} rows to learn from, --init asks for {ask.sizes[0]}", "give more rows"
        )
    asked = questions(held.rows, tokenizer, longest)
    tasks = [held.labels[row] for row in asked.at]
    return RoundField(taught.ground, taught.rows, asked, tasks, [*taught.notes, *asked.notes])


def first_rows(ground: Ground, ask: EvolveAsk) -> I64:
    """Return the first rows: those of an earlier run, in rank order, or rows drawn at random."""
    if ask.start is not None:
        ranks = kept_by(ask.start)
        rows = rows_of(ground.pool.table, sorted(ranks, key=lambda name: ranks[name]))[: ask.sizes[0]]
        if not len(rows):
            raise InputError(f"no row that {ask.start} kept stands in this pool", "leave out --start")
        return rows
    salt = int(rng.stream(ask.plan.seed, "evolve", "first").integers(2**62))
    order: I64 = np.argsort(rng.keyed(ground.pool.keys, salt), kind="stable").astype(np.int64)
    return order[: ask.sizes[0]]
