"""What comes through a seam is checked, whoever made it: a guest that gives anything else is told so in one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cuvee
from cuvee.arrays import F32
from cuvee.errors import ConfigError, SelectionError
from cuvee.planting.files import write
from cuvee.result import Result
from cuvee.samples.pool import BarePool, Selection

HERE = "tests.contracts.test_seams"


def selection(rows: Any, k: int, reasons: list[str] | None = None) -> Selection:
    return Selection(np.asarray(rows), np.zeros(k, dtype=np.float32), ["a guest"] if reasons is None else reasons)


def first(pool: BarePool, k: int, *, rng: np.random.Generator) -> Selection:
    return selection(pool.free[:k], k)


def one_row_again_and_again(pool: BarePool, k: int, *, rng: np.random.Generator) -> Selection:
    return selection([0] * k, k)


def too_few(pool: BarePool, k: int, *, rng: np.random.Generator) -> Selection:
    return selection(pool.free[: k - 1], k - 1)


def beyond(pool: BarePool, k: int, *, rng: np.random.Generator) -> Selection:
    return selection(np.arange(k) + len(pool), k)


def negative(pool: BarePool, k: int, *, rng: np.random.Generator) -> Selection:
    return selection(np.arange(k) - 1, k)


def fractions(pool: BarePool, k: int, *, rng: np.random.Generator) -> Selection:
    return selection(np.arange(k) + 0.5, k)


def one_gain(pool: BarePool, k: int, *, rng: np.random.Generator) -> Selection:
    return Selection(pool.free[:k], np.zeros(1, dtype=np.float32), [])


def two_reasons(pool: BarePool, k: int, *, rng: np.random.Generator) -> Selection:
    return selection(pool.free[:k], k, ["one", "two"])


def a_list(pool: BarePool, k: int, *, rng: np.random.Generator) -> list[int]:
    return list(range(k))


def nothing(pool: BarePool, k: int, *, rng: np.random.Generator) -> None:
    return None


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("seams"), 200, seed=1).pool


def select(pool: Path, out: Path, **options: Any) -> Result:
    return cuvee.select([str(pool)], budget="10", draws=1, out=out, **{"embedder": "lexical", **options})


@pytest.mark.parametrize(
    ("guest", "says"),
    [
        (one_row_again_and_again, "1 different rows as 10"),
        (too_few, "9 rows where 10 were asked for"),
        (beyond, "rows .* of a pool of"),
        (negative, "rows -1 to"),
        (fractions, "type float64"),
        (one_gain, "1 gains for 10 rows"),
        (two_reasons, "2 reasons for 10 rows"),
        (a_list, "gave a list"),
        (nothing, "gave a NoneType"),
    ],
)
def test_a_selector_that_gives_anything_but_a_selection_is_refused(
    guest: Any, says: str, pool: Path, tmp_path: Path
) -> None:
    with pytest.raises(SelectionError, match=says):
        select(pool, tmp_path / "run", method=f"{HERE}:{guest.__name__}")


def test_a_selector_may_not_take_what_was_taken(pool: Path, tmp_path: Path) -> None:
    select(pool, tmp_path / "first", method=f"{HERE}:first")
    with pytest.raises(SelectionError, match="10 rows that an earlier run took"):
        select(pool, tmp_path / "second", method=f"{HERE}:{greedy.__name__}", given=[str(tmp_path / "first")])


def greedy(pool: BarePool, k: int, *, rng: np.random.Generator) -> Selection:
    return selection(pool.taken[:k], k)


def test_a_selector_that_keeps_to_it_is_welcome(pool: Path, tmp_path: Path) -> None:
    assert len(select(pool, tmp_path / "run", method=f"{HERE}:first").selected()) == 10


def too_short(pool: BarePool) -> F32:
    return np.zeros(len(pool) - 1, dtype=np.float32)


def words(pool: BarePool) -> list[str]:
    return ["good"] * len(pool)


def endless(pool: BarePool) -> F32:
    return np.full(len(pool), np.inf, dtype=np.float32)


@pytest.mark.parametrize(("guest", "says"), [(too_short, "of shape"), (words, "no number"), (endless, "infinite")])
def test_a_scorer_that_gives_anything_but_a_number_per_row_is_refused(
    guest: Any, says: str, pool: Path, tmp_path: Path
) -> None:
    with pytest.raises(SelectionError, match=says):
        select(pool, tmp_path / "run", method="uniform", scores=f"{HERE}:{guest.__name__}")


class Guest:
    """An embedder whose rows are what ``made`` makes of their number."""

    name, dim, version, near, rate, fitted = "guest", 4, "1", 0.9, 1e6, False

    def fit(self, texts: Any) -> None:
        """Nothing to learn."""

    def encode(self, texts: Any) -> Any:
        return np.ones((len(texts), 4), dtype=np.float32)


class Narrow(Guest):
    def encode(self, texts: Any) -> Any:
        return np.ones((len(texts), 1), dtype=np.float32)


class Unknown(Guest):
    def encode(self, texts: Any) -> Any:
        return np.full((len(texts), 4), np.nan, dtype=np.float32)


def long_rows(model: str | None) -> Guest:
    return Guest()


def narrow(model: str | None) -> Guest:
    return Narrow()


def unknown(model: str | None) -> Guest:
    return Unknown()


@pytest.mark.parametrize(
    ("guest", "says"), [(long_rows, "not of length 1"), (narrow, "shape"), (unknown, "not of length")]
)
def test_an_embedder_that_gives_anything_but_unit_rows_is_refused(
    guest: Any, says: str, pool: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=says):
        select(pool, tmp_path / "run", embedder=f"{HERE}:{guest.__name__}")
