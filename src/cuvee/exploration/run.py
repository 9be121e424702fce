"""Search: read, try recipes, confirm the winner on questions that no recipe was chosen by, write the recipe."""

from pathlib import Path

import numpy as np

from cuvee import rng
from cuvee.exploration import space
from cuvee.exploration.asked import SearchAsk, SearchOptions, bind
from cuvee.exploration.confirmed import confirm
from cuvee.exploration.halving import schedule
from cuvee.exploration.parts import parted
from cuvee.exploration.published import Searched, publish
from cuvee.exploration.trying import Trying
from cuvee.intake.ground import prepare
from cuvee.intake.hold_out import labels_of
from cuvee.models import causal
from cuvee.models.needs import need
from cuvee.proof.asked import ProofAsk
from cuvee.proof.choosing_arms import RANDOM
from cuvee.proof.field import field_of
from cuvee.proof.plan import plan as proof_plan
from cuvee.proof.run import terms_of
from cuvee.result import Result
from cuvee.runs import Claim, Run, open_run


def run_search(options: SearchOptions, *, out: Path, dry_run: bool, replace: bool) -> Result:
    """Do what ``cuvee.verbs.search`` says."""
    need("torch", "transformers", "accelerate", purpose="cuvee search")
    ask = bind(options)
    if dry_run:
        return _plan(ask, Path(out))
    with open_run(Path(out), Claim("search", ask.typed, replace)) as run:
        return _search(run, ask)


def _search(run: Run, ask: SearchAsk) -> Result:
    place, first = _place(run, ask), schedule(ask.trials)[0].recipes
    drawn = space.recipes(place, first, _chance(ask, "recipes"))
    control = space.at_random(place, first, _chance(ask, "control")) if ask.control else []
    proof = ask.proof([*drawn, *control, RANDOM], [ask.options.pool.seed])
    trying = _trying(run, ask, proof)
    found = trying.search(drawn, "search")
    beside = trying.search(control, "random recipes") if control else None
    for number in range(max(map(len, found.losses.values()))):
        trying.loss(RANDOM, number)
    confirmed = confirm(run, trying, found.winner, beside.winner if beside else None)
    return publish(run, Searched(ask, place, trying, found, beside, confirmed))


def _place(run: Run, ask: SearchAsk) -> space.Standing:
    """Return where the pool stands, before anything is held out."""
    proof = ask.proof([RANDOM], [ask.options.pool.seed])
    pool = prepare(run, proof.pool).pool
    _, counts = np.unique(labels_of(pool), return_counts=True)
    return space.Standing(
        rows=proof.budget.rows(len(pool)),
        goal=ask.goal,
        distilled=str(ask.distilled) if ask.distilled else None,
        tasks=len(counts),
        largest=float(counts.max() / counts.sum()),
    )


def _trying(run: Run, ask: SearchAsk, proof: ProofAsk) -> Trying:
    field = field_of(run, proof)
    terms = terms_of(proof, field, causal.version_of(proof.base))
    return Trying(run, ask, terms, parted(field, seed=ask.options.pool.seed)[0])


def _chance(ask: SearchAsk, name: str) -> np.random.Generator:
    return rng.stream(ask.options.pool.seed, "search", name)


def _plan(ask: SearchAsk, out: Path) -> Result:
    """Say what would be done: how many trainings of how many recipes, and about how long they take."""
    rungs = schedule(ask.trials)
    trained = sum(rung.recipes for rung in rungs) * (1 + ask.control) + len(rungs)
    arms = 2 + ask.control
    proof = ask.proof(["uniform", RANDOM], [0])
    one = proof_plan(proof, out)
    told = [
        "read, clean, embed, and hold out questions in two parts: one for the search, one for the confirmation",
        "try " + ", then ".join(f"{rung.recipes} recipes" for rung in rungs) + " by successive halving",
        *(["try as many recipes drawn at random, with as many trainings"] if ask.control else []),
        f"confirm: {arms} arms x {ask.options.seeds} other seeds on the other questions",
        f"train {trained + arms * ask.options.seeds} models in all",
        f"publish to {out}",
    ]
    seconds = round(one.summary["plan"]["seconds"] / 2 * (trained + arms * ask.options.seeds))
    return Result(out, {"plan": {**one.summary["plan"], "steps": told, "seconds": seconds}})
