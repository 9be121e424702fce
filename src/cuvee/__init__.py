"""From a pool of instruction data and a budget to the training set the budget deserves.

The verbs of the command line are functions here: ``cuvee.select("pool.jsonl", budget="5%", out="runs/first")``. Their parts
are too, for work without a run folder: ``cuvee.kcenter(X, 100)``. Each is imported when it is asked for, so that the command
line can be stopped from its first moment.
"""

import sys

if sys.argv[:1] == ["-m"] and not sys.flags.safe_path:  # `python -m cuvee`: what lies in the current folder is data
    del sys.path[0]

from importlib import import_module
from importlib.util import find_spec

from cuvee.version import VERSION

TYPE_CHECKING = False  # as of typing, which takes a while to import
if TYPE_CHECKING:
    from cuvee import models as models
    from cuvee.adaptation.using import policy_feed as policy_feed
    from cuvee.estimators import RowSampler as RowSampler
    from cuvee.functions import choose as choose
    from cuvee.functions import embed as embed
    from cuvee.functions import facility_location as facility_location
    from cuvee.functions import herding as herding
    from cuvee.functions import kcenter as kcenter
    from cuvee.functions import kmeans as kmeans
    from cuvee.functions import pool as pool
    from cuvee.functions import prove_from as prove_from
    from cuvee.functions import read as read
    from cuvee.recipes import run as run
    from cuvee.result import Result as Result
    from cuvee.samples.pool import Pool as Pool
    from cuvee.training.following import follow as follow
    from cuvee.verbs import *  # noqa: F403  (the one list of verbs)

__version__ = VERSION
_PARTS = ("choose", "embed", "facility_location", "herding", "kcenter", "kmeans", "pool", "prove_from", "read")
_HOMES = {
    **dict.fromkeys(_PARTS, "cuvee.functions"),
    "Pool": "cuvee.samples.pool",
    "Result": "cuvee.result",
    "RowSampler": "cuvee.estimators",
    "follow": "cuvee.training.following",
    "policy_feed": "cuvee.adaptation.using",
    "run": "cuvee.recipes",
}
_ROOMS = ("models",)  # rooms that a user needs


def __getattr__(name: str) -> object:
    """Return a verb, a part of one, or ``__all__``."""
    if name in _ROOMS:
        return import_module(f"cuvee.{name}")
    if (name.startswith("__") and name != "__all__") or find_spec(f"cuvee.{name}"):
        raise AttributeError(name)  # a room of the house: `from cuvee import` looks for it next
    verbs = import_module("cuvee.verbs")
    if name == "__all__":
        return __dir__()
    if name not in _HOMES and name not in verbs.__all__:
        raise AttributeError(f"module 'cuvee' has no attribute {name!r}")
    found: object = getattr(import_module(_HOMES.get(name, "cuvee.verbs")), name)
    return found


def __dir__() -> list[str]:
    return sorted([*import_module("cuvee.verbs").__all__, *_HOMES, *_ROOMS, "__version__"])
