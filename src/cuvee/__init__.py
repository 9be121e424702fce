"""From a pool of instruction data and a budget to the training set the budget deserves.

The verbs of the command line are functions here: ``cuvee.select("pool.jsonl", budget="5%", out="runs/first")``.
"""

from cuvee.verbs.adapt import adapt
from cuvee.verbs.demo import demo
from cuvee.verbs.distill import distill, distill_corpus, distill_train
from cuvee.verbs.evaluate import evaluate
from cuvee.verbs.evolve import evolve
from cuvee.verbs.inspect import inspect
from cuvee.verbs.interpolate import interpolate
from cuvee.verbs.prove import prove
from cuvee.verbs.report import report
from cuvee.verbs.select import select
from cuvee.verbs.train import train
from cuvee.verbs.why import why
from cuvee.version import VERSION

__version__ = VERSION
__all__ = [
    "__version__", "adapt", "demo", "distill", "distill_corpus", "distill_train", "evaluate", "evolve", "inspect",
    "interpolate", "prove", "report", "select", "train", "why"
]  # fmt: skip
