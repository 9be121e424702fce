"""The confirmation: the winner against random rows, with other seeds, on questions that nothing was chosen by."""

from dataclasses import replace

from cuvee.exploration.parts import judged_on, only, parted
from cuvee.exploration.trying import Trying
from cuvee.proof import rates
from cuvee.proof.choosing_arms import RANDOM
from cuvee.proof.summary import Proven
from cuvee.proof.trial import Trial, attempt, read
from cuvee.result.proofs import ProofArm, ProofFigures
from cuvee.runs import Run


def confirm(run: Run, trying: Trying, winner: str, control: str | None) -> Proven:
    """Train the winner, control's winner and random rows with other seeds, to be judged on the questions kept for it.

    The comparison of the winner with random rows was settled before any of it was seen, so it has the whole chance of a miss
    for itself, and no correction for the search is needed: its questions and seeds played no part.
    """
    labels = list(dict.fromkeys([winner, *([control] if control else []), RANDOM]))
    at = parted(trying.terms.field, seed=trying.ask.options.pool.seed)[1]
    arms = [arm for label in labels for arm in trying.terms.ask.arms if arm.label == label]
    trials: dict[str, list[Trial]] = {label: [] for label in labels}
    for seed in trying.seeds():
        for arm in arms:
            step = attempt(run, trying.terms, arm, seed)
            trials[arm.label].append(judged_on(read(step.path, seed, ["loss"]), at))
    asked = trying.ask.proof(labels, trying.seeds(), primary=f"{winner}>{RANDOM}")
    terms = replace(trying.terms, ask=asked, field=only(trying.terms.field, at))
    return Proven(terms, trials, rates.none(len(at)))


def verdict(figures: ProofFigures, arm: str) -> ProofArm:
    """Return what a proof says of an arm."""
    return next(one for one in figures["arms"] if one["arm"] == arm)
