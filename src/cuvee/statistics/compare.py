"""Arms against one reference: differences, intervals that hold together, verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cuvee import names
from cuvee.arrays import F64
from cuvee.errors import ConfigError
from cuvee.statistics import critical, parts
from cuvee.statistics.intervals import Width
from cuvee.statistics.planning import spreads
from cuvee.statistics.results import ArmResults, Questions, complete
from cuvee.statistics.verdicts import Verdict

DRAWS = 2_000
Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Proof:
    """What came out.

    means: arm -> its mean, tasks weighing alike. task_means: arm -> (t,) its mean per task, as in ``tasks``. questions: how
    many were compared; left_out: how many had no value in some arm; clusters: how many draws of chance they are, those that
    move together being one. level: probability that all intervals hold together.
    """

    reference: str
    better: Better
    level: float
    verdicts: list[Verdict]
    means: dict[str, float]
    task_means: dict[str, F64]
    tasks: list[str]
    questions: int
    left_out: int
    clusters: int


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What is asked.

    reference: the arm that the others are held against. better: the direction of the values. level: probability that all
    intervals hold together. pair_seeds: take the runs of two arms with the same seed as a pair. Else they are independent,
    which also holds (is only wider than needed) where the same seed moves both arms the same way. draws: of
    the bootstrap. primary: the arm whose comparison was written down beforehand: it has the whole chance of a miss for itself,
    and the others share as much again.
    """

    reference: str = "random"
    better: Better = "lower"
    level: float = 0.95
    pair_seeds: bool = False
    draws: int = DRAWS
    primary: str | None = None


def compare(
    arms: Sequence[ArmResults],
    tasks: Sequence[str],
    asked: Comparison,
    *,
    together: Sequence[str] | None = None,
    rng: np.random.Generator,
) -> Proof:
    """Compare every arm with the reference, question by question.

    tasks: the task of each question. together: names of what moves together, as ``Questions.of``. Differences are signed so
    that a positive one means that the arm is better. The chance that any of the intervals misses is at most 1 - level: each
    arm takes its share of it (Bonferroni), so interval and verdict always agree, and no joint law has to be guessed from a
    few runs.
    Raises ConfigError for an unknown reference or repeated names, InputError for fewer than two questions.
    """
    table = {arm.name: arm for arm in arms}
    if len(table) < len(arms):
        raise ConfigError("two arms have the same name", "name each once")
    names.find(table, asked.reference, "arm")
    kept = complete(arms)
    moving = None if together is None else [name for name, here in zip(together, kept, strict=True) if here]
    questions = Questions.of([task for task, here in zip(tasks, kept, strict=True) if here], moving)
    sign = 1.0 if asked.better == "higher" else -1.0
    seen = {arm.name: ArmResults(arm.name, sign * arm.values[:, kept], arm.seeds, arm.chance) for arm in arms}
    verdicts = _verdicts(seen, questions, asked, rng)
    values = {name: sign * arm.values.mean(axis=0) for name, arm in seen.items()}
    return Proof(
        asked.reference,
        asked.better,
        asked.level,
        verdicts,
        means={name: float(mean @ questions.weights) for name, mean in values.items()},
        task_means={name: questions.means(mean) for name, mean in values.items()},
        tasks=questions.names,
        questions=len(questions.tasks),
        left_out=int((~kept).sum()),
        clusters=questions.clusters,
    )


def _verdicts(
    seen: dict[str, ArmResults], questions: Questions, asked: Comparison, rng: np.random.Generator
) -> list[Verdict]:
    others = [arm for arm in seen.values() if arm.name != asked.reference]
    if not others:
        return []
    tails = _tails(others, asked)
    pairs = [_pair(arm, seen[asked.reference], asked.pair_seeds) for arm in others]
    X = np.stack([mine.values.mean(0) - theirs.values.mean(0) for mine, theirs in pairs], axis=1)
    limits = critical.of_questions(X, questions, tails, asked.draws, rng).tolist()
    return [
        _verdict(mine, theirs, questions, _width(mine, theirs, _parts(mine, theirs, questions, asked), tail, limit))
        for (mine, theirs), tail, limit in zip(pairs, tails.tolist(), limits, strict=True)
    ]


def _tails(others: Sequence[ArmResults], asked: Comparison) -> F64:
    """Return (a,) how probable a miss on one side of each interval may be."""
    shared = [arm for arm in others if arm.name != asked.primary]
    return np.array(
        [(1 - asked.level) / 2 / (1 if arm.name == asked.primary else len(shared)) for arm in others], dtype=np.float64
    )


def _pair(arm: ArmResults, base: ArmResults, pair_seeds: bool) -> tuple[ArmResults, ArmResults]:
    """Return both arms, where seeds are paired only with the runs whose seed both have, in the same order."""
    both = sorted(set(arm.seeds) & set(base.seeds))
    if not (pair_seeds and arm.chance and base.chance) or not both:
        return arm, base
    return _only(arm, both), _only(base, both)


def _only(arm: ArmResults, seeds: list[int]) -> ArmResults:
    return ArmResults(arm.name, arm.values[[arm.seeds.index(seed) for seed in seeds]], tuple(seeds))


def _parts(arm: ArmResults, base: ArmResults, questions: Questions, asked: Comparison) -> parts.Parts:
    paired = asked.pair_seeds and arm.chance and base.chance and arm.seeds == base.seeds
    return (parts.matched if paired else parts.independent)(arm, base, questions)


def _width(arm: ArmResults, base: ArmResults, found: parts.Parts, tail: float, limit: float) -> Width:
    runs = min(len(side.values) for side in (arm, base) if side.chance) if arm.chance or base.chance else 1
    return Width(found, tail, limit, runs, arm.values.shape[1])


def _verdict(arm: ArmResults, base: ArmResults, questions: Questions, width: Width) -> Verdict:
    difference = float((arm.values.mean(axis=0) - base.values.mean(axis=0)) @ questions.weights)
    half = width.half()
    open_ = abs(difference) <= half
    return Verdict(
        arm.name,
        base.name,
        difference,
        half,
        share_of_runs=width.share_of_runs,
        questions=width.questions,
        seeds=width.runs,
        more_questions=width.more_questions(difference) if open_ else None,
        more_seeds=width.more_runs(difference) if open_ else None,
        spreads=spreads(width.parts, width.runs, questions.clusters) if width.parts.freedom else None,
        once=not width.parts.freedom and (arm.chance or base.chance),
        notes=_notes(arm, base, width),
    )


def _notes(arm: ArmResults, base: ArmResults, width: Width) -> list[str]:
    once = [side.name for side in (arm, base) if side.chance and len(side.values) == 1]
    if once and not width.parts.freedom:
        return [f"{' and '.join(once)} trained once: the interval leaves out how much another seed would change"]
    return [f"{name} trained once: taken to vary from seed to seed as much as the other arm" for name in once]
