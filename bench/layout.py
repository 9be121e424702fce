"""What the map's t-SNE reaches, and in what time, beside the library's own angle.

python bench/layout.py
"""

import time

import numpy as np
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from cuvee.geometry.layout import ANGLE

LIBRARY = 0.5  # sklearn's default


def main() -> None:
    """Print divergence and seconds for random unit rows of 256 dimensions."""
    for n in (150, 300, 500, 1_000):
        X = np.random.default_rng(0).standard_normal((n, 256)).astype(np.float32)
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        for angle in (LIBRARY, ANGLE):
            tsne = TSNE(init=X[:, :2] * 1e-4, perplexity=30, max_iter=500, angle=angle, random_state=0, n_jobs=1)
            with threadpool_limits(1):
                start = time.perf_counter()
                tsne.fit(X)
            print(
                f"{n:>5} rows, angle {angle}: divergence {tsne.kl_divergence_:.2f} in {time.perf_counter() - start:.2f} s"
            )


if __name__ == "__main__":
    main()
