"""Speed and memory of greedy k-center against the full distance matrix and the plain scan.

python bench/kcenter.py          real vectors where ../shared/data is present, the plain scan and ours, and memory
python bench/kcenter.py --full   the full matrix too (2.3 GB, about a minute)
"""

import argparse
import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cuvee.arrays import F32, I64
from cuvee.geometry.kcenter import kcenter

DATA = Path(__file__).parents[1].parent / "shared/data/pool"
N, D, TAKEN, K = 24_000, 384, 100, 1_000
Picker = Callable[[F32, int, I64], I64]


def ours(X: F32, k: int, taken: I64) -> I64:
    return kcenter(X, k, taken=taken)[0]


def scan(X: F32, k: int, taken: I64) -> I64:
    """One product with the new centre, one minimum and one argmax over all rows per pick."""
    lengths = np.einsum("ij,ij->i", X, X)
    nearest = np.full(len(X), np.inf, dtype=np.float32)
    picks: list[int] = []
    for row in taken.tolist():
        np.minimum(nearest, np.maximum(lengths + lengths[row] - 2 * (X @ X[row]), 0), out=nearest)
    nearest[taken] = -np.inf
    for _ in range(k):
        row = int(nearest.argmax())
        picks.append(row)
        np.minimum(nearest, np.maximum(lengths + lengths[row] - 2 * (X @ X[row]), 0), out=nearest)
        nearest[row] = -np.inf
    return np.asarray(picks, dtype=np.int64)


def full(X: F32, k: int, taken: I64) -> I64:
    """The n x n matrix first; then, per pick, the minimum over the chosen columns of every free row."""
    lengths = np.einsum("ij,ij->i", X, X)
    matrix = np.sqrt(np.maximum(lengths[:, None] + lengths - 2 * (X @ X.T), 0))
    nearest = matrix[:, taken].min(axis=1)
    nearest[taken] = -np.inf
    picks: list[int] = []
    for _ in range(k):
        row = int(nearest.argmax())
        picks.append(row)
        nearest = np.minimum(nearest, matrix[:, row])
        nearest[row] = -np.inf
    return np.asarray(picks, dtype=np.int64)


def reference(X: F32, k: int, taken: I64) -> I64:
    """Picks by float64 differences, half a minute: equal rows are equally far on any processor, and the first wins."""
    exact = X.astype(np.float64)
    nearest = np.full(len(X), np.inf)
    picks: list[int] = []

    def choose(row: int) -> None:
        for start in range(0, len(exact), 512):
            gap = exact[start : start + 512] - exact[row]
            part = nearest[start : start + 512]
            np.minimum(part, np.einsum("ij,ij->i", gap, gap), out=part)
        nearest[row] = -np.inf

    for row in taken.tolist():
        choose(row)
    while len(picks) < k:
        picks.append(int(nearest.argmax()))
        choose(picks[-1])
    return np.asarray(picks, dtype=np.int64)


def pool_texts() -> list[str]:
    """Return N texts, evenly spaced over the real pool."""
    texts: list[str] = []
    for path in sorted(DATA.iterdir()):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        lines = ".jsonl" in path.suffixes
        rows = [json.loads(line) for line in raw.split(b"\n") if line.strip()] if lines else json.loads(raw)
        texts += ["\n".join(value for value in row.values() if isinstance(value, str)) for row in rows]
    return [texts[at] for at in np.linspace(0, len(texts) - 1, N).astype(int)]


def made(n: int, d: int) -> F32:
    """Return unit rows around 500 centres, filled block by block."""
    draw = np.random.default_rng(0)
    centres = draw.standard_normal((500, d), dtype=np.float32)
    X = np.empty((n, d), dtype=np.float32)
    for start in range(0, n, 10_000):
        part = X[start : start + 10_000]
        part[:] = centres[draw.integers(500, size=len(part))] + 0.7 * draw.standard_normal(part.shape, dtype=np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return X


def vectors() -> tuple[F32, str]:
    if not DATA.is_dir():
        return made(N, D), "made vectors (500 clusters; ../shared/data is absent)"
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    terms = TfidfVectorizer(max_features=20_000, sublinear_tf=True).fit_transform(pool_texts())
    X = TruncatedSVD(D, n_iter=2, random_state=0).fit_transform(terms).astype(np.float32)
    X /= np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)
    return X, "TF-IDF + SVD of the real pool's texts, unit rows"


def compare(with_full: bool) -> None:
    X, kind = vectors()
    taken = np.sort(np.random.default_rng(0).choice(N, TAKEN, replace=False)).astype(np.int64)
    ways: list[tuple[str, Picker, int]] = [("cuvee", ours, 5), ("plain scan, numpy", scan, 3)]
    if with_full:
        ways.append(("full matrix, numpy", full, 1))
    seconds: dict[str, float] = {}
    picks: dict[str, I64] = {}
    ours(X, 10, taken)  # threads and caches are warm for all
    for name, way, repeats in ways:
        runs = []
        for _ in range(repeats):
            start = time.perf_counter()
            picks[name] = way(X, K, taken)
            runs.append(time.perf_counter() - start)
        seconds[name] = min(runs)
    # The others are only timed: in float32 each processor breaks near-ties its own way.
    assert np.array_equal(picks["cuvee"], reference(X, K, taken)), "cuvee picks other rows than float64 does"
    print(f"{N:,} x {D}, {TAKEN} taken, {K:,} picks; {kind}; best of {[r for *_, r in ways]} runs; ", end="")
    print("picks of cuvee equal to those of float64 differences\n")
    print("| way | seconds | times cuvee |\n|---|---|---|")
    for name, took in seconds.items():
        print(f"| {name} | {took:.2f} | {took / seconds['cuvee']:.1f} |")


def memory(n: int) -> None:
    """In a process of its own: peak memory beside the vectors."""
    X = made(n, D)
    start = time.perf_counter()
    rows, _ = kcenter(X, K)
    took = time.perf_counter() - start
    # Not getrusage: a child starts with its parent's peak there.
    peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024
    print(f"| {n:,} x {D} made | {len(rows):,} | {took:.1f} | {X.nbytes / 1e6:,.0f} | {(peak - X.nbytes) / 1e6:,.0f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the full matrix too")
    parser.add_argument("--memory-child", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.memory_child:
        memory(asked.memory_child)
        return
    compare(asked.full)
    print(
        "\n| vectors | picks | seconds | vectors, MB | peak memory beside them, MB (Python included) |\n|---|---|---|---|---|"
    )
    sys.stdout.flush()
    subprocess.run([sys.executable, __file__, "--memory-child", "1000000"], check=True)


if __name__ == "__main__":
    main()
