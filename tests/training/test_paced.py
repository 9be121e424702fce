"""Feeds that go by loss, and a recorded trajectory."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cuvee.errors import InputError
from cuvee.training.paced import Paced, Weighted
from cuvee.training.replaying import TRAJECTORY, replay, schema

LOSSES = np.linspace(0.1, 5.0, 100)


def test_self_paced_starts_with_the_easiest_and_ends_with_all() -> None:
    feed = Paced(LOSSES, 10, steps=50, seed=1)
    assert feed.next(0).max() < 20
    assert np.concatenate([feed.next(step) for step in range(10)]).max() < 40
    assert np.concatenate([feed.next(step) for step in range(40, 50)]).max() > 90
    means = [LOSSES[np.concatenate([feed.next(s) for s in range(start, start + 10)])].mean() for start in (0, 20, 40)]
    assert means[0] < means[1] < means[2]


def test_loss_based_draws_in_proportion_to_the_loss() -> None:
    feed = Weighted(LOSSES, 1, seed=1)
    drawn = np.concatenate([feed.next(step) for step in range(4_000)])
    assert LOSSES[drawn].mean() == pytest.approx((LOSSES**2).sum() / LOSSES.sum(), rel=0.03)


def test_a_row_without_a_loss_is_the_hardest_and_is_not_drawn() -> None:
    losses = np.array([np.nan, 1.0, 2.0])
    assert 0 not in Paced(losses, 1, steps=10, seed=0).order[:2]
    feed = Weighted(losses, 2, seed=0)
    assert all(0 not in feed.next(step) for step in range(50))


def test_a_trajectory_is_read_step_by_step(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no"):
        replay(tmp_path, 9)
    columns = {
        "step": [0, 0, 1],
        "row": [0, 1, 0],
        "id": ["a", "b", "a"],
        "cluster": [0, 0, 0],
        "score": [1.0, 0.5, 1.0],
    }
    pq.write_table(pa.table(columns, schema=schema(4, {})), tmp_path / TRAJECTORY)
    feed = replay(tmp_path, 2)
    assert [feed.next(step).tolist() for step in range(2)] == [[0, 1], [0]] and feed.passes == 4
    with pytest.raises(InputError, match="not there"):
        replay(tmp_path, 1)
