"""Steps: folders that get their name when they are whole, and that are looked at before they are used again."""

from dataclasses import dataclass
from pathlib import Path

import orjson

from cuvee import disk
from cuvee.disk import sums
from cuvee.progress import say
from cuvee.runs.costs import Cost

UNFINISHED = ".making-"  # begins the name of a step's folder until it is whole
COST = "cost.json"
_RIGHT: set[tuple[tuple[str, int, int, int], ...]] = set()  # the steps that this process made, or found right


@dataclass(frozen=True)
class Step:
    """One finished step: where its files are, and what it cost."""

    name: str
    fingerprint: str
    path: Path
    seconds: float
    peak_mb: float
    reused: bool

    @property
    def files(self) -> list[str]:
        """The files that the step made, as paths in its folder, sorted."""
        return [name for name in sums.sums(self.path) if name != COST]


def unfinished(folder: Path) -> Path:
    """Return where a step is made."""
    return folder.with_name(f"{UNFINISHED}{folder.name}")


def place(making: Path, cost: Cost) -> Path:
    """Give a step that is whole its checksums and its name; return its folder. It lasts when this returns."""
    disk.write(making / COST, orjson.dumps(cost))
    sums.seal(making)
    folder = disk.put(making, making.with_name(making.name.removeprefix(UNFINISHED)))
    _RIGHT.add(sums.print_of(folder))
    return folder


def cost_of(folder: Path) -> Cost:
    """Return what a step cost."""
    cost: Cost = orjson.loads((folder / COST).read_bytes())
    return cost


def there(folder: Path) -> bool:
    """Tell whether a step is there, and as it was written: its bytes are read once per process, and when they changed since.

    A damaged one is told, set aside, and counts as missing.
    """
    if not folder.exists():
        return False
    seen = sums.print_of(folder)
    if seen in _RIGHT:
        return True
    wrong = sums.damage(folder)
    if wrong is None:
        _RIGHT.add(seen)
        return True
    aside = disk.set_aside(folder)
    say(f"damaged   {wrong}: the step is set aside as {aside.name} and made again")
    return False
