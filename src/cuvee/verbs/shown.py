"""What ``cuvee demo`` shows after the main job: each method on the sample pool, at toy size, with the untrained tiny model."""

from collections.abc import Callable
from pathlib import Path

from cuvee.verbs.evolve import evolve
from cuvee.verbs.interpolate import interpolate
from cuvee.verbs.train import train


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


def interpolated(pool: Path, out: Path) -> str:
    """Run MDIT at toy size and train on what it kept; return a line on what it did."""
    result = interpolate(
        [str(pool)],
        model="tiny",
        budget="120",
        clusters=20,
        rows=0.25,
        max_length=128,
        embedder="lexical",
        draws=1,
        out=out,
    )
    made, best = result.summary["mixture"], result.summary["blends"][0]
    folder = out.with_name(f"{out.name}-trained")
    taught = train([str(out)], model="tiny", epochs=2, lr=3e-3, max_length=128, out=folder).summary["training"]
    pair = f"{best['weight']:.0%} {best['left']['task']} with {1 - best['weight']:.0%} {best['right']['task']}"
    return (
        f"drew {made['blends drawn']:,} blends of rows of different tasks, such as {pair}, kept the "
        f"{made['blends kept']} densest beside {made['real rows kept']} rows, and trained a toy model on them, "
        "mixed inside it: "
        f"loss {taught['first loss']:.2f} -> {taught['last loss']:.2f}"
    )


METHODS: dict[str, Callable[[Path, Path], str]] = {"interpolate": interpolated, "evolve": evolved}
