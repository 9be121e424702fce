"""Facility location: time, memory, and its value beside the exact greedy, which compares every pair at every pick.

python -m bench.facility             10,000 rows against the exact greedy; the whole real pool
python -m bench.facility --million    1,000,000 x 384 made vectors too (some minutes)
python -m bench.facility --one N      time and memory of one size, in a process of its own
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.kcenter import DATA, made
from cuvee.arrays import F32, I64
from cuvee.geometry.distances import nearest_chosen
from cuvee.geometry.facility import facility_location
from cuvee.geometry.groups import near_graph

SMALL, K, EDGES, TOP = 10_000, 1_000, 20, 64
SIZES = (10, 30, 100, 300, 1_000)


def ours(X: F32, k: int) -> I64:
    return facility_location(*near_graph(X, EDGES), len(X), k)[0]


def exact(X: F32, k: int) -> I64:
    """Lazy greedy over all pairs: what a row adds only shrinks, so the best of the freshly evaluated rows is the best."""
    S = np.maximum(X @ X.T, 0)
    covered, bound = np.zeros(len(X), dtype=np.float32), S.sum(axis=0)
    picks: list[int] = []
    while len(picks) < k:
        top = np.argpartition(-bound, TOP)[:TOP]
        bound[top] = np.maximum(S[top] - covered, 0).sum(axis=1)
        best = int(top[bound[top].argmax()])
        if bound[best] >= bound.max():
            picks.append(best)
            covered = np.maximum(covered, S[best])
            bound[best] = -1
    return np.asarray(picks, dtype=np.int64)


def value(X: F32, rows: I64) -> float:
    """Return the mean over all rows of the cosine to the most similar chosen one, 0 where that is negative."""
    return float(np.maximum(1 - nearest_chosen(X, X[rows])[0] ** 2 / 2, 0).mean())


def real() -> F32:
    """Return the vectors of the real pool's clean rows, by the embedder `static`, as `cuvee select` makes them."""
    import cuvee

    with tempfile.TemporaryDirectory() as folder:
        run = cuvee.select(
            [str(DATA)], budget="10", method="uniform", draws=0, embedder="static", out=Path(folder) / "r"
        )
        (path,) = (run.folder / "work").glob("embed-*/vectors.npy")
        X: F32 = np.load(path)
        return X


def compare(X: F32) -> None:
    part = X[np.sort(np.random.default_rng(0).choice(len(X), SMALL, replace=False))]
    mine, best, chance = ours(part, K), exact(part, K), np.random.default_rng(0).permutation(SMALL)
    print(
        f"{SMALL:,} clean rows of the real pool x {X.shape[1]}: mean cosine of a row to its most similar chosen one\n"
    )
    print("| rows chosen | exact greedy | cuvee | of the exact value | random |\n| ---: | ---: | ---: | ---: | ---: |")
    for k in SIZES:
        theirs, own, drawn = value(part, best[:k]), value(part, mine[:k]), value(part, chance[:k])
        print(f"| {k:,} | {theirs:.4f} | {own:.4f} | {own / theirs:.1%} | {drawn:.4f} |")


def timed(X: F32, what: str) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    graph = near_graph(X, EDGES)
    linked = time.perf_counter() - wall
    rows = facility_location(*graph, len(X), K)[0]
    seconds, busy = time.perf_counter() - wall, time.process_time() - cpu
    drawn = value(X, np.random.default_rng(0).permutation(len(X))[:K])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = f"| {len(X):,} x {X.shape[1]} {what} | {K:,} | {linked:.1f} | {seconds:.1f} | {busy:.1f} | {X.nbytes / 1e6:,.0f} |"
    print(f"{told} {peak:,.0f} | {value(X, rows):.4f} | {drawn:.4f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--one", type=int)
    asked = parser.parse_args()
    if asked.one:
        timed(made(asked.one, 384), "made")
        return
    head = "rows | picks | s graph | s in all | CPU s | MB vectors | MB peak | mean cosine | of random rows"
    table = f"\n| {head} |\n|" + " --- |" * (head.count("|") + 1)
    if DATA.is_dir():
        X = real()
        compare(X)
        print(table)
        timed(X, "real")
    else:
        print(f"not compared: no real data at {DATA}\n{table}")
    sys.stdout.flush()
    if asked.million:
        subprocess.run([sys.executable, "-m", "bench.facility", "--one", "1000000"], check=True)


if __name__ == "__main__":
    main()
