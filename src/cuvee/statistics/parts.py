"""What a difference between two arms may owe to chance, in parts: the training runs, the questions, and both at once.

A value is mean + run + question + (run x question). So the variance of the mean difference is
run/s + question/q + both/(s q). With mean squares taken from the values (Cornfield and Tukey 1956):

    seeds      the spread between runs       estimates  run/s + both/(s q)
    questions  the spread between questions  estimates  question/q + both/(s q)
    residual   what neither explains         estimates  both/(s q)
"""

from dataclasses import dataclass

from cuvee.arrays import F64
from cuvee.statistics.results import ArmResults, Questions


@dataclass(frozen=True)
class Parts:
    """Variances of a mean difference; see above. freedom: degrees of freedom of ``seeds``, 0 where no run was repeated."""

    seeds: float
    freedom: float
    questions: float
    residual: float


def spread(x: F64, questions: Questions) -> float:
    """Return the variance of the weighted mean of (q,) values that comes from drawing the questions, task by task.

    Questions that move together are one draw: their deviations add up before they are squared (cluster-robust variance,
    Liang and Zeger 1986).
    """
    return float((questions.deviations(x, unbiased=True) ** 2).sum())


def independent(arm: ArmResults, other: ArmResults, questions: Questions) -> Parts:
    """Return the parts of arm - other, the runs of one arm having nothing to do with those of the other.

    Degrees of freedom as Welch (1947). Where only one of the two has several runs, the other is taken to vary as much from
    run to run; where none has, ``freedom`` is 0.
    """
    variance, freedom = _both_runs(arm, other, questions)
    between = arm.values.mean(axis=0) - other.values.mean(axis=0)
    rest = sum(_residual(side.values, questions) for side in (arm, other))
    return Parts(variance, freedom, spread(between, questions), rest)


def matched(arm: ArmResults, other: ArmResults, questions: Questions) -> Parts:
    """Return the parts of arm - other where run by run the same seed moved both: the arms must have the same seeds."""
    differences = arm.values - other.values
    variance, freedom = _runs(ArmResults(arm.name, differences, arm.seeds), questions)
    return Parts(variance, freedom, spread(differences.mean(axis=0), questions), _residual(differences, questions))


def _runs(arm: ArmResults, questions: Questions) -> tuple[float, float]:
    """Return the variance of the arm's mean that comes from its runs, and the degrees of freedom."""
    runs = len(arm.values)
    if runs < 2:
        return 0.0, 0.0
    return float((arm.values @ questions.weights).var(ddof=1)) / runs, runs - 1.0


def _both_runs(arm: ArmResults, other: ArmResults, questions: Questions) -> tuple[float, float]:
    """Return the variance of arm - other that comes from the runs of both, and its degrees of freedom (Welch)."""
    parts = [(side, *_runs(side, questions)) for side in (arm, other) if side.chance]
    known = [(side, variance, freedom) for side, variance, freedom in parts if freedom]
    if not known:
        return 0.0, 0.0
    total = sum(variance for _, variance, _ in known)
    freedom = sum(freedom for *_, freedom in known)
    if total:
        freedom = total**2 / sum(variance**2 / freedom for _, variance, freedom in known)
    lender, variance, _ = known[0]
    for side, _, repeated in parts:
        if not repeated:
            total += variance * len(lender.values) / len(side.values)
    return total, freedom


def _residual(values: F64, questions: Questions) -> float:
    """Return the variance of the mean that comes from neither runs nor questions alone; 0 where there is one run."""
    runs = len(values)
    if runs < 2:
        return 0.0
    parts = questions.deviations(values.T, unbiased=True)  # (c, s): without what a run does to all questions
    rest = parts - parts.mean(axis=1, keepdims=True)
    return float((rest**2).sum()) / (runs - 1) / runs
