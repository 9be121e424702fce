"""A map of the rows in two dimensions, for a picture."""

import numpy as np

from cuvee.arrays import F32, F64
from cuvee.geometry.clusters import kmeans
from cuvee.geometry.distances import blocks
from cuvee.progress import Advance, unseen

LANDMARKS = 1_000
NEAREST = 5  # landmarks that place a row
FEWEST = 10  # landmarks below which the two main directions are the map
# From how far away a group of landmarks acts as one (Barnes-Hut; the library's 0.5), for how many steps near landmarks are
# drawn together, and how many there are in all. Beside 0.5, 250 and 500, 300 and 1,000 rows of 20 groups come to a
# divergence of 0.27 and 0.41 instead of 0.25 and 0.37, in 0.4 and 0.45 of the time: `python bench/layout.py`.
ANGLE, GATHERING, STEPS = 0.8, 60, 250
QUERIES = 16_384


def layout(X: F32, *, seed: int, advance: Advance = unseen) -> F32:
    """Return (n, 2) positions in [0, 1] that keep near rows near. For the eye: distances on it mean little.

    X: (n, d) float32. Landmarks, at most 1,000 k-means centres (all distinct rows where there are no more), are placed
    by t-SNE that starts from their two main directions; each row is then the mean of its 5 nearest landmarks, weighted
    1 / d^8 (d the distance), so that a row which is a landmark stays there. No other chance than ``seed``: same input,
    same bytes. advance: told of 2 steps per row, one of them once the landmarks are placed. The cost grows with n x 1,000 x d.
    Equal rows share one place; where all rows are equal it is the middle.
    """
    if not len(X):
        return np.empty((0, 2), dtype=np.float32)
    centers = kmeans(_sample(X), LANDMARKS, seed=seed, iterations=8).centers
    placed = _place(centers, seed)
    advance(len(X))
    low, high = placed.min(axis=0), placed.max(axis=0)
    span = np.where(high > low, high - low, 1)
    placed = np.where(high > low, (placed - low) / span, 0.5)
    return np.clip(_between(X, centers, placed, advance), 0, 1).astype(np.float32)


def _sample(X: F32) -> F32:
    """Return at most 32 evenly spaced rows per landmark: enough to find centres."""
    most = 32 * LANDMARKS
    return X if len(X) <= most else X[np.linspace(0, len(X) - 1, most).astype(np.int64)]


def _place(centers: F32, seed: int) -> F64:
    """Return (c, 2) places of the landmarks."""
    start = main_directions(centers)
    if len(centers) < FEWEST:
        return start
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # Scaled as t-SNE wants its start: tiny, so that the early steps are free to move every point.
    start = (start / max(float(start[:, 0].std()), 1e-12) * 1e-4).astype(np.float32)
    perplexity = min(30.0, (len(centers) - 1) / 3)
    tsne = TSNE(init=start, perplexity=perplexity, max_iter=STEPS, angle=ANGLE, random_state=seed, n_jobs=1)
    tsne._EXPLORATION_MAX_ITER = GATHERING  # which has no public name
    with threadpool_limits(1):  # its threads wait on each other thousands of times: on a busy machine, 4 x slower
        return np.asarray(tsne.fit_transform(centers), dtype=np.float64)


def main_directions(centers: F32) -> F64:
    """Return (c, 2) the projection on the two directions of largest variance; signs fixed; 0 where there is none."""
    middle = centers.astype(np.float64)
    middle -= middle.mean(axis=0)
    _, _, directions = np.linalg.svd(middle, full_matrices=False)
    found = np.zeros((len(centers), 2))
    for axis, direction in enumerate(directions[:2]):
        found[:, axis] = middle @ direction * (1 if direction[np.abs(direction).argmax()] >= 0 else -1)
    found[np.abs(found) < 1e-9 * max(float(np.abs(middle).max(initial=0)), 1e-300)] = 0
    return found


def _between(X: F32, centers: F32, placed: F64, advance: Advance) -> F64:
    """Return (n, 2) weighted means of the nearest landmarks' places."""
    import faiss

    index = faiss.IndexFlatL2(centers.shape[1])
    index.add(np.ascontiguousarray(centers))
    xy = np.empty((len(X), 2))
    for block in blocks(len(X), QUERIES):
        squared, at = index.search(np.ascontiguousarray(X[block], dtype=np.float32), min(NEAREST, len(centers)))
        squared = np.maximum(squared.astype(np.float64), 1e-12 * max(1.0, float(squared.max())))
        weight = (squared[:, :1] / squared) ** 4
        xy[block] = (weight[:, :, None] * placed[at]).sum(axis=1) / weight.sum(axis=1, keepdims=True)
        advance(block.stop - block.start)
    return xy
