"""How reading, cleaning and selecting grow from 10,000 to 1,000,000 rows: real rows, sampled, their words exchanged."""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import orjson

from cuvee.arrays import F32
from cuvee.geometry.kcenter import kcenter
from cuvee.intake.clean import Rules, clean
from cuvee.intake.read import read_inputs
from cuvee.intake.sources import ReadAsk
from cuvee.runs import Run

SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
DATA = Path(__file__).parents[2] / "shared/data/pool"
DIMENSIONS, PICKS = 256, 1_000


def texts() -> list[tuple[str, str]]:
    """Return (instruction, answer) of real rows, or of made ones where the real data is not there."""
    if not DATA.exists():
        from cuvee.planting.planted import plant

        rows = [planted.row for planted in plant(2_000)]
    else:
        rows = orjson.loads((DATA / "alpaca_random_9k.json").read_bytes())
    return [(row["instruction"], row["output"]) for row in rows]


def write_pool(path: Path, n: int, rng: np.random.Generator) -> None:
    """Write n rows: a real instruction and answer with every fifth word exchanged for one of another row."""
    known = texts()
    words = np.array(sorted({word for pair in known for text in pair for word in text.split()}))
    with path.open("wb") as file:
        for row in rng.integers(len(known), size=n):
            instruction, output = (changed(text, words, rng) for text in known[row])
            file.write(orjson.dumps({"instruction": instruction, "output": output}) + b"\n")


def changed(text: str, words: np.ndarray[tuple[int], np.dtype[np.str_]], rng: np.random.Generator) -> str:
    """Return the text with every fifth word exchanged."""
    parts = text.split(" ")
    parts[::5] = words[rng.integers(len(words), size=len(parts[::5]))]
    return " ".join(parts)


def vectors(n: int, rng: np.random.Generator) -> F32:
    """Return (n, d) unit rows: 2,000 clusters, a long tail of sizes, as real embeddings have."""
    centers = rng.standard_normal((2_000, DIMENSIONS), dtype=np.float32)
    weights = rng.pareto(1.2, 2_000) + 0.01
    X = centers[rng.choice(2_000, size=n, p=weights / weights.sum())]
    X += 0.6 * rng.standard_normal((n, DIMENSIONS), dtype=np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return X


def measure(n: int) -> tuple[float, float, float]:
    """Return the seconds of reading, cleaning and selecting n rows."""
    rng = np.random.default_rng(n)
    with tempfile.TemporaryDirectory() as folder:
        write_pool(Path(folder) / "pool.jsonl", n, rng)
        run = Run(Path(folder) / "run")
        start = time.perf_counter()
        source = read_inputs(run, ReadAsk.exactly([f"{folder}/pool.jsonl"]))
        read = time.perf_counter()
        clean(run, source, Rules(0.8, 0.5, False, False), [])
        cleaned = time.perf_counter()
    X = vectors(n, rng)
    begin = time.perf_counter()
    kcenter(X, PICKS)
    return read - start, cleaned - read, time.perf_counter() - begin


def main() -> None:
    sizes = SIZES[:3] if "--quick" in sys.argv else SIZES
    seconds = np.array([measure(n) for n in sizes])
    print(f"{PICKS:,} rows selected by k-center, {DIMENSIONS} dimensions.\n")
    print("| rows | read s | clean s | select s |\n| ---: | ---: | ---: | ---: |")
    for n, (read, clean_, select) in zip(sizes, seconds, strict=True):
        print(f"| {n:,} | {read:.2f} | {clean_:.2f} | {select:.2f} |")
    slopes = [np.polyfit(np.log(sizes), np.log(column), 1)[0] for column in seconds.T]
    named = ", ".join(f"{name} {slope:.2f}" for name, slope in zip(("read", "clean", "select"), slopes, strict=True))
    print(f"\nlog-log slope: {named} (target: at most 1.15)")


if __name__ == "__main__":
    main()
