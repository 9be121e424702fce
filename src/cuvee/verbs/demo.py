"""``cuvee demo``: the main job on a sample pool whose faults are known."""

from pathlib import Path

from cuvee.result import Result
from cuvee.verbs import options as o
from cuvee.verbs.adapt import adapt
from cuvee.verbs.distill import distill, distill_corpus, distill_train
from cuvee.verbs.evolve import evolve
from cuvee.verbs.face import verb
from cuvee.verbs.interpolate import interpolate
from cuvee.verbs.train import train


@verb("demo", example="cuvee demo --rows 1000", page="README.md")
def demo(
    *,
    rows: int = 2000,
    budget: o.Budget = "200",
    seed: o.Seed = 0,
    dry_run: o.DryRun = False,
    out: Path = Path("demo"),
) -> Result:
    """Write a sample pool with planted faults, select from it, and tell what was found of what was planted.

    Then, where torch is installed, show each method on the sample pool at toy size. Needs no data, no download and no GPU.

    Parameters
    ----------
    rows:
        Size of the sample pool.
    out:
        Folder for the pool and the run.
    """
    from cuvee.demonstration.run import plan, run_demo
    from cuvee.demonstration.shown import Shown

    if dry_run:
        return plan(rows=rows, budget=str(budget), out=out)

    verbs = Shown(
        interpolate=interpolate,
        evolve=evolve,
        adapt=adapt,
        train=train,
        distill=distill,
        distill_corpus=distill_corpus,
        distill_train=distill_train,
    )
    return run_demo(verbs, rows=rows, budget=str(budget), seed=seed, out=out)
