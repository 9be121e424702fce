"""Over any shards, wherever they are kept, k-center picks what one process picks."""

from pathlib import Path

import numpy as np
import pytest
from tests.engines.work import KillingStates

from cuvee.arrays import F32
from cuvee.engines import Engine, Local
from cuvee.geometry.kcenter import kcenter as alone
from cuvee.sharding import kcenter, parts

HERE: Engine = Local(workers=1)


def saved(X: F32, folder: Path, *cuts: int) -> list[Path]:
    """Write the vectors into a file, or several, cut at these rows."""
    files = [folder / f"{number}.npy" for number in range(len(cuts) + 1)]
    for path, part in zip(files, np.split(X, cuts), strict=True):
        np.save(path, part)
    return files


def unit(n: int, d: int, seed: int = 0, groups: int = 20) -> F32:
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(groups, d))[generator.integers(groups, size=n)] + 0.4 * generator.normal(size=(n, d))
    whole: F32 = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
    return whole


def same(X: F32, k: int, shards: int, folder: Path, taken: tuple[int, ...] = (), engine: Engine = HERE) -> int:
    rows, distances, rounds = kcenter(engine, parts(saved(X, folder), shards), k, taken=taken)
    expected, far = alone(X, k, taken=taken)
    assert rows.tolist() == expected.tolist()
    assert distances.tobytes() == far.tobytes()
    return rounds


@pytest.mark.parametrize("shards", [1, 2, 7])
@pytest.mark.parametrize("taken", [(), (3, 1500, 2999)], ids=["nothing taken", "taken"])
def test_the_picks_are_those_of_one_process(shards: int, taken: tuple[int, ...], tmp_path: Path) -> None:
    same(unit(3_000, 24), 300, shards, tmp_path, taken)


@pytest.mark.parametrize("shards", [1, 3])
def test_ties_and_twins(shards: int, tmp_path: Path) -> None:
    grid = np.stack(np.meshgrid(*[np.arange(4, dtype=np.float32)] * 3), axis=-1).reshape(-1, 3)
    twice = np.concatenate([grid, grid])
    same(twice, len(twice), shards, tmp_path)
    same(twice, 20, shards, tmp_path, taken=(5, 70))
    same(np.eye(600, dtype=np.float32), 400, shards, tmp_path)  # more rows at one distance than a shard may offer
    same(np.ones((9, 4), dtype=np.float32), 5, shards, tmp_path)
    same(np.zeros((9, 4), dtype=np.float32), 12, shards, tmp_path, taken=(2,))


def test_small_pools_by_chance(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    for _ in range(40):
        n, k, shards = (int(generator.integers(1, most)) for most in (30, 34, 9))
        X = generator.integers(-2, 3, size=(n, 2)).astype(np.float32)
        taken = np.unique(generator.integers(n, size=generator.integers(0, 4)))
        same(X, k, shards, tmp_path, tuple(taken.tolist()))


def test_several_files_are_one_pool(tmp_path: Path) -> None:
    X = unit(1_000, 8)
    files = saved(X, tmp_path, 100, 101, 700)
    rows, _, _ = kcenter(HERE, parts(files, 5), 50)
    assert rows.tolist() == alone(X, 50)[0].tolist()


def test_a_round_picks_many_and_the_driver_holds_few(tmp_path: Path) -> None:
    """20 picks a round, as on real vectors; what is offered in a round stays the same whatever the rows."""
    assert same(unit(6_000, 16, groups=200), 1_000, 2, tmp_path) <= 1_000 / 20


@pytest.mark.slow  # starts six processes
def test_shards_in_processes_that_are_killed(tmp_path: Path) -> None:
    same(unit(3_000, 24), 300, 5, tmp_path, engine=Local(workers=2, start=0.0))
    (tmp_path / "marks").mkdir()
    same(unit(3_000, 24), 300, 3, tmp_path, engine=KillingStates(workers=2, start=0.0, marks=tmp_path / "marks"))
    assert len([*(tmp_path / "marks").iterdir()]) >= 2
