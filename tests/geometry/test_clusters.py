"""k-means: what it promises at the edges, and planted clusters."""

import numpy as np
import pytest

from cuvee.errors import SelectionError
from cuvee.geometry.clusters import kmeans


def planted() -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(0)
    labels = np.repeat(np.arange(5), 60)
    X = 10 * np.eye(5, 12)[labels] + 0.1 * chance.normal(size=(300, 12))
    return X.astype(np.float32), labels


def test_planted_clusters_are_found() -> None:
    X, labels = planted()
    best = min((kmeans(X, 5, seed=seed) for seed in range(5)), key=lambda found: float(found.distances.sum()))
    assert len({(a, b) for a, b in zip(labels.tolist(), best.labels.tolist(), strict=True)}) == 5


def test_labels_and_distances_belong_to_the_centres() -> None:
    X, _ = planted()
    found = kmeans(X, 7, seed=3)
    apart = np.linalg.norm(X[:, None].astype(np.float64) - found.centers, axis=2)
    assert found.labels.dtype == np.int64
    assert found.centers.dtype == found.distances.dtype == np.float32
    assert found.labels.tolist() == apart.argmin(axis=1).tolist()
    np.testing.assert_allclose(found.distances, apart.min(axis=1), rtol=1e-5)


def test_same_seed_same_bytes_and_the_input_is_not_touched() -> None:
    X, _ = planted()
    X.flags.writeable = False
    a, b, c = kmeans(X, 20, seed=1), kmeans(X, 20, seed=1), kmeans(X, 20, seed=2)
    assert a.centers.tobytes() == b.centers.tobytes()
    assert a.labels.tobytes() == b.labels.tobytes()
    assert a.centers.tobytes() != c.centers.tobytes()


@pytest.mark.parametrize("n_clusters", [3, 4, 50])
def test_few_distinct_rows_are_the_centres(n_clusters: int) -> None:
    X = np.array([[1, 0], [0, 0], [-0.0, 0], [1, 0], [5, 5]], dtype=np.float32)
    found = kmeans(X, n_clusters, seed=0)
    assert found.centers.tolist() == [[1, 0], [0, 0], [5, 5]]
    assert found.labels.tolist() == [0, 1, 1, 0, 2]
    assert (found.distances == 0).all()


def test_nothing_on_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    X, _ = planted()
    kmeans(X, 250, seed=0)  # one row per cluster is what faiss warns about
    assert capfd.readouterr() == ("", "")


def test_not_finite_is_refused() -> None:
    with pytest.raises(SelectionError, match="row 0"):
        kmeans(np.full((3, 2), np.nan, dtype=np.float32), 2, seed=0)


def test_no_rows() -> None:
    found = kmeans(np.empty((0, 4), dtype=np.float32), 3, seed=0)
    assert found.centers.shape == (0, 4)
    assert len(found.labels) == len(found.distances) == 0
