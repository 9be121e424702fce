"""Costs: what a step took of the process that made it."""

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

_PROCESS = Path("/proc/self")
_LINUX = (_PROCESS / "clear_refs").exists()


class Cost(TypedDict):
    """What a step cost the process that made it."""

    seconds: float
    peak_mb: float


def measured(make: Callable[[Path], None], folder: Path) -> Cost:
    """Fill a folder, and return what that cost this process."""
    _reset_peak()
    start = time.perf_counter()
    make(folder)
    return {"seconds": round(time.perf_counter() - start, 3), "peak_mb": round(_peak_mb(), 1)}


def _reset_peak() -> None:
    """Start a new reading of peak memory where the system can (Linux)."""
    if _LINUX:
        (_PROCESS / "clear_refs").write_text("5")


def _peak_mb() -> float:
    """Return the peak resident memory in MB since the last reset (Linux), or since the start of the process."""
    if _LINUX:
        status = (_PROCESS / "status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
