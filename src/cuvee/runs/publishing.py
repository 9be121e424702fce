"""Publishing: copies of what a step made, at the top of the run folder; whatever is done to a copy, the step stays."""

from pathlib import Path

from cuvee import disk
from cuvee.disk import sums
from cuvee.disk.sums import Sum


def publish_file(step: Path, name: str, top: Path) -> Path:
    """Put a copy of a step's file into a folder, whole or not at all; return its path there. It lasts when this returns."""
    target, temporary = top / name, top / f".{name}.new"
    if not _is(target, sums.sums(step).get(name)):
        disk.copy(step / name, temporary)
        disk.put(temporary, target)
    return target


def publish_folder(step: Path, name: str, top: Path) -> Path:
    """Put a copy of a step's folder into a folder, whole or not at all; return its path there. It lasts when this returns."""
    target, temporary = top / name, top / f".{name}.new"
    expected = {
        Path(path).relative_to(name): its for path, its in sums.sums(step).items() if path.startswith(f"{name}/")
    }
    found = {path.relative_to(target) for path in target.rglob("*") if not path.is_dir()}
    if found != expected.keys() or not all(_is(target / path, its) for path, its in expected.items()):
        disk.remove_folder(temporary)
        disk.copy_folder(step / name, temporary)
        disk.remove_folder(target)
        disk.put(temporary, target)
    return target


def _is(path: Path, expected: Sum | None) -> bool:
    """Tell whether a file is already as it should be: reading it is cheaper than writing it, and leaves it alone."""
    return (
        path.is_file()
        and expected is not None
        and path.stat().st_size == expected.bytes
        and sums.sum_of(path) == expected
    )
