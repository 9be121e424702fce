"""Data sets named by a hub id: ``org/name[:config][@split]``. The only user of the ``datasets`` library here."""

import importlib.util
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from cuvee.errors import InputError, MissingExtraError
from cuvee.samples.raw import Identity

if TYPE_CHECKING:
    from datasets import Dataset

PREFIX = "hub:"
ID = re.compile(r"(?P<name>[\w.-]+(?:/[\w.-]+)?)(?::(?P<config>[\w.-]+))?(?:@(?P<split>[\w.-]+(?:\[[^\]]*\])?))?")


def looks_like_id(text: str) -> bool:
    """Return whether a text that is no path may be a hub id."""
    return text.startswith(PREFIX) or (text.count("/") == 1 and ID.fullmatch(text) is not None)


def installed() -> bool:
    """Return whether hub ids can be read at all."""
    return importlib.util.find_spec("datasets") is not None


def batches(name: str) -> Iterator[pa.Table]:
    """Yield the tables of a data set. Raises InputError where it cannot be had, MissingExtraError without ``datasets``."""
    yield from _load(name).with_format("arrow").iter(batch_size=1024)


def identity(name: str) -> Identity:
    """Return its rows' size and a fingerprint of its content."""
    loaded = _load(name)
    return Identity(bytes=int(loaded.dataset_size or 0), sha256=str(loaded._fingerprint))


def _load(name: str) -> "Dataset":
    found = ID.fullmatch(name.removeprefix(PREFIX))
    if found is None:
        raise InputError(
            f"{name!r} is no hub id", "write it as hub:org/name, hub:org/name:config or hub:org/name@split"
        )
    if not installed():
        raise MissingExtraError("datasets", "hub", f"reading {name}")
    import datasets

    try:
        loaded = datasets.load_dataset(found["name"], found["config"], split=found["split"], trust_remote_code=False)
    except (OSError, ValueError, RuntimeError) as wrong:  # not found, no network, no such config or split
        reason = str(wrong).strip().splitlines()[0] if str(wrong).strip() else type(wrong).__name__
        raise InputError(f"{name} cannot be had: {reason}", "check the name and the network, or name files") from wrong
    if not isinstance(loaded, dict):
        return loaded
    if "train" in loaded or len(loaded) == 1:
        return loaded.get("train", next(iter(loaded.values())))
    raise InputError(f"{name} has the splits {', '.join(loaded)}", f"name one: {name}@{next(iter(loaded))}")
