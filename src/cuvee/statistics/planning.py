"""What a planned comparison could tell, before it is made."""

from dataclasses import asdict, dataclass

from cuvee.statistics.critical import student
from cuvee.statistics.intervals import POWER_Z, Width
from cuvee.statistics.parts import Parts


@dataclass(frozen=True)
class Spreads:
    """How much the difference of two arms varies: variances of one run of each, of one question, and of both at once."""

    run: float
    question: float
    both: float

    def told(self) -> dict[str, float]:
        """Return the variances by name."""
        return asdict(self)


def spreads(parts: Parts, runs: int, draws: int) -> Spreads:
    """Return the variances behind the parts of a comparison that was made. draws: clusters of questions."""
    both = min(parts.residual, parts.questions)
    return Spreads(
        run=max(0.0, parts.seeds - parts.residual) * runs,
        question=max(0.0, parts.questions - both) * draws,
        both=both * runs * draws,
    )


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The size of a comparison. arms: beside the reference. draws: of questions."""

    arms: int
    seeds: int
    draws: int
    level: float


def smallest(size: Planned, spread: Spreads) -> float | None:
    """Return the smallest difference that would be told four times in five; None with one seed, which tells nothing.

    The interval is that of ``compare``, with Student's t for the questions.
    """
    if size.seeds < 2 or size.draws < 3:
        return None
    both = spread.both / (size.seeds * size.draws)
    parts = Parts(spread.run / size.seeds + both, 2.0 * (size.seeds - 1), spread.question / size.draws + both, both)
    tail = (1 - size.level) / 2 / max(1, size.arms)
    critical = student(tail, size.draws - 1)
    width = Width(parts, tail, critical, size.seeds, size.draws)
    return width.half() + POWER_Z * width.error()
