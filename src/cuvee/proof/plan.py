"""``cuvee prove --dry-run``: how many trainings, how many tokens, about how long, without reading more than a sample."""

from dataclasses import dataclass
from pathlib import Path

from cuvee.intake.plan import Expected, expect
from cuvee.models.causal import tokenizer_of
from cuvee.models.speed import ModelWork
from cuvee.proof.arms import FULL
from cuvee.proof.asked import EPOCHS, ProofAsk
from cuvee.result import Result


def plan(ask: ProofAsk, out: Path) -> Result:
    """Say what would be done: trainings, updates, tokens, and the time they take on this machine, to a factor of about two."""
    expected = expect(ask.pool)
    tokenizer_of(ask.base)  # a model without one fails here, not after the data was read
    work = _work(ask, expected)
    asked = ModelWork(
        trained=work.rows * work.length, read=work.judged * work.held * work.length, loads=max(work.models, 1)
    )
    seconds = expected.seconds + asked.seconds(ask.base)
    return expected.result(out, _steps(ask, work, out), seconds=seconds, tokens=asked.tokens)


@dataclass(frozen=True, kw_only=True)
class _Proving:
    """About what a proof takes.

    length: tokens of a row. held: questions. k: rows of the budget. models: that are trained; judged: those and the models as
    they are. rows: that all trainings read.
    """

    length: float
    held: int
    k: int
    models: int
    judged: int
    rows: int


def _work(ask: ProofAsk, expected: Expected) -> _Proving:
    length = min(ask.training.max_length, expected.size / 4 / max(1, expected.rows))
    held = 0 if ask.on else ask.held_out.rows(expected.rows)
    pool = max(1, expected.rows - held)
    k = round(ask.budget.amount / max(1.0, length)) if ask.budget.kind == "tokens" else ask.budget.rows(pool)
    k = min(max(1, k), pool)
    trained = [arm for arm in ask.arms if arm.kind.chance]
    sizes = [pool if arm.label == FULL and ask.same == EPOCHS else k for arm in trained]
    updates = sum(ask.training.updates(n, length) for n in sizes) * len(ask.seeds)
    models = len(trained) * len(ask.seeds)
    return _Proving(
        length=length,
        held=held,
        k=k,
        models=models,
        judged=models + len(ask.arms) - len(trained),
        rows=updates * min(ask.training.batch, k),
    )


def _steps(ask: ProofAsk, work: _Proving, out: Path) -> list[str]:
    trained = [arm.label for arm in ask.arms if arm.kind.chance]
    return [
        "read, clean and embed",
        f"judge on {', '.join(ask.on)}" if ask.on else f"hold out about {work.held:,} rows",
        f"train {len(trained)} arms x {len(ask.seeds)} seeds = {work.models} models: {', '.join(trained)}",
        f"take {ask.training.updates(work.k, work.length):,} updates of {min(ask.training.batch, work.k)} rows "
        f"for a budget of {work.k:,} rows: about {work.rows * work.length:,.0f} tokens in all",
        f"judge {work.judged} models on every question",
        f"compare with {ask.judged_by.reference} and publish to {out}",
    ]
