"""What ``cuvee demo`` shows after the main job: each method on the sample pool, at toy size, with the untrained tiny model."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cuvee.result import Result

Verb = Callable[..., Result]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The verbs that are shown: they stand above this room, so they are handed in."""

    interpolate: Verb
    evolve: Verb
    adapt: Verb
    train: Verb
    distill: Verb
    distill_corpus: Verb
    distill_train: Verb


def evolved(verbs: Shown, pool: Path, out: Path) -> str:
    """Run DiverseEvol at toy size; return a line on what it did."""
    result = verbs.evolve(
        [str(pool)],
        model="tiny",
        init=40,
        per_round=40,
        rounds=2,
        epochs=2,
        lr=3e-3,
        batch=16,
        max_length=128,
        held_out="60",
        embedder="lexical",
        out=out,
    )
    first, *_, last = result.summary["rounds"]
    return (
        f"a toy model trained on {first['rows']} random rows, read the whole pool and picked its own next {first['rows']}, "
        f"twice: held-out loss {first['held-out loss']:.2f} -> {last['held-out loss']:.2f} on {last['rows']} rows"
    )


def interpolated(verbs: Shown, pool: Path, out: Path) -> str:
    """Run MDIT at toy size and train on what it kept; return a line on what it did."""
    result = verbs.interpolate(
        [str(pool)],
        model="tiny",
        budget="120",
        clusters=20,
        real_share=0.25,
        max_length=128,
        embedder="lexical",
        draws=1,
        out=out,
    )
    made, best = result.summary["mixture"], result.summary["blends"][0]
    folder = out.with_name(f"{out.name}-trained")
    taught = verbs.train([str(out)], model="tiny", epochs=2, lr=3e-3, max_length=128, out=folder).summary["training"]
    pair = f"{best['weight']:.0%} {best['left']['task']} with {1 - best['weight']:.0%} {best['right']['task']}"
    return (
        f"drew {made['blends drawn']:,} blends of rows of different tasks, such as {pair}, kept the "
        f"{made['blends kept']} densest beside {made['real rows kept']} rows, and trained a toy model on them, "
        "mixed inside it: "
        f"loss {taught['first loss']:.2f} -> {taught['last loss']:.2f}"
    )


def distilled(verbs: Shown, pool: Path, out: Path) -> str:
    """Run LM-Mixup at toy size; return a line on what it did."""
    data = [str(pool / "pairs.jsonl.gz")]  # a quarter of the pool will do
    corpus = verbs.distill_corpus(
        data,
        offline=True,
        kinds="qa,para",
        variants="2-2",
        merged=0.0,
        noisy=0.0,
        embedder="lexical",
        out=out / "corpus",
    ).folder
    distiller = verbs.distill_train(
        corpus,
        model="tiny",
        epochs=3,
        lr=5e-3,
        batch=8,
        max_length=420,
        max_new_tokens=32,
        grpo_steps=0,
        judged=4,
        embedder="lexical",
        held_out="8",
        out=out / "distiller",
    )
    run = verbs.distill(
        data,
        model=str(distiller.folder),
        budget="60",
        at_most=12,
        max_new_tokens=32,
        embedder="lexical",
        draws=1,
        out=out / "run",
    )
    curve, counts = distiller.summary["curves"]["cold start"], run.summary["distilled"]
    asked = counts["weak rows distilled"] + counts["weak rows kept aside"]
    return (
        f"{distiller.summary['training']['examples']} good rows were made weak by rule, and a toy model began to learn to mend "
        f"them: loss {curve[0]['loss']:.1f} -> {curve[-1]['loss']:.1f} nats per token. Of {asked} weak rows in "
        f"{counts['clusters']} clusters it made {counts['distilled rows']} new rows; {counts['weak rows kept aside']} are kept "
        "aside with what it said"
    )


def adapted(verbs: Shown, pool: Path, out: Path) -> str:
    """Run RAISE at toy size; return a line on what it did."""
    result = verbs.adapt(
        [str(pool / "pairs.jsonl.gz")],
        goal=[str(pool.parent / "eval/questions.jsonl")],
        model="tiny",
        episodes=4,
        steps=8,
        per_cluster=4,
        subset="50%",
        goal_rows=8,
        probes=24,
        lr=3e-3,
        max_length=128,
        save_every=0,
        embedder="lexical",
        draws=1,
        out=out,
    )
    told = result.summary["adaptation"]
    drives = next(name for name in told["importance"] if not name.startswith(("semantic", "stage", "goal")))
    return (
        f"a policy watched {len(told['episodes'])} short trainings of a toy model, paid by how far the loss on "
        f"{told['validation rows']} questions fell, then picked every batch of a last one: loss on {told['test rows']} other "
        f"questions {told['start']['test']:.2f} -> {told['end']['test']:.2f}. Beside meaning it looks most at: {drives}"
    )


METHODS: dict[str, Callable[[Shown, Path, Path], str]] = {
    "interpolate": interpolated,
    "evolve": evolved,
    "distill": distilled,
    "adapt": adapted,
}
