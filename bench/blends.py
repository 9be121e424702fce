"""The pool and the questions of the trial in docs/interpolate.md: many tasks of T0, few of them large.

python -m bench.blends T0 FOLDER    T0 is t0_50k.jsonl.gz; FOLDER gets pool.jsonl and questions.jsonl
"""

import collections
import gzip
import json
import random
import sys
from pathlib import Path

TASKS = 119
LARGEST = 143  # rows of the largest task; that of rank r has LARGEST * r ** -FALL
FALL = 0.7
ASKED = 4  # rows of each task that are asked for, none of them in the pool
SHORT = 300  # characters of a row at most: long ones cost time and would be cut
Row = dict[str, str]


def main() -> None:
    """Write both files."""
    t0, folder = map(Path, sys.argv[1:])
    chance, by_task = random.Random(0), _by_task(t0)
    names = sorted(by_task)
    chance.shuffle(names)
    pool: list[Row] = []
    asked: list[Row] = []
    for rank in range(1, TASKS + 1):
        wanted = round(LARGEST * rank**-FALL)
        name = next(name for name in names if len(by_task[name]) >= wanted + ASKED)
        names.remove(name)
        rows = by_task[name]
        chance.shuffle(rows)
        pool += rows[ASKED:][:wanted]
        asked += rows[:ASKED]
    chance.shuffle(pool)
    folder.mkdir(parents=True, exist_ok=True)
    for file, part in (("pool", pool), ("questions", asked)):
        (folder / f"{file}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part))
    print(f"{len(pool):,} rows of {TASKS} tasks, {len(asked)} questions")


def _by_task(path: Path) -> dict[str, list[Row]]:
    """Return the short rows of every task, each text once."""
    found: dict[str, dict[str, Row]] = collections.defaultdict(dict)
    for line in gzip.decompress(path.read_bytes()).splitlines():
        row: Row = json.loads(line)
        text = row["prompt"] + row["completion"]
        if len(text) <= SHORT:
            found[row["task"]][text] = row
    return {task: list(rows.values()) for task, rows in found.items()}


if __name__ == "__main__":
    main()
