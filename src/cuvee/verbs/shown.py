"""What ``cuvee demo`` shows after the main job: each method on the sample pool, at toy size, with the untrained tiny model."""

from collections.abc import Callable
from pathlib import Path

from cuvee.verbs.evolve import evolve


def evolved(pool: Path, out: Path) -> str:
    """Run DiverseEvol at toy size; return a line on what it did."""
    result = evolve(
        [str(pool)], model="tiny", init=40, per_round=40, rounds=2, epochs=2, lr=3e-3, batch=16, max_length=128,
        held_out="60", embedder="lexical", out=out,
    )  # fmt: skip
    first, *_, last = result.summary["rounds"]
    return (
        f"a toy model trained on {first['rows']} random rows, read the whole pool and picked its own next {first['rows']}, "
        f"twice: held-out loss {first['held-out loss']:.2f} -> {last['held-out loss']:.2f} on {last['rows']} rows"
    )


METHODS: dict[str, Callable[[Path, Path], str]] = {"evolve": evolved}
