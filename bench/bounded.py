"""Bounded clusters against mini-batch k-means with capacity assignment, and growth to 1,000,000 rows.

python -m bench.bounded          12,000 x 384 vectors, both ways, sizes 2 to 5
python -m bench.bounded --full   also 100,000 and 1,000,000 rows, time and memory
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.kcenter import vectors
from cuvee.arrays import F32, I64
from cuvee.geometry.bounded import bounded_clusters, cohesion

N, D, LOW, HIGH = 12_000, 384, 2, 5


def with_capacity(X: F32, high: int) -> I64:
    """Return mini-batch k-means with k = n / 3, every row at the nearest centre that has room: rows x centres in a loop."""
    from sklearn.cluster import MiniBatchKMeans

    k = len(X) // 3
    centres = MiniBatchKMeans(k, random_state=0, n_init=1).fit(X).cluster_centers_
    distance = np.square(centres).sum(axis=1) - 2 * X @ centres.T
    labels, room = np.full(len(X), -1), np.full(k, high)
    for row in np.argsort(distance.min(axis=1)):
        for at in np.argsort(distance[row]):
            if room[at]:
                labels[row], room[at] = at, room[at] - 1
                break
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true")
    full = parser.parse_args().full
    X, what = vectors()
    X = np.ascontiguousarray(X[:: len(X) // N])
    start = time.perf_counter()
    theirs = with_capacity(X, HIGH)
    slow = time.perf_counter() - start
    k = int(theirs.max()) + 1
    print(f"{len(X):,} x {X.shape[1]}, {what}; sizes {LOW} to {HIGH}\n")
    print("| way | clusters | smallest, largest | cohesion | seconds | times cuvee |\n|---|---|---|---|---|---|")
    bounded_clusters(X[:1_000], LOW, HIGH)
    for mean in (len(X) / k, 3.0):
        start = time.perf_counter()
        ours = bounded_clusters(X, LOW, HIGH, mean=mean)
        quick = time.perf_counter() - start
        print(line(f"cuvee, {mean:.2f} rows on average", X, ours, quick, quick))
    print(line("mini-batch k-means with capacity", X, theirs, slow, quick))
    if full:
        print("\n| vectors | seconds | cohesion | peak memory beside them, MB (Python included) |\n|---|---|---|---|")
        for n in (100_000, 1_000_000):
            grown(n)
    print("\nTargets: 20 times faster than k-means with capacity, at least its cohesion; 1,000,000 rows in 15 minutes.")


def line(name: str, X: F32, labels: I64, seconds: float, quick: float) -> str:
    sizes = np.bincount(labels)
    return (
        f"| {name} | {len(sizes):,} | {sizes.min()}, {sizes.max()} | {cohesion(X, labels):.4f} | {seconds:.2f} | "
        f"{seconds / quick:.1f} |"
    )


def grown(n: int) -> None:
    """Cluster n made vectors that lie in a file, as embedded texts lie about 20,000 topics."""
    rng = np.random.default_rng(0)
    topics = rng.standard_normal((20_000, D)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        X = np.lib.format.open_memmap(Path(folder) / "x.npy", mode="w+", dtype=np.float32, shape=(n, D))
        for at in range(0, n, 10_000):
            block = topics[rng.integers(len(topics), size=10_000)] + rng.standard_normal((10_000, D)).astype(np.float32)
            X[at : at + 10_000] = block / np.linalg.norm(block, axis=1, keepdims=True)
        X.flush()
        start = time.perf_counter()
        labels = bounded_clusters(X, LOW, HIGH, mean=3)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - X.nbytes / 1e6
        print(f"| {n:,} x {D} made | {seconds:.1f} | {cohesion(X, labels):.4f} | {max(0, peak):,.0f} |", flush=True)


if __name__ == "__main__":
    main()
