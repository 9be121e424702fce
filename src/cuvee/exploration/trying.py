"""Recipes tried on one field: a training each, judged on the questions of the search."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cuvee.arrays import I64
from cuvee.errors import CuveeError
from cuvee.exploration.asked import SearchAsk
from cuvee.exploration.halving import Tried, halve, schedule
from cuvee.exploration.parts import judged_on
from cuvee.progress import say
from cuvee.proof.field import ProofField
from cuvee.proof.trial import Terms, Trial, attempt, read
from cuvee.runs import Run
from cuvee.statistics.results import Questions

APART = 1_000  # the seeds of the confirmation are this far from those of the search


@dataclass
class Trying:
    """What all trials of a search share.

    at: the questions of the search. trials: recipe -> its trainings, in order of seeds.
    """

    run: Run
    ask: SearchAsk
    terms: Terms
    at: I64
    trials: dict[str, list[Trial]] = field(default_factory=dict)

    def search(self, recipes: Sequence[str], label: str) -> Tried:
        """Halve these recipes; as many trainings as were asked for, at most."""
        rungs = schedule(self.ask.trials)
        tried = halve(recipes, rungs, lambda recipe, number: self.loss(recipe, number))
        if not tried.order:
            why = next(iter(tried.failed.values()))
            raise CuveeError(f"no recipe of the {label} could be tried: {why}", "look at the pool, or name a goal")
        say(f"{label}: {tried.winner} is the best of {len(recipes)} recipes")
        return tried

    def loss(self, recipe: str, number: int) -> float | str:
        """Return the mean loss of one training of a recipe, tasks weighing alike, or why it cannot be trained."""
        arm = next(arm for arm in self.terms.ask.arms if arm.label == recipe)
        seed = self.ask.options.pool.seed + number
        try:
            step = attempt(self.run, self.terms, arm, seed)
        except CuveeError as wrong:
            say(f"{recipe}: cannot be tried: {wrong.message}")
            return wrong.message
        trial = judged_on(read(step.path, seed, ["loss"]), self.at)
        self.trials.setdefault(recipe, []).append(trial)
        found = float(self.asked.means(trial.values["loss"]).mean())
        if not step.reused:
            say(f"{recipe}, training {number + 1}: {found:.4f}, {step.seconds:.1f} s")
        return found

    @property
    def asked(self) -> Questions:
        """The questions of the search, and how they add up."""
        shared: ProofField = self.terms.field
        tasks, together = ([column[one] for one in self.at.tolist()] for column in (shared.tasks, shared.together))
        return Questions.of(tasks, together)

    def seeds(self) -> range:
        """Return the seeds of the confirmation."""
        first = self.ask.options.pool.seed + APART
        return range(first, first + self.ask.options.seeds)
