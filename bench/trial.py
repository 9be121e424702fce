"""The trial pool: 1,605 rows of 119 tasks of T0 whose counts fall as rank^-0.7, and 4 other rows of each to judge on.

python -m bench.trial [FOLDER] [--seed N]   writes pool.jsonl and judged.jsonl there (rows as published, with their tasks)
"""

import argparse
import gzip
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa

from cuvee.arrays import I64
from cuvee.samples.pool import BarePool
from cuvee.samples.read import read

DATA = Path(__file__).parents[2] / "shared/data/pool"
T0 = DATA / "t0_50k.jsonl.gz"
TASKS, ROWS, POWER, JUDGED = 119, 1_605, 0.7, 4
Row = dict[str, str]


def by_task(path: Path = T0) -> dict[str, list[Row]]:
    """Return the rows of every task, tasks by name."""
    found: dict[str, list[Row]] = defaultdict(list)
    with gzip.open(path, "rt") as lines:
        for line in lines:
            row = json.loads(line)
            found[row["task"]].append(row)
    return dict(sorted(found.items()))


def counts(tasks: int = TASKS, rows: int = ROWS, power: float = POWER) -> I64:
    """Return (tasks,) rows of each task, falling as rank^-power, at least 1, ``rows`` in all."""
    shares = np.arange(1, tasks + 1) ** -power
    wanted = np.maximum(1, np.floor(rows * shares / shares.sum())).astype(np.int64)
    wanted[: rows - int(wanted.sum())] += 1
    found: I64 = wanted
    return found


def trial(tasks: dict[str, list[Row]], seed: int = 0, sizes: I64 | None = None) -> tuple[list[Row], list[Row]]:
    """Return the pool and the rows to judge on, tasks and rows drawn with ``seed``."""
    chance, sizes = np.random.default_rng([seed, 119]), counts() if sizes is None else sizes
    large = [name for name, rows in tasks.items() if len(rows) >= int(sizes.max()) + JUDGED]
    names = chance.permutation(large)[: len(sizes)]
    pool: list[Row] = []
    judged: list[Row] = []
    for name, size in zip(names, sizes, strict=True):
        order = chance.permutation(len(tasks[name]))
        pool += [tasks[name][row] for row in order[JUDGED:][:size]]
        judged += [tasks[name][row] for row in order[:JUDGED]]
    return pool, judged


def write(rows: list[Row], path: Path) -> Path:
    """Write rows as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def as_pool(path: Path) -> BarePool:
    """Return a file as a pool without vectors."""
    return BarePool(pa.Table.from_batches(list(read(str(path)).batches())))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", default="runs/trial")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    if not T0.exists():
        print(f"not run: no real data at {T0}")
        return
    pool, judged = trial(by_task(), asked.seed)
    for rows, name in ((pool, "pool"), (judged, "judged")):
        path = write(rows, Path(asked.folder) / f"{name}.jsonl")
        print(f"{len(rows):,} rows of {len({row['task'] for row in rows})} tasks: {path}")


if __name__ == "__main__":
    main()
