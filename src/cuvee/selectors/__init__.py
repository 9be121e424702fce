"""Selectors: pool -> row numbers, best first."""

import copy
import inspect
from collections.abc import Callable, Mapping

import numpy as np

from cuvee import names
from cuvee.arrays import I64
from cuvee.errors import ConfigError
from cuvee.samples.pool import BarePool, Selection
from cuvee.selectors import needs
from cuvee.selectors import settings as kinds
from cuvee.selectors import space as spaces
from cuvee.selectors.auto import auto
from cuvee.selectors.clusterdraw import cluster_draw
from cuvee.selectors.deita import deita, deita_proxy
from cuvee.selectors.density import density
from cuvee.selectors.even import forms_first
from cuvee.selectors.facility import facility_location
from cuvee.selectors.herding import herding
from cuvee.selectors.kcenter import k_center
from cuvee.selectors.kmeans import k_means
from cuvee.selectors.longest import longest
from cuvee.selectors.longtail import long_tail
from cuvee.selectors.mig import mig
from cuvee.selectors.seam import Selector, checked
from cuvee.selectors.stratified import stratified
from cuvee.selectors.tokens import longest_prefix
from cuvee.selectors.top import top
from cuvee.selectors.uniform import uniform

__all__ = ["SELECTORS", "Selector", "by_tokens", "choose", "scores_needed", "settings_of"]

_SCORE = "the row's score (null where it has none)"
_MEMBERS = (
    Selector(
        "auto",
        auto,
        "what the map has for such a pool: it measures the pool, and says why",
        "none (null)",
        "cuvee (docs/when.md)",
    ),
    Selector("uniform", uniform, "every row with the same chance", "none (null)", "baseline"),
    Selector(
        "stratified",
        stratified,
        "every task, source, cluster or form gets its share",
        _SCORE,
        "Webster's divisor method",
    ),
    Selector(
        "top", top, "the best rows by a score", _SCORE, "baseline, as AlpaGasus (arXiv 2307.08701)", leaves_out=True
    ),
    Selector("length", longest, "the longest answers first: a control", "words in the answer", "arXiv 2402.04833"),
    Selector(
        "k-center",
        k_center,
        "the row farthest from all chosen ones, again and again",
        "Euclidean distance to the nearest chosen row (infinity for the first)",
        "Gonzalez 1985; DiverseEvol (arXiv 2311.08182)",
        True,
    ),
    Selector(
        "k-means",
        k_means,
        "an equal share of every cluster, nearest to the centre first",
        "Euclidean distance to the cluster's centre (lower is more typical)",
        "MDIT (arXiv 2504.07288)",
        True,
    ),
    Selector(
        "facility-location",
        facility_location,
        "rows that represent the whole pool",
        "what the pick adds to the sum of best similarities",
        "Wei, Iyer, Bilmes 2015",
        True,
    ),
    Selector(
        "herding",
        herding,
        "typical rows first, then those that represent what is left",
        "what the pick adds to the mean nearness of a row to its nearest chosen one",
        "MaxHerding (arXiv 2407.12212)",
        True,
    ),
    Selector(
        "forms",
        forms_first,
        "an equal share of every form of prompt and answer, and within a form of what it is about",
        "what the pick adds within its form, by the rule that ``within`` names",
        "cuvee; clusters in equal shares as in ClusterClip (arXiv 2402.14526)",
        True,
    ),
    Selector(
        "cluster-draw",
        cluster_draw,
        "clusters weighted by their mean score, rows drawn inside in proportion to it",
        _SCORE,
        "kMQ (arXiv 2409.11378)",
        True,
    ),
    Selector(
        "mig",
        mig,
        "the row that adds most information: its score, faded by what its label and near labels have",
        "what the pick adds to the information",
        "MIG (arXiv 2504.13835)",
        True,
    ),
    Selector(
        "deita",
        deita,
        "best score first, skipping what is close to a chosen row",
        _SCORE,
        "DEITA (arXiv 2312.15685)",
        True,
        by_ratings=True,
    ),
    Selector(
        "deita-proxy",
        deita_proxy,
        "the same by a score that nobody rated: a stand-in for pools without ratings",
        _SCORE,
        "after DEITA, which asks a model",
        True,
    ),
    Selector(
        "density",
        density,
        "the most typical rows first",
        "mean cosine to the 15 nearest rows",
        "MDIT's alternative (arXiv 2504.07288)",
        True,
    ),
    Selector(
        "long-tail",
        long_tail,
        "the rarest rows first",
        "mean cosine distance to the 15 nearest rows",
        "LM-Mixup (arXiv 2510.20449)",
        True,
    ),
)

SELECTORS: dict[str, Selector] = {member.name: member for member in _MEMBERS}


def choose(
    pool: BarePool, k: int, method: str, *, rng: np.random.Generator, space: str = "", **settings: object
) -> Selection:
    """Return min(k, free) rows by the selector of that name (or ``package.module:function``), best first.

    space: what the method sees of the vectors, as ``selectors.space`` reads it; "" for all as they are. Raises ConfigError
    for an unknown method, setting or space, SelectionError for what the pool lacks.
    """
    known = settings_of(method)
    for name in settings:
        if name not in known:
            listed = ", ".join(sorted(known)) or "none"
            raise ConfigError(f"{method} has no setting {name!r}", f"its settings: {listed}")
    scores_needed(method, **settings)
    k = needs.size(pool, k)
    fewer = method in SELECTORS and SELECTORS[method].leaves_out
    seen = spaces.seen_in(pool, space)
    return checked(_function(method)(seen, k, rng=rng, **settings), pool, k, method, fewer=fewer)


def by_tokens(  # noqa: PLR0913 (as ``choose``)
    pool: BarePool,
    tokens: I64,
    budget: int,
    method: str,
    *,
    rng: np.random.Generator,
    space: str = "",
    **settings: object,
) -> Selection:
    """Return the longest prefix of the method's ranking whose tokens, (n,) per row, add up to at most ``budget``.

    Rows that alone are over the budget are left out of the ranking; at least one row is chosen where any fits.
    ``rng`` is copied, not advanced, so that every attempt draws the same numbers as ``choose``.
    Raises SelectionError where no row fits, and what ``choose`` raises.
    """
    seen = spaces.seen_in(pool, space)
    return longest_prefix(
        lambda k: choose(seen, k, method, rng=copy.deepcopy(rng), space="", **settings), tokens, pool.free, budget
    )


def settings_of(method: str) -> dict[str, object]:
    """Return the settings of a method and their defaults (``inspect.Parameter.empty`` where there is none)."""
    parameters = inspect.signature(_function(method)).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.name != "rng"}


def scores_needed(method: str, **settings: object) -> list[str]:
    """Return the scores that the method will read with these settings, so that they can be made (and stored) first.

    Raises ConfigError where a setting is of another kind than the method says, or the method goes by ratings and the score
    holds none.
    """
    kinds.check(method, _function(method), settings)
    score = {**settings_of(method), **settings}.get("score")
    if not isinstance(score, str):
        return []
    if method in SELECTORS and SELECTORS[method].by_ratings and not needs.rated(score):
        raise ConfigError(f"{method} goes by ratings, and {score} holds none", f"{method}-proxy takes any score")
    return needs.factors(score)


def _function(method: str) -> Callable[..., Selection]:
    known: Mapping[str, Selector | Callable[..., Selection]] = SELECTORS
    found = names.find(known, method, "method")
    return found.function if isinstance(found, Selector) else found
