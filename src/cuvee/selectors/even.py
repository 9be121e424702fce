"""Forms first: an equal share of every form, and of contents within a form. What ``stratified`` by task is without labels."""

import numpy as np

from cuvee import names
from cuvee.samples.pool import BarePool, Selection
from cuvee.selectors import needs
from cuvee.selectors.shares import WITHIN, shared_out
from cuvee.selectors.strata import strata

WHY = {"herding": "represents rows that no chosen row was near", "k-center": "farthest from the rows chosen before"}


def forms_first(
    pool: BarePool, k: int, *, rng: np.random.Generator, clusters: int = 120, within: str = "herding"
) -> Selection:
    """Return k rows: every form in turn, larger ones first, gives one; within a form they cover what it is about.

    Forms are ``clusters`` k-means clusters of ``selectors.form``: how prompt and answer are made, not what they say. within:
    herding or k-center in the pool's vectors, taken rows of the form counted. Taken rows count as their form's share. Gains
    are those of the rule within. Raises SelectionError where the pool has no vectors or no
    messages, ConfigError for a setting that cannot be.
    """
    names.find(WITHIN, within, "within")
    k = needs.size(pool, k)
    needs.vectors(pool, "forms")
    codes = strata(pool, "form", clusters, rng).codes
    rows, gains = shared_out(pool, codes, k, within)
    return Selection(rows, gains, [f"form {form}: {WHY[within]}" for form in codes[rows].tolist()])
