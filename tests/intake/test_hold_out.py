import numpy as np
import pytest
from tests.asks import pool_ask

from cuvee.budget import Budget
from cuvee.intake.ground import Ground, prepare
from cuvee.intake.hold_out import hold_out, labels_of
from cuvee.planting.files import write
from cuvee.runs import open_run


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    folder = tmp_path_factory.mktemp("pool")
    written = write(folder, 400, seed=3)
    with open_run(folder / "run") as run:
        return prepare(run, pool_ask(written.pool))


def test_held_out_rows_leave_the_pool_and_are_accounted_for(ground: Ground) -> None:
    smaller, held = hold_out(ground, Budget("rows", 30), seed=1)
    stages = smaller.table["stage"].to_pylist()
    assert held.rows.num_rows == 30 == len(held.labels)
    assert sum(stage == "held-out" for stage in stages) == len(ground.pool) - len(smaller.pool) >= 30
    assert not set(held.rows["fingerprint"].to_pylist()) & set(smaller.pool.table["fingerprint"].to_pylist())
    assert smaller.pool.vectors is not None and len(smaller.pool.vectors) == len(smaller.pool) == len(smaller.tokens)
    assert smaller.fingerprint != ground.fingerprint


def test_every_task_gives_its_share_and_nothing_near_is_left(ground: Ground) -> None:
    smaller, held = hold_out(ground, Budget("share", 0.25), seed=1)
    all_labels = labels_of(ground.pool)
    for label in set(all_labels):
        assert abs(held.labels.count(label) - all_labels.count(label) / 4) <= 1.5
    X, left = ground.pool.vectors, smaller.pool.vectors
    assert X is not None and left is not None
    names = ground.pool.table["id"].to_pylist()
    rows = [names.index(name) for name in held.rows["id"].to_pylist()]
    assert (left @ X[rows].T).max() < ground.embedder.near + 1e-5


def test_the_seed_decides_and_row_order_does_not(ground: Ground) -> None:
    first, again, other = (
        set(hold_out(ground, Budget("rows", 20), seed=seed)[1].rows["id"].to_pylist()) for seed in (1, 1, 2)
    )
    assert first == again != other


def test_vectors_stay_with_their_rows(ground: Ground) -> None:
    smaller, _ = hold_out(ground, Budget("rows", 30), seed=1)
    names = ground.pool.table["id"].to_pylist()
    assert ground.pool.vectors is not None and smaller.pool.vectors is not None
    for at in (0, 7, len(smaller.pool) - 1):
        row = names.index(smaller.pool.table["id"][at].as_py())
        assert np.array_equal(smaller.pool.vectors[at], ground.pool.vectors[row])
        assert smaller.tokens[at] == ground.tokens[row]
