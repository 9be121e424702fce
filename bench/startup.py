"""Time of `cuvee --help`, whole process, best and median of 15."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

COMMAND = [str(Path(sys.executable).parent / "cuvee"), "--help"]


def main() -> None:
    times = []
    for _ in range(15):
        start = time.perf_counter()
        subprocess.run(COMMAND, capture_output=True, check=True)
        times.append(time.perf_counter() - start)
    print(f"`cuvee --help`: best {min(times):.2f} s, median {statistics.median(times):.2f} s (target: under 0.3 s)")


if __name__ == "__main__":
    main()
