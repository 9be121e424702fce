"""From a pool of instruction data and a budget to the training set the budget deserves.

The verbs of the command line are functions here: ``cuvee.select("pool.jsonl", budget="5%", out="runs/first")``. Their parts
are too, for work without a run folder: ``cuvee.kcenter(X, 100)``.
"""

from typing import TYPE_CHECKING

from cuvee import verbs as _verbs
from cuvee.result import Result
from cuvee.verbs import *  # noqa: F403  (the one list of verbs)
from cuvee.version import VERSION

__version__ = VERSION

if TYPE_CHECKING:
    from cuvee.functions import choose as choose
    from cuvee.functions import embed as embed
    from cuvee.functions import facility_location as facility_location
    from cuvee.functions import kcenter as kcenter
    from cuvee.functions import kmeans as kmeans
    from cuvee.functions import prove_from as prove_from
    from cuvee.functions import read as read
    from cuvee.recipes import run as run

_LATER = {
    **dict.fromkeys(
        ("choose", "embed", "facility_location", "kcenter", "kmeans", "prove_from", "read"), "cuvee.functions"
    ),
    "run": "cuvee.recipes",
}
__all__ = [*_verbs.__all__, *_LATER, "Result", "__version__"]


def __getattr__(name: str) -> object:
    """Import a function when it is asked for: they bring numpy and pyarrow with them."""
    import importlib

    if name not in _LATER:
        raise AttributeError(f"module 'cuvee' has no attribute {name!r}")
    return getattr(importlib.import_module(_LATER[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
