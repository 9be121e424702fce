"""The space that a model picks in: its own, perhaps whitened and without length."""

from dataclasses import replace

from cuvee.errors import ConfigError
from cuvee.selectors import space as spaces
from cuvee.selectors.space import Space


def space_of(text: str, whiten: int = 0) -> Space:
    """Return what becomes of the model's hidden vectors; whiten: the same as "whiten=N" in ``text``.

    Raises ConfigError for what cannot be read, for two sizes, and for a space that is not the model's own.
    """
    space = spaces.parse(text)
    if space.form:
        raise ConfigError("evolve picks in the model's own space, not in that of forms", 'leave "form" out of --space')
    if whiten and space.whiten not in (0, whiten):
        raise ConfigError(f"--whiten is {whiten} and --space whitens to {space.whiten}", "give one of them")
    return replace(space, whiten=whiten) if whiten else space
