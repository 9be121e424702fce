"""The space that a chooser works in: the pool's own vectors, or these without length, whitened, or the prompts' forms.

The one home of ``--space``, for every verb and arm. What is measured and drawn stays in the embedder's own space.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from cuvee import names, render
from cuvee.arrays import F32, F64
from cuvee.errors import ConfigError
from cuvee.geometry import whitening
from cuvee.samples.pool import BarePool
from cuvee.scorers import seam
from cuvee.scorers.nearest import canonical
from cuvee.selectors.form import forms

AnyPool = TypeVar("AnyPool", bound=BarePool)

FORM = "form"
TAKEN_OUT = {"length": "log tokens of prompt and answer"}
ROWS_PER_AXIS = 4  # with as many axes as rows, whitening puts every row at one distance from every other
EXAMPLE = "whiten=512,without=length"


@dataclass(frozen=True)
class Space:
    """form: the vectors are those of ``selectors.form``. without: names in ``TAKEN_OUT``, regressed out of every
    coordinate. whiten: axes that are kept and made equally wide, 0 for all as they are. In that order."""

    form: bool = False
    without: tuple[str, ...] = ()
    whiten: int = 0

    def __bool__(self) -> bool:
        return self != Space()


def parse(text: str) -> Space:
    """Read "whiten=512,without=length", "form", or several with a comma (in an arm's settings, a plus) between.

    Raises ConfigError for what cannot be read.
    """
    space = Space()
    for part in filter(None, (part.strip() for part in text.replace("+", ",").split(","))):
        name, _, value = (word.strip() for word in part.partition("="))
        if name == FORM and not value:
            space = replace(space, form=True)
        elif name == "whiten" and value.isdecimal():
            space = replace(space, whiten=int(value))
        elif name == "without" and value:
            names.find(TAKEN_OUT, value, "--space without")
            space = replace(space, without=tuple(dict.fromkeys([*space.without, value])))
        else:
            raise ConfigError(f"space {part!r} cannot be read", f'write "{EXAMPLE}", "{FORM}", or both with a comma')
    return space


def seen_in(pool: AnyPool, text: str) -> AnyPool:
    """Return the pool with the vectors that ``text`` asks for; as it is where it asks for nothing, or has no vectors.

    Raises ConfigError as ``parse`` does, SelectionError where ``text`` needs messages and the pool has none.
    """
    space = parse(text)
    if not space or pool.vectors is None or not len(pool):
        return pool
    order = canonical(pool)  # sums round by order: the same rows in another order shall get the same vectors
    lengths = pool_lengths(pool)[order] if space.without else None
    base = forms(pool) if space.form else pool.vectors
    made = shaped(base[order], space, lengths)
    X = np.empty_like(made)
    X[order] = made
    return replace(pool, vectors=X)


def shaped(X: F32, space: Space, lengths: F64 | None) -> F32:
    """Return X, (n, d) float32, in this space: unit rows. lengths: (n, 2) as ``logs`` makes them, where they go out.

    Of n rows at most n / 4 axes are kept: more would leave nothing but noise. Fewer than 8 rows are not whitened.
    """
    if space.without and lengths is not None:
        X = whitening.residual(X, lengths)
    axes = min(space.whiten, len(X) // ROWS_PER_AXIS)
    return whitening.whiten(X, axes) if axes > 1 else whitening.unit(X)


def logs(prompt: Iterable[float], answer: Iterable[float]) -> F64:
    """Return (n, 2) log(1 + tokens) of prompts and answers."""
    return np.log1p(np.column_stack([np.fromiter(prompt, np.float64), np.fromiter(answer, np.float64)]))


def pool_lengths(pool: BarePool) -> F64:
    """Return ``logs`` of a pool, tokens estimated as UTF-8 bytes / 4. Raises SelectionError where it has no messages."""
    sizes = [
        (_tokens(render.prompt(talk)), _tokens(render.response(talk) or ""))
        for talks in seam.talks(pool, "--space without=length")
        for talk in talks
    ]
    return logs((size[0] for size in sizes), (size[1] for size in sizes))


def _tokens(text: str) -> float:
    return len(text.encode("utf-8", "replace")) / 4
