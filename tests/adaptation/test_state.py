"""The 41 numbers: what they are, how they are centred and scaled."""

import numpy as np
import pytest

from cuvee import rng
from cuvee.adaptation import state


def test_there_are_41_columns_in_the_papers_order_and_two_of_the_goal() -> None:
    assert len(state.COLUMNS) == 41 and state.STATIC == 38
    assert state.COLUMNS[:2] == state.STAGE_COLUMNS and state.COLUMNS[-1] == "times taken"


def test_every_column_of_the_pool_has_mean_0_and_variance_1() -> None:
    chance = rng.stream(1, "x")
    figures, vectors = chance.normal(2, 3, size=(500, 6)).astype(np.float32), chance.normal(size=(500, 40))
    basis = state.fit(figures, vectors.astype(np.float32))
    columns = basis.columns(figures, vectors.astype(np.float32))
    assert columns.shape == (500, 38) and columns.dtype == np.float32
    assert np.abs(columns.mean(axis=0)).max() < 0.02 and np.abs(columns.std(axis=0) - 1).max() < 0.02


def test_the_semantic_columns_are_principal_components() -> None:
    chance = rng.stream(2, "x")
    wide = chance.normal(size=(400, 6)) * np.array([9.0, 5.0, 3.0, 2.0, 1.0, 0.5])
    basis = state.fit(np.zeros((400, 6), dtype=np.float32), wide.astype(np.float32))
    assert np.abs(basis.axes[:, :6].T @ basis.axes[:, :6] - np.eye(6)).max() < 1e-5
    assert abs(basis.axes[0, 0]) > 0.99  # the widest direction comes first
    assert not basis.axes[:, 6:].any() and (basis.columns(np.zeros((1, 6)), wide[:1])[:, 12:] == 0).all()  # type: ignore[arg-type]


def test_what_is_not_known_is_the_mean_and_odd_rows_are_brought_near() -> None:
    chance = rng.stream(3, "x")
    figures = chance.normal(size=(300, 6)).astype(np.float32)
    vectors = chance.normal(size=(300, 5)).astype(np.float32)
    figures[7, 3], figures[8, 0] = np.nan, 1e6
    columns = state.fit(figures[:300], vectors).columns(figures, vectors)
    assert columns[7, 3] == 0 and np.isfinite(columns).all() and columns.max() <= state.FAR


def test_the_stage_is_0_until_it_is_fitted_and_progress_is_even() -> None:
    assert state.Stage().columns(0.7, 0.5).tolist() == [0.0, 0.0]
    fitted = state.fit_stage([0.0, 1.0, 2.0])
    assert fitted.columns(1.0, 0.5)[0] == pytest.approx(0.0) and fitted.columns(2.0, 0.5)[0] > 1
    progress = [state.Stage().columns(0, (t + 0.5) / 1_000)[1] for t in range(1_000)]
    assert np.mean(progress) == pytest.approx(0, abs=1e-6) and np.std(progress) == pytest.approx(1, abs=1e-3)


def test_some_rows_keep_their_names_and_clusters() -> None:
    columns = np.arange(6 * 38, dtype=np.float32).reshape(6, 38)
    rows = state.SeenRows.of(columns, np.array([0, 1, 0, 2, 1, 0]))
    part = rows.some(np.array([5, 1, 0]))
    assert part.numbers.tolist() == [0, 1, 5] and [members.tolist() for members in part.clusters] == [[0, 2], [1]]
    assert np.array_equal(part.columns, columns[[0, 1, 5]])


def test_columns_on_disk_are_those_in_memory(tmp_path: object) -> None:
    from pathlib import Path

    chance = rng.stream(4, "x")
    figures, vectors = chance.normal(size=(70, 6)).astype(np.float32), chance.normal(size=(70, 9)).astype(np.float32)
    basis, path = state.fit(figures, vectors), Path(str(tmp_path)) / "columns.npy"
    state.write_columns(basis, figures, vectors, path)
    assert np.array_equal(np.load(path), basis.columns(figures, vectors))
