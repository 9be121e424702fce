"""``cuvee regimes``: where which way of choosing wins."""

from pathlib import Path

from cuvee.result import Result
from cuvee.verbs import options as o
from cuvee.verbs.face import verb


@verb(
    "regimes",
    example="cuvee regimes labelled.jsonl --model grown-1m --arms random,stratified,herding --imbalance 0,1 --noise 0",
    page="docs/when.md",
)
def regimes(
    data: o.Data,
    *,
    arms: str = "random,stratified,k-means,k-center,herding,facility-location,cluster-draw,forms",
    imbalance: str = "0,0.5,1",
    duplicates: str = "0",
    noise: str = "0",
    per_task: str = "0.25,1,4",
    pool_tasks: int = 32,
    pool_rows: int = 640,
    questions: int = 6,
    unseen: int = 12,
    half: str = "all",
    longest: int = 300,
    seeds: int = 5,
    randoms: int = 2,
    same: str = "updates",
    primary: str | None = None,
    plan: Path | None = None,
    model: o.Model = "smollm2-135m",
    embedder: o.Embedder = None,
    epochs: o.Epochs = 4,
    least_steps: int = 10,
    most_steps: int = 40,
    lr: o.Lr = 1e-3,
    batch: o.Batch = 16,
    max_length: o.MaxLength = 256,
    columns: o.Columns = "",
    dialect: o.Dialect = None,
    strict: o.Strict = False,
    dry_run: o.DryRun = False,
    replace: o.Replace = False,
    seed: o.Seed = 0,
    out: o.Out = Path("runs/regimes"),
) -> Result:
    """Make pools of known kinds from labelled rows, try every arm on each, and draw the map: better, worse or cannot tell.

    A pool's tasks are unequal, its rows repeated and its answers swapped as far as you say. Every arm chooses, the model is
    trained on that, and judged on as many questions of every task, none of them in the pool, and on tasks that the pool
    has not. Every seed makes new pools, so the intervals speak of pools of that kind. Call it again and it goes on.

    Parameters
    ----------
    arms:
        What to compare with random, each as in `cuvee prove`: methods of `cuvee select`, full, full:epochs=2, evolve:rounds=3.
    imbalance:
        The tasks' sizes fall as rank to the power of minus this: 0 is equal, 1 is Zipf's law.
    duplicates:
        Share of a pool's rows that repeat another one.
    noise:
        Share of a pool's different rows that have the answer of another.
    per_task:
        The budget, in rows per task of the pool.
    pool_tasks:
        Tasks of a pool.
    pool_rows:
        Rows of a pool.
    questions:
        Rows of every task that are judged on.
    unseen:
        Tasks that are judged on and not in the pool.
    half:
        Which half of the tasks pools are made of: all, first or second. What is found on one can be confirmed on the other.
    longest:
        Bytes of a row's text, at most; longer ones are left out, which keeps a trial cheap.
    seeds:
        Pools of every kind, each with its own tasks, rows and questions: seed, seed + 1 and so on.
    randoms:
        Draws of random on every pool: their mean is what arms are compared with, and their spread is told.
    same:
        updates: every arm takes as many steps. tokens: every arm reads as many tokens.
    primary:
        The one comparison that counts, written down beforehand: "stratified>random".
    plan:
        A file that fixes all settings and --primary before the first trial; written where it is not there, kept to where it is.
    least_steps:
        Steps of a training at least, where --epochs over a small budget need fewer.
    most_steps:
        Steps of a training at most, where --epochs over a large budget need more.
    """
    from cuvee.atlas.asked import RegimesOptions
    from cuvee.atlas.run import run_regimes
    from cuvee.intake.sources import ReadOptions

    options = RegimesOptions(
        read=ReadOptions(data=data, columns=columns, dialect=dialect, strict=strict),
        arms=arms,
        imbalance=imbalance,
        duplicates=duplicates,
        noise=noise,
        per_task=per_task,
        pool_tasks=pool_tasks,
        pool_rows=pool_rows,
        questions=questions,
        unseen=unseen,
        half=half,
        longest=longest,
        seeds=seeds,
        randoms=randoms,
        same=same,
        primary=primary,
        plan=plan,
        model=model,
        embedder=embedder,
        epochs=epochs,
        least_steps=least_steps,
        most_steps=most_steps,
        lr=lr,
        batch=batch,
        max_length=max_length,
        seed=seed,
    )
    return run_regimes(options, out=out, dry_run=dry_run, replace=replace)
