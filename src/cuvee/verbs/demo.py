"""``cuvee demo``: the main job on a sample pool whose faults are known."""

from pathlib import Path

from cuvee.result import Result


def demo(*, rows: int = 2000, budget: str = "200", seed: int = 0, out: Path = Path("demo")) -> Result:
    """Write a sample pool with planted faults, select from it, and tell what was found of what was planted.

    Then, where torch is installed, show each method on the sample pool at toy size. Needs no data, no download and no GPU.

    Parameters
    ----------
    rows:
        Size of the sample pool.
    budget:
        Rows to choose.
    seed:
        Of all chance.
    out:
        Folder for the pool and the run.
    """
    typed = dict(locals())
    from cuvee.demonstration.run import run_demo
    from cuvee.demonstration.shown import METHODS

    return run_demo(**typed, methods=METHODS)
