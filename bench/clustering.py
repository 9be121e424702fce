"""k-means on planted clusters: adjusted Rand index and time beside scikit-learn's; and herding at 100,000 x 384.

python -m bench.clustering [--herding]
"""

import resource
import sys
import time
from collections.abc import Callable

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from cuvee.arrays import F32, I64
from cuvee.geometry.clusters import kmeans
from cuvee.geometry.herding import herding

ROWS, CLUSTERS, DIM, SEEDS = 20_000, 100, 128, 5


def planted(n: int, clusters: int, d: int, seed: int, noise: float = 0.7) -> tuple[F32, I64]:
    """Return unit rows around as many centres, sizes falling as rank^-0.5, and the centre of each."""
    chance = np.random.default_rng(seed)
    shares = np.arange(1, clusters + 1) ** -0.5
    labels = chance.choice(clusters, size=n, p=shares / shares.sum()).astype(np.int64)
    centres = chance.standard_normal((clusters, d), dtype=np.float32)
    X = centres[labels] + noise * chance.standard_normal((n, d), dtype=np.float32)
    return X / np.linalg.norm(X, axis=1, keepdims=True), labels


def timed(work: Callable[[], I64]) -> tuple[I64, float]:
    """Return what work returns, and its seconds."""
    start = time.perf_counter()
    found = work()
    return found, time.perf_counter() - start


def clusters() -> None:
    """Print the table of k-means."""
    print(f"{ROWS:,} unit rows x {DIM} around {CLUSTERS} centres, {SEEDS} seeds.\n")
    print("| k-means | ARI, mean | ARI, lowest | seconds |\n| --- | ---: | ---: | ---: |")
    found: dict[str, list[tuple[float, float]]] = {"ours (faiss from k-means++)": [], "scikit-learn, n_init=1": []}
    for seed in range(SEEDS):
        X, labels = planted(ROWS, CLUSTERS, DIM, seed)
        ways: list[Callable[[], I64]] = [
            lambda X=X, seed=seed: kmeans(X, CLUSTERS, seed=seed).labels,  # type: ignore[misc]
            lambda X=X, seed=seed: KMeans(CLUSTERS, n_init=1, random_state=seed).fit_predict(X),  # type: ignore[misc]
        ]
        for name, work in zip(found, ways, strict=True):
            guess, seconds = timed(work)
            found[name].append((adjusted_rand_score(labels, guess), seconds))
    for name, runs in found.items():
        rand, took = (np.array([run[at] for run in runs]) for at in (0, 1))
        print(f"| {name} | {rand.mean():.3f} | {rand.min():.3f} | {np.median(took):.2f} |")


def herd(n: int = 100_000, d: int = 384, k: int = 1_000) -> None:
    """Print the time and the memory of herding."""
    X, _ = planted(n, 500, d, 0)
    start = time.process_time()
    _, seconds = timed(lambda: herding(X, k)[0])
    start = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"herding: {k:,} of {n:,} x {d} in {seconds:.1f} s, {start:.1f} s of processor time; peak {peak:.0f} MB, of which"
    )
    print(f"the vectors are {X.nbytes / 2**20:.0f} MB and were made with more than as many again.")


if __name__ == "__main__":
    herd() if "--herding" in sys.argv else clusters()
