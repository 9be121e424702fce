"""The mixture of an earlier run of ``cuvee interpolate``, read back to be trained on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from cuvee.arrays import F32, I64
from cuvee.errors import ConfigError
from cuvee.intake.read import FileInfo, QuarantinedLines, Source
from cuvee.models.causal import Causal
from cuvee.progress import say
from cuvee.render import Encoded
from cuvee.runs import digest, output, sha256
from cuvee.training import sft
from cuvee.training.mixed import MixedRows, units_of
from cuvee.training.mixed import train as train_mixture
from cuvee.training.mixture import START, BlendReading, Mixture
from cuvee.training.settings import Training

BLENDS, ROWS = "blends.parquet", "rows.parquet"
_NAME = b"cuvee"  # of the metadata that says how blends are read


def run_of(data: Sequence[str]) -> Path | None:
    """Return the run folder that holds a mixture, None where the data are something else.

    Raises ConfigError where a mixture stands beside other data.
    """
    found = [Path(path) for path in data if all(output(Path(path), name) for name in (BLENDS, ROWS))]
    if found and len(data) > 1:
        raise ConfigError(f"{found[0]} holds blends, and {len(data) - 1} more inputs were named", "train on it alone")
    return found[0] if found else None


def read(run: Path) -> Source:
    """Return every row that the mixture of a run needs: those kept, and those that only blends hold."""
    table = pq.read_table(run / ROWS)
    hashes = {name: sha256(run / name) for name in (ROWS, BLENDS)}
    file: FileInfo = {
        "file": str(run / BLENDS),
        "bytes": (run / BLENDS).stat().st_size,
        "sha256": hashes[BLENDS],
        "rows": table.num_rows,
        "samples": table.num_rows,
        "quarantined": 0,
        "dialects": {},
    }
    return Source(table, QuarantinedLines((), 0), [file], Counter(), digest(hashes))


def described(reading: BlendReading) -> dict[bytes, bytes]:
    """Return the metadata of ``blends.parquet`` that says how its blends are read."""
    return {_NAME: orjson.dumps(asdict(reading))}


def reading_of(blends: pa.Table) -> BlendReading:
    """Return how the blends of a run are read; those of runs before alignment start in one place."""
    known = (blends.schema.metadata or {}).get(_NAME)
    return BlendReading(**orjson.loads(known)) if known else BlendReading(START)


def mixture(run: Path, source: Source) -> Mixture:
    """Return the rows and blends of a run, best first; row numbers count in the source's table."""
    place = {name: row for row, name in enumerate(source.table["id"].to_pylist())}
    blends = pq.read_table(run / BLENDS)
    kept = np.flatnonzero(source.table["rank"].is_valid().to_numpy(zero_copy_only=False)).astype(np.int64)
    ranks: I64 = np.concatenate([source.table["rank"].to_numpy()[kept], blends["rank"].to_numpy()]).astype(np.int64)
    left: I64 = np.array([place[name] for name in blends["left"].to_pylist()], dtype=np.int64)
    right: I64 = np.array([place[name] for name in blends["right"].to_pylist()], dtype=np.int64)
    weight: F32 = blends["weight"].to_numpy().astype(np.float32)
    order = np.argsort(ranks, kind="stable")
    return Mixture(
        np.concatenate([kept, left])[order],
        np.concatenate([kept, right])[order],
        np.concatenate([np.ones(len(kept), dtype=np.float32), weight])[order],
        reading_of(blends),
    )


def train(model: Causal, mixed: MixedRows, settings: Training, folder: Path, *, seed: int) -> sft.Trained:
    """Train a model on a mixture, and say so."""
    entries = mixed.entries
    real = int(entries.real.sum())
    weight = entries.reading.weight
    beside = "" if weight is None else f" beside them, whose loss counts {weight:g}"
    say(f"training  {model.name} on {real:,} rows and {len(entries) - real:,} blends{beside}, {model.device}")
    return train_mixture(model, mixed, settings, folder, seed=seed)


def doubts(run: Path, version: str) -> list[str]:
    """Return a line where a mixture was chosen in the embedding layer of another model than the one of this version."""
    manifest = orjson.loads((run / "manifest.json").read_bytes()) if (run / "manifest.json").is_file() else {}
    made_for = manifest.get("model") or {}
    if manifest.get("settings", {}).get("space") != "model" or made_for.get("version") in (None, version):
        return []
    return [f"the mixture was chosen for {made_for['name']}: its blends are dense there, and may not be for this model"]


def lengths(run: Path, source: Source, rows: Sequence[Encoded], longest: int) -> list[int]:
    """Return the tokens that each unit of a run's mixture takes in a pass, those that can be learnt from.

    longest: tokens that the model can read.
    """
    material = units_of(mixture(run, source), longest).over(rows, 0)
    found: list[int] = material.lengths[material.usable].tolist()
    return found
