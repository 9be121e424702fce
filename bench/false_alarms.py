"""How often arms that do not differ are told apart: python -m bench.false_alarms prints the table of docs/proof.md."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from cuvee import rng
from cuvee.statistics import ArmResults
from cuvee.statistics.simulation import Judge, World, false_alarms, ours

TIMES = 1_000
WORLDS = {
    "normal, 3 seeds, 1 arm, 100 questions": World(),
    "normal, 3 seeds, 3 arms, seeds matter most": World(arms=3, runs=1.0, both=0.3),
    "normal, 5 seeds, 5 arms, random varies 3 times as much": World(arms=5, seeds=5, runs=0.3, uneven=3.0),
    "skewed, 3 seeds, 5 arms, 30 questions": World(arms=5, questions=30, kind="skewed"),
    "skewed, 5 seeds, 1 arm, 500 questions": World(seeds=5, questions=500, kind="skewed"),
    "binary, 3 seeds, 3 arms, half right": World(arms=3, kind="binary"),
    "binary, 5 seeds, 5 arms, 5 % right, 300 questions": World(
        arms=5, seeds=5, questions=300, kind="binary", rate=0.05
    ),
}
ASKED = World(runs=0.05, questions_spread=1.0, both=0.3)  # what is asked matters most
TOGETHER = {
    "groups of 4, 3 seeds, 1 arm, 100 questions": replace(ASKED, together=4),
    "groups of 10, 3 seeds, 1 arm, 100 questions": replace(ASKED, together=10),
    "groups of 4, 5 seeds, 3 arms, 200 questions": replace(ASKED, arms=3, seeds=5, questions=200, together=4),
    "groups of 10, 5 seeds, 3 arms, 200 questions": replace(ASKED, arms=3, seeds=5, questions=200, together=10),
    "groups of 10, half alike, skewed": replace(ASKED, questions=200, kind="skewed", together=10, alike=0.5),
    "groups of 4 over several tasks": replace(ASKED, questions=200, together=4, across=True),
}


def plain(
    arms: list[ArmResults], labels: list[str], moving: list[str], stream: np.random.Generator, *, draws: int = 1_000
) -> bool:
    """Judge by percentiles of a bootstrap over seeds and questions, each arm at its share of 5 %."""
    tail = 0.05 / (2 * (len(arms) - 1))
    for arm in arms[1:]:
        D = arm.values - arms[0].values
        s, q = D.shape
        seeds = stream.multinomial(s, np.full(s, 1 / s), size=draws) / s
        questions = stream.multinomial(q, np.full(q, 1 / q), size=draws) / q
        low, high = np.quantile(np.einsum("bs,sq,bq->b", seeds, D, questions, optimize=True), [tail, 1 - tail])
        if not low <= 0 <= high:
            return True
    return False


def each_by_itself(arms: list[ArmResults], labels: list[str], moving: list[str], stream: np.random.Generator) -> bool:
    """Judge as cuvee does where nobody says what moves together."""
    return ours(arms, labels, [str(at) for at in range(len(labels))], stream)


def main() -> None:
    """Print the tables; with the word "together" only the second one."""
    if "together" not in sys.argv[1:]:
        _apart()
    print("| questions that move together | cuvee, told so | cuvee, not told |\n| --- | --- | --- |")
    _lines(TOGETHER, (partial(ours, draws=500), each_by_itself))


def _apart() -> None:
    print(f"| arms without a difference, {TIMES:,} times | cuvee | plain two-way bootstrap |\n| --- | --- | --- |")
    _lines(WORLDS, (partial(ours, draws=500), plain))
    print()


def _lines(worlds: dict[str, World], judges: Sequence[Judge]) -> None:
    for name, world in worlds.items():
        rates = [false_alarms(world, TIMES, judge=judge, rng=rng.stream(0, "false alarms", name)) for judge in judges]
        print(f"| {name} | {' | '.join(f'{rate:.1%}' for rate in rates)} |", flush=True)


if __name__ == "__main__":
    main()
