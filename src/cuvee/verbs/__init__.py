"""The verbs: one function each, the face of cuvee. Command line, Python face and recipes read the list that stands here."""

from collections.abc import Callable

from cuvee.result import Result
from cuvee.verbs.adapt import adapt
from cuvee.verbs.demo import demo
from cuvee.verbs.distill import distill, distill_corpus, distill_train
from cuvee.verbs.evaluate import evaluate
from cuvee.verbs.evolve import evolve
from cuvee.verbs.inspect import inspect
from cuvee.verbs.interpolate import interpolate
from cuvee.verbs.models import fetch, grow, list_models
from cuvee.verbs.prove import prove
from cuvee.verbs.report import report
from cuvee.verbs.search import search
from cuvee.verbs.select import select
from cuvee.verbs.train import train
from cuvee.verbs.why import why

Verb = Callable[..., Result]

VERBS: dict[str, Verb] = {
    "demo": demo,
    "inspect": inspect,
    "select": select,
    "train": train,
    "evaluate": evaluate,
    "prove": prove,
    "search": search,
    "interpolate": interpolate,
    "evolve": evolve,
    "adapt": adapt,
    "distill": distill,
    "distill corpus": distill_corpus,
    "distill train": distill_train,
    "why": why,
    "report": report,
    "models list": list_models,
    "models fetch": fetch,
    "models grow": grow,
}
"""Words on the command line -> the verb, in the order of work."""

RECIPES: dict[str, Verb] = {
    verb.__name__: verb for verb in VERBS.values() if verb not in (demo, why, list_models, fetch)
}
"""What a step of a recipe may be: verbs that leave behind what a next step or a person reads."""

__all__ = [
    "adapt",
    "demo",
    "distill",
    "distill_corpus",
    "distill_train",
    "evaluate",
    "evolve",
    "inspect",
    "interpolate",
    "prove",
    "report",
    "search",
    "select",
    "train",
    "why",
]
