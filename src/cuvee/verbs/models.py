"""``cuvee models``: weights without a hub."""

from pathlib import Path

from cuvee.result import Result
from cuvee.verbs import options as o
from cuvee.verbs.face import verb


@verb("models list")
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


@verb("models fetch")
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


@verb("models grow")
def grow(
    data: o.Data,
    *,
    size: str = "1M",
    name: str | None = None,
    epochs: float = 1,
    tokens: str | None = None,
    batch: int = 32,
    max_length: int = 256,
    columns: o.Columns = "",
    seed: o.Seed = 0,
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
    out:
        Where to work, so that a stopped training goes on; default: beside the models.
    """
    from cuvee.intake.sources import ReadOptions
    from cuvee.training.grow import GrowOptions, run_grow

    options = GrowOptions(
        read=ReadOptions(data=data, columns=columns, dialect=None, strict=False),
        size=size,
        name=name,
        epochs=epochs,
        tokens=tokens,
        batch=batch,
        max_length=max_length,
        seed=seed,
    )
    return run_grow(options, out=out)
