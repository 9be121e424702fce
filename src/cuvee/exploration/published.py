"""What a search leaves behind: every recipe that was tried, the winner as a recipe file, and the proof of it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

import yaml

from cuvee import commands, disk
from cuvee.exploration.asked import SearchAsk
from cuvee.exploration.confirmed import verdict
from cuvee.exploration.halving import Tried
from cuvee.exploration.space import Standing, prior
from cuvee.exploration.trying import Trying
from cuvee.exploration.written import Writer
from cuvee.proof.choosing_arms import RANDOM
from cuvee.proof.published import FILES, written
from cuvee.proof.summary import Proven
from cuvee.result import Result, Summary
from cuvee.result.proofs import ProofArm, ProofFigures
from cuvee.runs import Run, write_json
from cuvee.training.fresh import adapters
from cuvee.training.settings import described

RECIPE, TRIALS = "recipe.yaml", "trials.json"


class TriedRecipe(TypedDict):
    """A line of ``trials.json``. losses: one per training; forward, backward: tokens of all of them. failed: why, or None."""

    recipe: str
    by: str
    losses: list[float]
    forward: int
    backward: int
    failed: str | None


@dataclass(frozen=True)
class Searched:
    """A finished search. beside: the halving of recipes drawn at random, where one was asked for."""

    ask: SearchAsk
    place: Standing
    trying: Trying
    found: Tried
    beside: Tried | None
    confirmed: Proven

    @property
    def promised(self) -> float:
        """By how much the winner was better than random rows with the same seeds, on the questions it was chosen by."""
        own = self.found.losses[self.found.winner]
        rows = [one.seed for one in self.trying.trials[self.found.winner]]
        random = {one.seed: one for one in self.trying.trials[RANDOM]}
        asked = self.trying.asked
        means = [float(asked.means(random[seed].values["loss"]).mean()) for seed in rows]
        return sum(means) / len(means) - sum(own) / len(own)


def publish(run: Run, done: Searched) -> Result:
    """Write and publish; return what the verb returns."""
    tried = _tried(done)
    proof, summary = written(run, done.confirmed, lambda told: _retold(done, told, run.path))
    claim = verdict(summary["proof"], done.found.winner)
    writer = Writer(done.ask, done.trying.terms.k, claim["updates"], str(run.path / "winner"))
    recipe = yaml.safe_dump(dict(writer.recipe(done.found.winner)), sort_keys=False, allow_unicode=True)

    def make(folder: Path) -> None:
        head = f"# {done.found.winner}: what `cuvee search` found; its proof lies beside this file\n"
        disk.write(folder / RECIPE, (head + recipe).encode())
        write_json(folder / TRIALS, tried)

    step = run.step("recipe", {"tried": [dict(one) for one in tried], "recipe": recipe}, make)
    files = [*run.publish(step, [RECIPE, TRIALS]), *run.publish(proof, FILES)]
    trying = done.trying
    run.conclude(
        "search",
        done.ask.typed,
        seed=done.ask.options.pool.seed,
        inputs=trying.terms.field.ground.source.files,
        model={"name": done.ask.options.model, "version": trying.terms.version},
        training=described(trying.terms.training),
        adapters=adapters(trying.terms.training),
        trials=tried,
        place=asdict(done.place),
        prior=prior(done.place),
    )
    return Result(run.path, summary, files, next=commands.line("cuvee", "run", run.path / RECIPE))


def _tried(done: Searched) -> list[TriedRecipe]:
    """Return a line per recipe, those of the search first, best first."""
    parts = [("search", done.found), *([("random", done.beside)] if done.beside else [])]
    return [_line(done, by, tried, recipe) for by, tried in parts for recipe in [*tried.order, *tried.failed]]


def _line(done: Searched, by: str, tried: Tried, recipe: str) -> TriedRecipe:
    trials = done.trying.trials.get(recipe, [])
    return {
        "recipe": recipe,
        "by": by,
        "losses": list(tried.losses[recipe]),
        "forward": sum(one.figures["forward"] for one in trials),
        "backward": sum(one.figures["backward"] for one in trials),
        "failed": tried.failed.get(recipe),
    }


def _retold(done: Searched, told: Summary, folder: Path) -> Summary:
    """Return the summary of the confirmation as that of the search."""
    ask, claim = done.ask, verdict(told["proof"], done.found.winner)
    command = commands.command("search", ask.typed, folder)
    profile = {
        "recipes tried": len(done.found.losses),
        "found: better than random by": done.promised,
        "confirmed: better than random by": claim["difference"],
        "half-width of its interval": claim["half_width"],
    }
    return {
        **told,
        "title": f"search: {len(done.found.losses)} recipes, {sum(map(len, done.found.losses.values()))} trainings",
        "command": command,
        "sentence": _sentence(done, claim, told["proof"]),
        "selection": {**told["selection"], "method": done.found.winner},
        "profile": profile,
        "settings": {name: value for name, value in ask.typed.items() if value not in (None, "", [])},
        "reproduce": [command],
        "warnings": [*_warnings(done, claim, told["proof"]), *told["warnings"]],
    }


def _sentence(done: Searched, claim: ProofArm, proof: ProofFigures) -> str:
    found = f"better than random by {done.promised:.4f} on the questions of the search"
    others = f"{proof['questions']:,} others, with {len(proof['seeds'])} other seeds"
    told = f"{claim['difference']:.4f} \u00b1 {claim['half_width']:.4f} on {others}"
    return f"{done.found.winner} is the best of {len(done.found.losses)} recipes: {found}, {told}: {claim['verdict']}."


def _warnings(done: Searched, claim: ProofArm, proof: ProofFigures) -> list[str]:
    notes = [f"{recipe} could not be tried: {why}" for recipe, why in done.found.failed.items()]
    if done.beside and done.beside.winner == done.found.winner:
        notes.append("as many random recipes have the same winner")
    elif done.beside:
        better = verdict(proof, done.beside.winner)["difference"]
        notes.append(
            f"the best of as many random recipes, {done.beside.winner}, is better than random rows by {better:.4f}"
        )
    if claim["verdict"] != "beats":
        notes.append("the win is not confirmed; the report says how many more questions or seeds would show it")
    return notes
