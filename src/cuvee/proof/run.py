"""Prove: every arm is trained once per seed on the same budget and judged on the same questions; then they are compared."""

from dataclasses import replace
from pathlib import Path

from cuvee.budget import Budget
from cuvee.intake.ground import Ground
from cuvee.models import causal
from cuvee.proof import beforehand, confirming, rates
from cuvee.proof.asked import EPOCHS, TOKENS, ProofAsk, ProofOptions, bind
from cuvee.proof.clock import Clock
from cuvee.proof.field import ProofField, field_of
from cuvee.proof.kinds import Arm
from cuvee.proof.plan import plan
from cuvee.proof.published import published
from cuvee.proof.rates import Rates
from cuvee.proof.summary import Proven
from cuvee.proof.trial import Terms, Trial, attempt, read
from cuvee.result import Result
from cuvee.runs import Claim, Run, Step, open_run
from cuvee.statistics.results import Questions
from cuvee.training.settings import Training


def run_prove(options: ProofOptions, *, out: Path, dry_run: bool, replace: bool) -> Result:
    """Do what ``cuvee.verbs.prove`` says."""
    ask = bind(options)
    if dry_run:
        return plan(ask, Path(out))
    with open_run(Path(out), Claim("prove", ask.typed, replace)) as run:
        return published(run, _proven(run, ask))


def _proven(run: Run, ask: ProofAsk) -> Proven:
    field = field_of(run, ask)
    k = _rows(field.ground, ask.budget)
    if ask.earlier and k < ask.earlier.figures["k"]:
        raise confirming.too_few(len(field.ground.pool), ask.earlier)
    version = causal.version_of(ask.base)
    _planned(run, ask, field, k, version)
    terms = terms_of(ask, field, version)
    work = _work(ask)
    total = len(work) + (len(ask.rates) * rates.SEEDS * sum(arm.kind.chance for arm in ask.arms))
    clock = Clock(total, Questions.of(field.tasks, field.together))
    tried = rates.tried(run, terms, ask.rates, clock) if ask.rates else rates.none(len(field.ids))
    return Proven(terms, _trials(run, terms, tried, clock), tried)


def terms_of(ask: ProofAsk, field: ProofField, version: str) -> Terms:
    """Return what all trials of a proof have in common. version: of the base."""
    k = _rows(field.ground, ask.budget)
    return Terms(ask=ask, field=field, k=k, training=_training(ask, field, k), version=version)


def _planned(run: Run, ask: ProofAsk, field: ProofField, k: int, version: str) -> None:
    """Write down what was said beforehand, or keep to it."""
    how = ask.judged_by
    if how.plan is None or how.primary is None:
        return
    plan: beforehand.WrittenPlan = {
        "primary": str(how.primary),
        "settings": ask.typed,
        "rows": k,
        "questions": len(field.ids),
        "base": version,
        "pool": field.ground.fingerprint,
    }
    beforehand.keep_to(how.plan, plan, run)


def _work(ask: ProofAsk) -> list[tuple[Arm, int]]:
    """Return every arm and seed to be made; all arms take a seed before the next."""
    return [(arm, seed) for seed in ask.seeds for arm in ask.arms if arm.kind.chance or seed == ask.seeds[0]]


def _trials(run: Run, terms: Terms, tried: Rates, clock: Clock) -> dict[str, list[Trial]]:
    """Return arm -> its trials, in order of seeds, each at its best rate; an arm without chance has one."""
    ask, work = terms.ask, _work(terms.ask)
    steps: list[Step] = []
    for arm, seed in work:
        steps.append(attempt(run, terms.at(tried.of(arm.label)), arm, seed))
        clock.tick(arm, seed, steps[-1])
    trials: dict[str, list[Trial]] = {arm.label: [] for arm in ask.arms}
    for (arm, seed), step in zip(work, steps, strict=True):
        trials[arm.label].append(read(step.path, seed, ask.judged_by.metrics))
    return trials


def _rows(ground: Ground, budget: Budget) -> int:
    """Return the rows of the budget, about as many where it is in tokens."""
    n = len(ground.pool)
    k = round(budget.amount / max(1.0, float(ground.tokens.mean()))) if budget.kind == "tokens" else budget.rows(n)
    return min(max(1, k), n)


def _training(ask: ProofAsk, field: ProofField, k: int) -> Training:
    """Return the settings of every arm: its --epochs, or as many updates or tokens as --epochs over the budget need."""
    training = replace(ask.training, batch=min(ask.training.batch, k))
    if ask.same == EPOCHS:
        return training
    if ask.same == TOKENS:
        return replace(training, epochs=None, tokens=_tokens(ask, field, k))
    return replace(training, epochs=None, steps=training.updates(k, 0.0))


def _tokens(ask: ProofAsk, field: ProofField, k: int) -> int:
    """Return the tokens that every arm reads: as many as --epochs over a budget of average rows have."""
    mean = sum(map(len, field.encoded)) / len(field.encoded)
    budget = ask.budget.amount if ask.budget.kind == "tokens" else k * mean
    return max(1, round((ask.training.epochs or 0) * budget))
