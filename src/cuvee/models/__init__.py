"""Language models: found and brought, loaded, read, made to write, and asked over HTTP."""

from pathlib import Path


def fetch(name: str) -> Path:
    """Bring a model of the catalogue once, as `cuvee models fetch` does, and return its folder; later uses are offline.

    Raises ConfigError for a name that the catalogue does not have, MissingExtraError where making it needs a library.
    """
    from cuvee.models import catalog

    return catalog.fetch(name)


def known() -> dict[str, Path | None]:
    """Return name -> folder of the models of `cuvee models list`, None for one that is not here."""
    from cuvee.models import catalog

    return {name: catalog.path_of(name) for name in catalog.CATALOG}
