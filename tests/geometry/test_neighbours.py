"""Nearest neighbours against the full product, exact and by the inverted file."""

import json
from pathlib import Path

import numpy as np
import pytest

from cuvee.arrays import F32
from cuvee.geometry import neighbours as module
from cuvee.geometry.neighbours import neighbours


def unit(X: np.ndarray) -> F32:
    rows: F32 = (X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    return rows


def recall(X: F32, k: int) -> float:
    """Share of the true k nearest, counted by similarity so that twins may stand for each other."""
    similarity = neighbours(X, k)[1]
    asked = np.arange(0, len(X), max(1, len(X) // 500))
    scores = X[asked] @ X.T
    scores[np.arange(len(asked)), asked] = -np.inf
    lowest = -np.partition(-scores, k - 1, axis=1)[:, k - 1]
    return float((similarity[asked] >= lowest[:, None] - 1e-6).mean())


def test_equals_the_full_product() -> None:
    X = unit(np.random.default_rng(0).normal(size=(400, 12)))
    full = X @ X.T
    np.fill_diagonal(full, -np.inf)
    index, similarity = neighbours(X, 7)
    assert index.dtype == np.int64
    assert similarity.dtype == np.float32
    assert index.tolist() == np.argsort(-full, axis=1, kind="stable")[:, :7].tolist()
    assert np.abs(similarity + np.sort(-full, axis=1)[:, :7]).max() < 1e-6


def test_queries_are_not_rows_of_the_pool() -> None:
    X = np.eye(3, dtype=np.float32)
    index, similarity = neighbours(X, 2, queries=np.array([[0, 1, 0], [0.6, 0, 0.8]], dtype=np.float32))
    assert index.tolist() == [[1, 0], [2, 0]]
    assert np.abs(similarity - np.array([[1, 0], [0.8, 0.6]])).max() < 1e-6


@pytest.mark.parametrize("exact", [30_000, 10])
def test_a_row_is_never_its_own_neighbour_but_its_twins_are(exact: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXACT", exact)
    X = np.repeat(np.eye(4, dtype=np.float32), 50, axis=0)
    index, similarity = neighbours(X, 5)
    assert (index != np.arange(200)[:, None]).all()
    assert (index // 50 == (np.arange(200) // 50)[:, None]).all()
    assert all(len(set(row)) == 5 for row in index.tolist())
    assert (similarity == 1).all()


@pytest.mark.parametrize("n", [0, 1, 2, 4])
def test_fewer_rows_than_neighbours_are_filled(n: int) -> None:
    X = np.eye(4, dtype=np.float32)[:n]
    index, similarity = neighbours(X, 4)
    assert index.shape == similarity.shape == (n, 4)
    assert (index[:, max(n - 1, 0) :] == -1).all()
    assert np.isneginf(similarity[:, max(n - 1, 0) :]).all()
    assert sorted(index[0, : n - 1].tolist()) == list(range(1, n)) if n else True
    assert neighbours(X, 0)[0].shape == (n, 0)


def made() -> F32:
    """32,000 rows: clusters of very unequal size, 20 directions of variance each, some copies."""
    chance = np.random.default_rng(1)
    centres = chance.normal(size=(300, 64))
    label = np.minimum(chance.zipf(1.4, size=32_000), 300) - 1
    X = unit(centres[label] + chance.normal(size=(32_000, 20)) @ chance.normal(size=(20, 64)) / 5)
    X[chance.integers(32_000, size=2_000)] = X[chance.integers(32_000, size=2_000)]
    return X


def test_recall_and_same_bytes_above_the_exact_size(capfd: pytest.CaptureFixture[str]) -> None:
    X = made()
    assert len(X) > module.EXACT
    first, again = neighbours(X, 10), neighbours(X, 10)
    assert first[0].tobytes() == again[0].tobytes()
    assert first[1].tobytes() == again[1].tobytes()
    assert (first[0] != np.arange(len(X))[:, None]).all()
    assert recall(X, 10) >= 0.95
    assert capfd.readouterr() == ("", "")


def test_recall_on_real_texts(real_pool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import HashingVectorizer

    texts = [
        row["instruction"] + row["output"] for row in json.loads((real_pool / "alpaca_random_9k.json").read_text())
    ]
    terms = HashingVectorizer(n_features=4_096).transform(texts)
    X = unit(TruncatedSVD(64, n_iter=2, random_state=0).fit_transform(terms))
    monkeypatch.setattr(module, "EXACT", 5_000)  # real rows through the inverted file, in seconds
    assert recall(X, 10) >= 0.95
