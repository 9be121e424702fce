"""Where the files of a model lie."""

import difflib
from pathlib import Path

import xxhash

from cuvee import commands
from cuvee.errors import ConfigError
from cuvee.models import catalog


def model_folder(named: str | None, default: str) -> Path:
    """Return the folder of a model: a path, a name of the catalogue, one you grew, or a hub id; None means ``default``.

    A hub id is downloaded, or found in the hub's cache when there is no network.
    Raises ConfigError where the model is not here and cannot be brought.
    """
    name = named or default
    if Path(name).is_dir():
        return Path(name)
    if name in catalog.CATALOG:
        folder = catalog.path_of(name) or (catalog.fetch(name) if name == "tiny" else None)
        if folder is None:
            raise ConfigError(f"{name} is not on this machine", commands.line("cuvee", "models", "fetch", name))
        return folder
    own = catalog.models_folder() / name
    return own if own.is_dir() else _from_hub(name)


def fingerprint(folder: Path, *settings: object) -> str:
    """Return 16 hex digits that stand for the weights and the tokenizer in a folder, and for settings."""
    state = xxhash.xxh3_64("\x1f".join(map(str, settings)).encode())
    for path in sorted([*folder.glob("*.safetensors"), folder / "tokenizer.json"]):
        if path.is_file():
            state.update(path.name.encode())
            with path.open("rb") as file:
                while part := file.read(1 << 22):
                    state.update(part)
    return state.hexdigest()


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    patterns = ["*.json", "*.safetensors", "*.txt", "*.model"]  # nothing that is unpickled
    try:
        return Path(snapshot_download(name, allow_patterns=patterns))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError) as wrong:
        reason = str(wrong).strip().splitlines()[0]
        own = catalog.models_folder()
        known = [*catalog.CATALOG, *(path.name for path in own.iterdir())] if own.is_dir() else [*catalog.CATALOG]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigError(
            f"model {name!r} is no folder here, and the model hub does not bring it: {reason}",
            f"{hint}name a model folder, or one that `cuvee models list` shows",
        ) from wrong
