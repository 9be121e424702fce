"""The half-width of an interval from its parts, and what more runs or more questions would make of it."""

from dataclasses import dataclass

from cuvee.statistics.critical import student
from cuvee.statistics.parts import Parts

MOST = 100  # times as many questions, or runs per arm, are as far as a plan looks
POWER_Z = (
    0.8416  # a plan would tell with probability 0.8 (this normal quantile), if the difference is what it looks like
)


@dataclass(frozen=True)
class Width:
    """An interval's making. tail: probability of one side. critical: standard errors for questions. runs: per arm."""

    parts: Parts
    tail: float
    critical: float
    runs: int
    questions: int

    def half(self, runs: float = 1.0, questions: float = 1.0) -> float:
        """Return the half-width, with ``runs`` times as many runs and ``questions`` times as many questions.

        The square is t^2 x (part of the runs) + c^2 x (part of the questions), each with its own critical value. As the
        distribution function of chi-square with one degree of freedom is concave, such an interval covers at least as
        often as its parts would (Banerjee 1960), whatever the true sizes of the parts: no weighing of degrees of freedom
        is needed, which makes intervals too narrow with 3 runs. What is in both parts counts once.
        """
        of_runs, of_questions, both = self._scaled(runs, questions)
        alone = self.critical**2 * (of_questions + both)
        if not self.parts.freedom:
            return float(alone**0.5)
        seen = of_runs + min(both, self.parts.seeds / (runs * questions))
        return float(max(self._t(runs) ** 2 * seen + self.critical**2 * of_questions, alone) ** 0.5)

    def error(self, runs: float = 1.0, questions: float = 1.0) -> float:
        """Return the standard error of the difference."""
        return float(sum(self._scaled(runs, questions)) ** 0.5)

    def _t(self, runs: float = 1.0) -> float:
        grown = (self.runs * runs - 1) / (self.runs - 1) if self.runs > 1 else 1.0
        return student(self.tail, self.parts.freedom * grown)

    def _scaled(self, runs: float, questions: float) -> tuple[float, float, float]:
        """Return the variances that come from the runs alone, from the questions alone, and from both at once."""
        parts = self.parts
        both = min(parts.residual, parts.questions)
        return (
            max(0.0, parts.seeds - both) / runs,
            (parts.questions - both) / questions,
            both / (runs * questions),
        )

    @property
    def share_of_runs(self) -> float:
        """How much of the squared half-width the runs make, 0 to 1."""
        whole = self.half() ** 2
        if whole == 0.0 or not self.parts.freedom:
            return 0.0
        return min(1.0, self._t() ** 2 * self.parts.seeds / whole)

    def more_questions(self, difference: float) -> int | None:
        """Return how many more questions would tell, all tasks growing alike; None where 100 times as many would not."""
        if not self._tells(difference, questions=MOST):
            return None
        low, high = 1.0, float(MOST)
        while high - low > 1 / self.questions:
            middle = (low + high) / 2
            low, high = (low, middle) if self._tells(difference, questions=middle) else (middle, high)
        return max(1, round((high - 1) * self.questions))

    def more_runs(self, difference: float) -> int | None:
        """Return how many more runs of each arm would tell; None where 100 runs would not, or runs were not repeated."""
        if not self.parts.freedom or self.runs < 2:
            return None
        plans = (n for n in range(self.runs + 1, MOST + 1) if self._tells(difference, runs=n / self.runs))
        found = next(plans, None)
        return found and found - self.runs

    def _tells(self, difference: float, **more: float) -> bool:
        return self.half(**more) + POWER_Z * self.error(**more) <= abs(difference)
