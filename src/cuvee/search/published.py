"""What a search leaves behind: every recipe that was tried, the winner as a recipe file, and the proof of it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

import yaml

from cuvee import commands, disk
from cuvee.proof.choosing_arms import RANDOM
from cuvee.result import Result
from cuvee.result.proofs import ProofArm, ProofFigures
from cuvee.runs import Run, versions, write_json
from cuvee.search.asked import SearchAsk
from cuvee.search.confirmed import FOLDER, verdict
from cuvee.search.halving import Tried
from cuvee.search.space import Place, prior
from cuvee.search.trying import Trying
from cuvee.search.written import Writer
from cuvee.training.settings import described

RECIPE, TRIALS, SUMMARY = "recipe.yaml", "trials.json", "summary.json"


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
    place: Place
    trying: Trying
    found: Tried
    beside: Tried | None
    confirmed: ProofFigures

    @property
    def claim(self) -> ProofArm:
        """What the confirmation says of the winner."""
        return verdict(self.confirmed, self.found.winner)

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
    writer = Writer(done.ask, done.trying.terms.k, done.claim["updates"], str(run.path / "winner"))
    recipe = yaml.safe_dump(dict(writer.recipe(done.found.winner)), sort_keys=False, allow_unicode=True)
    summary = _summary(done, run.path)

    def make(folder: Path) -> None:
        head = f"# {done.found.winner}: what `cuvee search` found; its proof lies beside this file\n"
        disk.write(folder / RECIPE, (head + recipe).encode())
        write_json(folder / TRIALS, tried)
        write_json(folder / SUMMARY, summary)

    step = run.step("publish", {"summary": summary, "tried": [dict(one) for one in tried], "recipe": recipe}, make)
    files = run.publish(step, [RECIPE, TRIALS, SUMMARY])
    trying = done.trying
    run.conclude(
        "search",
        done.ask.typed,
        seed=done.ask.options.pool.seed,
        inputs=trying.terms.field.ground.source.files,
        model={"name": done.ask.options.model, "version": trying.terms.version},
        training=described(trying.terms.training),
        trials=tried,
        place=asdict(done.place),
        prior=prior(done.place),
    )
    return Result(run.path, summary, files, next=commands.line("cuvee", "run", run.path / RECIPE))


def _tried(done: Searched) -> list[TriedRecipe]:
    parts = [("search", done.found), *([("random", done.beside)] if done.beside else [])]
    lines: list[TriedRecipe] = []
    for by, tried in parts:
        for recipe in [*tried.order, *tried.failed]:
            trials = done.trying.trials.get(recipe, [])
            spent = {name: sum(one.figures[name] for one in trials) for name in ("forward", "backward")}  # type: ignore[literal-required]
            losses = list(tried.losses[recipe])
            lines.append({"recipe": recipe, "by": by, "losses": losses, **spent, "failed": tried.failed.get(recipe)})  # type: ignore[typeddict-item]
    return lines


def _summary(done: Searched, folder: Path) -> dict[str, object]:
    ask, claim = done.ask, done.claim
    command = commands.command("search", ask.typed, folder)
    return {
        "title": f"search: {len(done.found.losses)} recipes, {sum(map(len, done.found.losses.values()))} trainings",
        "command": command,
        "sentence": _sentence(done, claim),
        "selection": {"budget": str(ask.options.budget), "model": str(ask.options.model), "method": done.found.winner},
        "profile": {
            "recipes tried": len(done.found.losses),
            "found: better than random by": done.promised,
            "confirmed: better than random by": claim["difference"],
            "half-width of its interval": claim["half_width"],
            "forward tokens of the winner": claim["forward"],
            "backward tokens of the winner": claim["backward"],
        },
        "proof": done.confirmed,
        "settings": {name: value for name, value in ask.typed.items() if value not in (None, "", [])},
        "reproduce": [command],
        "versions": versions(),
        "warnings": _warnings(done),
    }


def _sentence(done: Searched, claim: ProofArm) -> str:
    found = f"better than random by {done.promised:.4f} on the questions of the search"
    seeds, questions = len(done.confirmed["seeds"]), done.confirmed["questions"]
    told = (
        f"{claim['difference']:.4f} \u00b1 {claim['half_width']:.4f} on {questions:,} others, with {seeds} other seeds"
    )
    return f"{done.found.winner} is the best of {len(done.found.losses)} recipes: {found}, {told}: {claim['verdict']}."


def _warnings(done: Searched) -> list[str]:
    notes = [f"{recipe} could not be tried: {why}" for recipe, why in done.found.failed.items()]
    if done.beside:
        other = verdict(done.confirmed, done.beside.winner)
        told = "it is the same recipe" if done.beside.winner == done.found.winner else f"{other['difference']:.4f}"
        notes.append(f"the best of as many random recipes, {done.beside.winner}, is better than random rows by {told}")
    if done.claim["verdict"] != "beats":
        notes.append(
            "the win is not confirmed: see proof/report.html for how many more questions or seeds would show it"
        )
    return notes


__all__ = ["FOLDER", "Searched", "publish"]
