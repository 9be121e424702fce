"""Over any shards facility location picks what one process picks, with the same gains."""

import numpy as np
import pytest
from tests.sharding.test_sharded_kcenter import HERE, unit

from cuvee.engines import Engine, Local
from cuvee.geometry.facility import facility_location as alone
from cuvee.geometry.neighbours import neighbours
from cuvee.sharding import facility_location
from cuvee.sharding.facility import parted


def same(n: int, k: int, shards: int, taken: tuple[int, ...] = (), engine: Engine = HERE, wide: int = 10) -> int:
    index, similarity = neighbours(unit(n, 16), wide)
    rows, gains, rounds = facility_location(engine, parted(index, similarity, n, shards), k, taken=taken)
    expected, added = alone(index, similarity, n, k, taken=taken)
    assert rows.tolist() == expected.tolist()
    assert gains.tobytes() == added.tobytes()
    return rounds


@pytest.mark.parametrize("shards", [1, 2, 7])
@pytest.mark.parametrize("taken", [(), (3, 700, 1_499)], ids=["nothing taken", "taken"])
def test_the_picks_are_those_of_one_process(shards: int, taken: tuple[int, ...]) -> None:
    assert same(1_500, 300, shards, taken) <= 300 / 20


def test_ties_and_all_rows() -> None:
    index = np.array([[1], [0], [3], [2], [5], [4], [-1]])
    ones = np.ones((7, 1), dtype=np.float32)
    for shards in (1, 2, 7):
        rows, gains, _ = facility_location(HERE, parted(index, ones, 7, shards), 9, taken=[5])
        expected, added = alone(index, ones, 7, 9, taken=[5])
        assert (rows.tolist(), gains.tolist()) == (expected.tolist(), added.tolist())


@pytest.mark.slow  # starts two processes
def test_shards_in_processes() -> None:
    same(1_500, 300, 5, engine=Local(workers=2, start=0.0))
