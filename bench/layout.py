"""What the map's t-SNE reaches, and in what time, beside the library's own angle and more steps.

python bench/layout.py
"""

import time

import numpy as np
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from cuvee.arrays import F32
from cuvee.geometry.layout import ANGLE, GATHERING, STEPS, main_directions

LIBRARY, LONGER = 0.5, (250, 500)  # sklearn's default angle; steps as many as there were
SIZES = (150, 300, 500, 1_000)


def scattered(n: int) -> F32:
    """Return (n, 256) unit rows without any groups."""
    return _unit(np.random.default_rng(0).standard_normal((n, 256)))


def grouped(n: int) -> F32:
    """Return (n, 64) unit rows of 20 groups."""
    chance = np.random.default_rng(0)
    centers = chance.standard_normal((20, 64))
    return _unit(centers[chance.integers(20, size=n)] + 0.7 * chance.standard_normal((n, 64)))


def _unit(X: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> F32:
    found: F32 = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
    return found


def main() -> None:
    """Print the divergence and the seconds of each."""
    for rows in (scattered, grouped):
        for n in SIZES:
            X = rows(n)
            start = main_directions(X)
            start = (start / start[:, 0].std() * 1e-4).astype(np.float32)
            for angle, (gathering, steps) in ((LIBRARY, LONGER), (ANGLE, LONGER), (ANGLE, (GATHERING, STEPS))):
                tsne = TSNE(init=start, perplexity=30, max_iter=steps, angle=angle, random_state=0, n_jobs=1)
                tsne._EXPLORATION_MAX_ITER = gathering
                with threadpool_limits(1):
                    begin = time.perf_counter()
                    tsne.fit(X)
                took = time.perf_counter() - begin
                words = f"{n:>5} {rows.__name__} rows, angle {angle}, {gathering} of {steps:,} steps"
                print(f"{words}: divergence {tsne.kl_divergence_:.3f} in {took:.2f} s")


if __name__ == "__main__":
    main()
