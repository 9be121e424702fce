"""The smallest difference that a planned proof could tell, by how much earlier ones varied."""

from pathlib import Path

import orjson

from cuvee.proof.asked import ProofAsk
from cuvee.result.proofs import ProofFigures
from cuvee.runs import output
from cuvee.statistics.planning import Planned, Spreads, smallest

TYPICAL = Spreads(run=0.005, question=0.055, both=0.03)
"""k-center beside random: 120 rows of T0 in 30 updates, 476 questions, a grown base of 150,000 parameters (docs/proof.md)."""


def line(ask: ProofAsk, questions: int, out: Path) -> str:
    """Return what a proof of this size could tell, for its ``--dry-run``."""
    if ask.judged_by.metrics[0] != "loss":
        return "what it could tell is not known beforehand for exact match"
    spread, source = _known(ask, out)
    size = Planned(
        arms=1 if ask.judged_by.primary else len(ask.arms) - 1,
        seeds=len(ask.seeds),
        draws=questions - round(questions / 4) * bool(ask.rates),
        level=ask.judged_by.level,
    )
    least = smallest(size, spread)
    if least is None:
        return "with one seed, or under three questions, it tells no arm from another"
    return (
        f"tell a difference from {ask.judged_by.reference} of {least:.3f} nats or more four times in five, if arms vary as "
        f"{source} and no questions move together"
    )


def _known(ask: ProofAsk, out: Path) -> tuple[Spreads, str]:
    """Return the spreads of the proof that is confirmed, of the one in this folder, or typical ones; the widest of its arms."""
    for run in [ask.earlier.run if ask.earlier else None, out]:
        path = output(run, "proof.json") if run and run.is_dir() else None
        figures: ProofFigures | None = orjson.loads(path.read_bytes()) if path else None
        known = [arm["spreads"] for arm in figures["arms"] if arm.get("spreads")] if figures else []
        if known:
            widest = max(known, key=lambda one: one["run"] if one else 0.0)
            return Spreads(**(widest or {})), f"in {run}"
    return TYPICAL, "in the proof of docs/proof.md"
