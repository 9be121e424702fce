"""``cuvee models``: weights without a hub."""

from pathlib import Path
from typing import Any

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


def grow(
    data: list[str],
    *,
    size: str = "1M",
    name: str | None = None,
    epochs: float = 1,
    tokens: str | None = None,
    batch: int = 32,
    max_length: int = 256,
    columns: str = "",
    seed: int = 0,
    out: Path | None = None,
) -> Result:
    """Train a small base model from scratch on the plain text of your rows: a base that no one has tuned, offline.

    A Llama with a tokenizer of its own. It learns to continue text, not to answer. Afterwards `--model NAME` finds it.

    Parameters
    ----------
    data:
        Files, folders or globs of instruction data; questions and answers count as plain text.
    size:
        Parameters: 150K, 1M, 5M or 16M.
    name:
        What to call it; default: grown- and the size.
    epochs:
        Passes over the text.
    tokens:
        Tokens to read in place of epochs: 2M.
    batch:
        Pieces of text of an optimiser step.
    max_length:
        Tokens of a piece.
    columns:
        Where the columns have names of their own: "instruction=q,output=a".
    seed:
        Of all chance.
    out:
        Where to work, so that a stopped training goes on; default: beside the models.
    """
    typed: dict[str, Any] = dict(locals())
    from cuvee.training.grow import run_grow

    return run_grow(**typed)
