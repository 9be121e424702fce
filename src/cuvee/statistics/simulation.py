"""A/A tests: arms that do not differ, compared again and again, to see how often a difference is claimed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cuvee.arrays import F64, I64
from cuvee.statistics.compare import Comparison, compare
from cuvee.statistics.results import ArmResults

Judge = Callable[
    [list[ArmResults], list[str], list[str], np.random.Generator], bool
]  # -> whether any arm is told from the reference


@dataclass(frozen=True)
class World:
    """Results in which no arm is better.

    kind: "normal", "skewed" (log-normal) or "binary" values. Standard deviations: ``runs`` between training runs,
    ``questions`` in how an arm fares with a question, ``both`` of what is left. uneven: the reference's runs spread this
    many times as much as the others'. rate: of right answers where values are binary. together: questions that
    move together, ``alike`` of whose noise is one draw (a share of the variance); across: they lie in different tasks.
    """

    arms: int = 1  # beside the reference
    seeds: int = 3
    questions: int = 100
    tasks: int = 5
    kind: str = "normal"
    runs: float = 0.2
    questions_spread: float = 0.3
    both: float = 1.0
    uneven: float = 1.0
    rate: float = 0.5
    together: int = 1
    alike: float = 1.0
    across: bool = False

    def draw(self, rng: np.random.Generator) -> tuple[list[ArmResults], list[str], list[str]]:
        """Return the arms, the reference first, and of each question its task and what it moves with; tasks differ in size."""
        shape = (self.arms + 1, self.seeds, self.questions)
        between = self.runs * rng.standard_normal((*shape[:2], 1))
        between[0] *= self.uneven
        values = between + self.questions_spread * self._noise((shape[0], 1, shape[2]), rng)
        values = values + self.both * self._noise(shape, rng)
        if self.kind == "binary":
            values = (values + self._ease(rng) > 0).astype(np.float64)
        first = [at if self.across else at // self.together * self.together for at in range(self.questions)]
        labels = [f"task {int(self.tasks * (at / self.questions) ** 1.5)}" for at in first]
        moving = [f"group {group}" for group in self._groups()]
        seeds = tuple(range(self.seeds))
        return (
            [ArmResults("random" if at == 0 else f"arm {at}", values[at], seeds) for at in range(shape[0])],
            labels,
            moving,
        )

    def _groups(self) -> I64:
        """Return (q,) the group of each question."""
        numbers = np.arange(self.questions, dtype=np.int64)
        return numbers % -(-self.questions // self.together) if self.across else numbers // self.together

    def _noise(self, shape: tuple[int, ...], rng: np.random.Generator) -> F64:
        """Return noise of mean 0 and standard deviation 1, partly the same for questions that move together."""
        own = self._drawn(shape, rng)
        if self.together == 1:
            return own
        groups = self._groups()
        shared = self._drawn((*shape[:-1], int(groups.max()) + 1), rng)[..., groups]
        noise: F64 = np.sqrt(self.alike) * shared + np.sqrt(1 - self.alike) * own
        return noise

    def _drawn(self, shape: tuple[int, ...], rng: np.random.Generator) -> F64:
        if self.kind != "skewed":
            return rng.standard_normal(shape)
        noise: F64 = (rng.lognormal(size=shape) - np.exp(0.5)) / np.sqrt(np.e * (np.e - 1))
        return noise

    def _ease(self, rng: np.random.Generator) -> F64:
        """Return (q,) how easy each question is, so that about ``rate`` of the answers are right."""
        from scipy.special import ndtri

        return 2 * rng.standard_normal(self.questions) + float(ndtri(self.rate)) * 2.3


def ours(
    arms: list[ArmResults], labels: list[str], moving: list[str], rng: np.random.Generator, *, draws: int = 500
) -> bool:
    """Judge as ``compare`` does, at 95 %."""
    how = Comparison(reference=arms[0].name, better="higher", draws=draws)
    proof = compare(arms, labels, how, together=moving, rng=rng)
    return any(verdict.word != "open" for verdict in proof.verdicts)


def false_alarms(world: World, times: int, *, judge: Judge = ours, rng: np.random.Generator) -> float:
    """Return the share of ``times`` draws of the world in which any arm is told from the reference."""
    return sum(judge(*world.draw(rng), rng) for _ in range(times)) / times
