"""``cuvee models``: weights without a hub."""

from cuvee.result import Result


def list_models() -> Result:
    """List the models that cuvee can bring, and which are here."""
    from cuvee.models import catalog

    rows = [
        {
            "name": entry.name,
            "what": entry.what,
            "size": entry.size,
            "licence": entry.licence,
            "here": str(catalog.path_of(entry.name) or ""),
        }
        for entry in catalog.CATALOG.values()
    ]
    return Result(catalog.models_folder(), {"models": rows}, next="cuvee models fetch static-minilm")


def fetch(name: str) -> Result:
    """Bring a model once; every later use is offline.

    Parameters
    ----------
    name:
        A name of `cuvee models list`.
    """
    from cuvee.models import catalog
    from cuvee.progress import say

    path = catalog.fetch(name, say=say)
    return Result(path, {"fetched": name, "path": str(path)}, [path])
