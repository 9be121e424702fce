"""``cuvee models``: weights without a hub."""

from pathlib import Path

from cuvee.result import Result
from cuvee.verbs import options as o
from cuvee.verbs.face import verb


@verb("models list", example="cuvee models list", page="docs/embedders.md")
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


@verb("models fetch", example="cuvee models fetch smollm2-135m", page="docs/embedders.md")
def fetch(name: str, *, dry_run: o.DryRun = False) -> Result:
    """Bring a model once; every later use is offline.

    Parameters
    ----------
    name:
        A name of `cuvee models list`.
    """
    from cuvee import names
    from cuvee.models import catalog
    from cuvee.progress import say

    if dry_run:
        entry = names.find(catalog.CATALOG, name, "model")
        steps = [f"bring {name} ({entry.size}, {entry.licence}) to {catalog.models_folder() / name}"]
        return Result(catalog.models_folder(), {"plan": {"files": [], "steps": steps, "notes": []}})
    path = catalog.fetch(name, say=say)
    return Result(path, {"fetched": name, "path": str(path)}, [path])


@verb("models grow", example="cuvee models grow pool --size 5M", page="docs/embedders.md")
def grow(
    data: o.Data,
    *,
    size: str = "1M",
    name: str | None = None,
    epochs: o.Epochs = 1,
    tokens: o.Tokens = None,
    batch: o.Batch = 32,
    max_length: o.MaxLength = 256,
    device: o.Device = None,
    columns: o.Columns = "",
    dry_run: o.DryRun = False,
    seed: o.Seed = 0,
    out: Path | None = None,
) -> Result:
    """Train a small base model from scratch on the plain text of your rows: a base that no one has tuned, offline.

    A Llama with a tokenizer of its own. It learns to continue text, not to answer. Afterwards `--model NAME` finds it.

    Parameters
    ----------
    size:
        Parameters: 150K, 1M, 5M or 16M.
    name:
        What to call it; default: grown- and the size.
    out:
        Where to work, so that a stopped training goes on; default: beside the models.
    """
    from cuvee.intake.sources import ReadOptions
    from cuvee.models.place import ModelPlace
    from cuvee.training.grow import GrowOptions, run_grow

    options = GrowOptions(
        read=ReadOptions(data=data, columns=columns, dialect=None, strict=False),
        size=size,
        name=name,
        epochs=epochs,
        tokens=tokens,
        batch=batch,
        max_length=max_length,
        place=ModelPlace(device=device),
        seed=seed,
    )
    with options.place.used():
        return run_grow(options, out=out, dry_run=dry_run)
