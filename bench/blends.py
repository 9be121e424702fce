"""The trial in docs/interpolate.md: where blends of T0 meet, and a pool of many tasks, few of them large, with its questions.

python -m bench.blends T0 FOLDER    T0 is t0_50k.jsonl.gz; FOLDER gets pool.jsonl and questions.jsonl
python -m bench.blends T0           prints where 4,000 pairs of T0 meet, read by the tokenizer of the model ``tiny``
"""

import collections
import gzip
import json
import random
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from cuvee import render
from cuvee.interpolation import pairs
from cuvee.models import causal
from cuvee.training.meeting import Spans, met
from cuvee.training.mixture import ALIGN, BlendReading

TASKS = 119
LARGEST = 143  # rows of the largest task; that of rank r has LARGEST * r ** -FALL
FALL = 0.7
ASKED = 4  # rows of each task that are asked for, none of them in the pool
SHORT = 300  # characters of a row at most: long ones cost time and would be cut
READ, PAIRS, LONGEST = 8_000, 4_000, 1_024  # rows that are read, pairs of them, tokens of a row
Row = dict[str, str]


def main() -> None:
    """Do what the command line says."""
    t0, *folder = map(Path, sys.argv[1:])
    write(t0, folder[0]) if folder else meet(t0)


def meet(t0: Path) -> None:
    """Print the shares of the blends' target mass, by alignment and pairing."""
    rows = random.Random(0).sample(_rows(t0), READ)
    turns = [
        [{"role": "user", "content": row["prompt"]}, {"role": "assistant", "content": row["completion"]}]
        for row in rows
    ]
    encoded = render.encode_all(turns, causal.tokenizer_of(causal.folder_of("tiny")), max_length=LONGEST)
    spans = Spans.of(encoded, 2 * LONGEST)
    _, tasks = np.unique([row["task"] for row in rows], return_inverse=True)
    keys = np.random.default_rng(0).integers(0, 2**63, READ).astype(np.uint64)
    print(
        "| align | pairing | both answer | beside the other's prompt | beside its padding |\n"
        "| --- | --- | ---: | ---: | ---: |"
    )
    for pairing, lengths in (("any", None), ("length", spans.parts)):
        drawn = pairs.draw(pairs.PairRows(keys, tasks.astype(np.int64), lengths), PAIRS, alpha=1.0, seed=0)
        for align in reversed(ALIGN):
            found = met(replace(drawn, reading=BlendReading(align)), encoded, spans)
            print(f"| {align} | {pairing} | {found.answer:.0%} | {found.prompt:.0%} | {found.padding:.0%} |")


def write(t0: Path, folder: Path) -> None:
    """Write the pool and the questions."""
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


def _rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def _by_task(path: Path) -> dict[str, list[Row]]:
    """Return the short rows of every task, each text once."""
    found: dict[str, dict[str, Row]] = collections.defaultdict(dict)
    for row in _rows(path):
        text = row["prompt"] + row["completion"]
        if len(text) <= SHORT:
            found[row["task"]][text] = row
    return {task: list(rows.values()) for task, rows in found.items()}


if __name__ == "__main__":
    main()
