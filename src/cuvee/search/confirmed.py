"""The confirmation: the winner against random rows, with other seeds, on questions that nothing was chosen by."""

from dataclasses import replace
from pathlib import Path

from cuvee.proof import rates
from cuvee.proof.choosing_arms import RANDOM
from cuvee.proof.published import published
from cuvee.proof.summary import Proven
from cuvee.proof.trial import Trial, attempt, read
from cuvee.result.proofs import ProofArm, ProofFigures
from cuvee.runs import Run, open_run
from cuvee.search.parts import judged_on, only, parted
from cuvee.search.trying import Trying

FOLDER = "proof"


def confirm(run: Run, trying: Trying, winner: str, control: str | None) -> ProofFigures:
    """Train winner, control's winner and random rows with other seeds; write the proof into the run's folder ``proof``.

    Return its figures. The comparison of the winner with random rows was settled before any of it was seen, so it has the
    whole chance of a miss for itself, and no correction for the search is needed: its questions and seeds played no part.
    """
    labels = list(dict.fromkeys([winner, *([control] if control else []), RANDOM]))
    seeds = trying.seeds()
    trials: dict[str, list[Trial]] = {}
    at = parted(trying.terms.field, seed=trying.ask.options.pool.seed)[1]
    arms = [arm for label in labels for arm in trying.terms.ask.arms if arm.label == label]
    for seed in seeds:
        for arm in arms:
            step = attempt(run, trying.terms, arm, seed)
            trials.setdefault(arm.label, []).append(judged_on(read(step.path, seed, ["loss"]), at))
    asked = trying.ask.proof(labels, seeds, primary=f"{winner}>{RANDOM}")
    asked = replace(asked, pool=trying.terms.ask.pool)
    terms = replace(trying.terms, ask=asked, field=only(trying.terms.field, at))
    with open_run(Path(run.path) / FOLDER) as own:
        told = published(own, Proven(terms, trials, rates.none(len(at))))
    return told.summary["proof"]


def verdict(figures: ProofFigures, arm: str) -> ProofArm:
    """Return what a proof says of an arm."""
    return next(one for one in figures["arms"] if one["arm"] == arm)
