"""Folders that ``datasets`` saved: which files in them hold the rows. What they say of themselves is checked first."""

from pathlib import Path

import orjson

from cuvee.errors import InputError

SPLITS, STATE = "dataset_dict.json", "state.json"


def is_saved(folder: Path) -> bool:
    """Return whether ``datasets`` saved this folder."""
    if (folder / SPLITS).is_file():
        return True
    state = folder / STATE
    return state.is_file() and b"_data_files" in state.read_bytes()


def saved_files(folder: Path) -> list[Path]:
    """Return the Arrow files of a folder that ``datasets`` saved (one data set, or one per split), in their order.

    Raises InputError where the folder does not hold what it says, or names what lies outside of it.
    """
    if (folder / SPLITS).is_file():
        return [path for split in _listed(folder / SPLITS, "splits") for path in _parts(_inside(folder, split))]
    return _parts(folder)


def _parts(folder: Path) -> list[Path]:
    if not (folder / STATE).is_file():
        raise _broken(folder, f"it has no {STATE}")
    found = [_inside(folder, part) for part in _listed(folder / STATE, "_data_files")]
    for path in found:
        if not path.is_file():
            raise _broken(folder, f"{path.name} is not there")
    return found


def _listed(path: Path, key: str) -> list[str]:
    """Return the names under a key of what ``datasets`` wrote: texts, or objects with a ``filename``."""
    try:
        told = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        told = None
    entries = told.get(key) if isinstance(told, dict) else None
    if isinstance(entries, list):
        named = [one.get("filename") if isinstance(one, dict) else one for one in entries]
        names = [name for name in named if isinstance(name, str)]
        if len(names) == len(named):
            return names
    raise _broken(path.parent, f"{path.name} is not as it writes it")


def _inside(folder: Path, name: str) -> Path:
    """Return what a saved folder names. Raises InputError for what lies outside of it."""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise _broken(folder, f"{name!r} lies outside of it")
    return folder / name


def _broken(folder: Path, why: str) -> InputError:
    return InputError(f"{folder} was saved by `datasets`, but {why}", "save it again, or name the data files in it")
