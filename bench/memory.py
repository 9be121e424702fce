"""What `cuvee inspect` takes of memory: made rows, the real pool, and a bomb. The peak of its steps, in a process each."""

import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from bench.growth import DATA, write_pool

SIZES = (100_000, 1_000_000)
BOMB = 300_000_000  # bytes that a file of a few hundred KB unpacks to


def peak_mb(data: Path, out: Path) -> tuple[float, int]:
    """Return the peak MB over the steps, and the rows read. Steps reset the kernel's mark, so ``ru_maxrss`` says too little."""
    command = [sys.executable, "-m", "cuvee", "inspect", str(data), "--out", str(out)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    manifest = json.loads((out / "manifest.json").read_text())
    return max(step["peak_mb"] for step in manifest["steps"]), json.loads((out / "profile.json").read_text())["rows"]


def bomb(path: Path) -> None:
    """Write two rows with one of 300 MB between them, packed."""
    with gzip.open(path, "wb", compresslevel=9) as file:
        row = b'{"instruction": "a question", "output": "an answer"}\n'
        file.write(row + b'{"instruction": "')
        for _ in range(BOMB // 1_000_000):
            file.write(b"a" * 1_000_000)
        file.write(b'"}\n' + row.replace(b"question", b"word"))


def main() -> None:
    print("| what | rows | peak MB | bytes a row beyond 100 MB |\n| --- | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for rows in SIZES[:1] if "--quick" in sys.argv else SIZES:
            write_pool(place / f"{rows}.jsonl", rows, np.random.default_rng(rows))
        bomb(place / "bomb.jsonl.gz")
        for data in [*sorted(place.iterdir()), *([DATA] if DATA.exists() else [])]:
            peak, rows = peak_mb(data, place / f"run-{data.stem}")
            print(f"| {data.name} | {rows:,} | {peak:,.0f} | {max(0.0, peak - 100) * 1e6 / rows:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
