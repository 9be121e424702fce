"""Mutated files read by us, by polars and by ``datasets``: where both of them agree on the rows, we do.

python -m bench.differential [--files 5000] [--seed 0] [--first 0]     prints where we do not, by number
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.mutants import Mutant, Nursery
from cuvee.errors import CuveeError
from cuvee.samples import containers

CHUNK = 250  # files of one process: the others crash on some
Rows = list[dict[str, Any]] | None  # None where it cannot be read


def ours(path: Path) -> Rows:
    """Return our rows; where one has an error, it has no cells."""
    try:
        found = list(containers.rows(path))
    except CuveeError:
        return None
    return [raw.value if isinstance(raw.value, dict) else {} for raw in found]


def polars_rows(path: Path) -> Rows:
    import polars as pl

    kinds: dict[str, Callable[..., pl.DataFrame]] = {
        ".jsonl": lambda file: pl.read_ndjson(file, infer_schema_length=None),
        ".json": lambda file: pl.read_json(file, infer_schema_length=None),
        ".csv": lambda file: pl.read_csv(file, infer_schema=False),
        ".tsv": lambda file: pl.read_csv(file, infer_schema=False, separator="\t"),
        ".parquet": pl.read_parquet,
        ".arrow": pl.read_ipc_stream if path.name.startswith("stream") else pl.read_ipc,
        ".feather": pl.read_ipc,
    }
    try:
        return kinds[path.suffix](path).to_dicts()
    except BaseException as wrong:
        if isinstance(wrong, KeyboardInterrupt):
            raise
        return None


def datasets_rows(path: Path) -> Rows:
    import datasets

    kind = {".jsonl": "json", ".tsv": "csv", ".feather": "arrow"}.get(path.suffix, path.suffix[1:])
    more: dict[str, Any] = {}
    if kind == "csv":
        more = {"dtype": str, "keep_default_na": False, "sep": "\t" if path.suffix == ".tsv" else ","}
    try:
        return list(datasets.load_dataset(kind, data_files=str(path), split="train", streaming=True, **more))
    except Exception:  # noqa: BLE001 (whatever it says, it does not read the file)
        return None


def plain(value: object) -> object:
    """Return a cell in a form that the three readers share: missing, null, NaN and empty text are one thing."""
    if isinstance(value, dict):
        cells = {str(key): plain(cell) for key, cell in sorted(value.items(), key=lambda pair: str(pair[0]))}
        return {key: cell for key, cell in cells.items() if cell is not None} or None
    if isinstance(value, list | tuple):
        return [plain(cell) for cell in value]
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, str):
        return _text(value)
    return str(value.isoformat()) if hasattr(value, "isoformat") else value


def _number(value: float) -> object:
    if math.isnan(value):
        return None
    return int(value) if value.is_integer() and abs(value) < 2**53 else float(f"{value:.12g}")


def _text(value: str) -> object:
    """Return text; what holds JSON of a list or an object (``datasets`` has it so where rows differ) as that."""
    if value[:1] in ("{", "["):
        try:
            return plain(json.loads(value))
        except ValueError:
            return value
    return value or None


def compared(mutant: Mutant, folder: Path) -> str:
    """Return what came of it: agree, not both, they differ, or WE DIFFER."""
    path = folder / mutant.name
    path.write_bytes(mutant.data)
    one, two = polars_rows(path), datasets_rows(path)
    if one is None or two is None:
        return "one of them cannot read it"
    if [plain(row) for row in one] != [plain(row) for row in two]:
        return "they differ"
    mine = ours(path)
    if mine is not None and [plain(row) for row in mine] == [plain(row) for row in one]:
        return "all three agree"
    if not one and mine is None:
        return "no rows for them, an error for us"
    return f"WE DIFFER\n  they {str(one)[:600]}\n  we   {str(mine)[:600]}"


def run(seed: int, first: int, count: int) -> int:
    nursery, outcomes, failed = Nursery(seed), Counter[str](), 0
    for number in range(first, first + count):
        mutant = nursery.gentle(number)
        with tempfile.TemporaryDirectory() as folder:
            outcome = compared(mutant, Path(folder))
        outcomes[outcome.split("\n")[0]] += 1
        if outcome.startswith("WE DIFFER"):
            failed += 1
            print(f"seed {seed} number {number} {mutant.name}: {outcome}", flush=True)
    print(f"{first}..{first + count - 1}: {dict(sorted(outcomes.items()))}", flush=True)
    return failed


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("files", 5_000), ("seed", 0), ("first", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    if asked.files <= CHUNK:
        sys.exit(min(100, run(asked.seed, asked.first, asked.files)))
    bad, crashed = 0, 0
    quiet = os.environ | {"HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1", "POLARS_MAX_THREADS": "1"}
    for first in range(asked.first, asked.first + asked.files, CHUNK):
        count = min(CHUNK, asked.first + asked.files - first)
        command = [sys.executable, "-m", "bench.differential", "--seed", asked.seed, "--first", first, "--files", count]
        done = subprocess.run([str(word) for word in command], check=False, stderr=subprocess.DEVNULL, env=quiet)
        bad, crashed = bad + max(done.returncode, 0), crashed + (done.returncode < 0)
    print(
        f"{asked.files:,} mutated files, seed {asked.seed}: we differ on {bad}; {crashed} processes were crashed by the others"
    )
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
