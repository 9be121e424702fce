"""From a pool of instruction data and a budget to the training set the budget deserves.

The verbs of the command line are functions here: ``cuvee.select("pool.jsonl", budget="5%", out="runs/first")``.
"""

import sys

if sys.argv[:1] == ["-m"] and not sys.flags.safe_path:  # `python -m cuvee`: what lies in the current folder is data
    del sys.path[0]

from cuvee import verbs as _verbs
from cuvee.verbs import *  # noqa: F403  (the one list of verbs)
from cuvee.version import VERSION

__version__ = VERSION
__all__ = [*_verbs.__all__, "__version__"]
