"""From a pool of instruction data and a budget to the training set the budget deserves.

The verbs of the command line are functions here: ``cuvee.select("pool.jsonl", budget="5%", out="runs/first")``. They are
imported when the first of them is asked for, so that the command line can be stopped from its first moment.
"""

from importlib import import_module

from cuvee.version import VERSION

TYPE_CHECKING = False  # as of typing, which takes a while to import
if TYPE_CHECKING:
    from cuvee.verbs import *  # noqa: F403  (the one list of verbs)

__version__ = VERSION


def __getattr__(name: str) -> object:
    """Return a verb, or ``__all__``."""
    if name.startswith("__") and name != "__all__":
        raise AttributeError(name)
    verbs = import_module("cuvee.verbs")
    if name == "__all__":
        return [*verbs.__all__, "__version__"]
    if name not in verbs.__all__:
        raise AttributeError(f"module 'cuvee' has no attribute {name!r}")
    found: object = getattr(verbs, name)
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *import_module("cuvee.verbs").__all__])
