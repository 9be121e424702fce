"""What a chooser sees: length taken out, whitened, forms; for every chooser, and never by order of rows."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import xxhash

from cuvee import rng, selectors
from cuvee.errors import ConfigError, SelectionError
from cuvee.geometry.whitening import residual
from cuvee.samples.pool import Pool
from cuvee.samples.schema import TURN
from cuvee.selectors import SELECTORS, space

ASKED = {"deita": {"score": "rarity*mine"}}


def pool_of(lengths: np.ndarray, X: np.ndarray) -> Pool:
    talks = [
        [{"role": "user", "content": "q" * int(ask)}, {"role": "assistant", "content": "a" * int(answer)}]
        for ask, answer in lengths
    ]
    table = pa.table(
        {
            "id": [f"id{row}" for row in range(len(talks))],
            "source": ["s"] * len(talks),
            "task": pa.nulls(len(talks), pa.string()),
            "messages": pa.array(talks, pa.list_(TURN)),
            "fingerprint": pa.array([xxhash.xxh3_128_digest(str(row).encode()) for row in range(len(talks))]),
        }
    )
    return Pool(table, (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32))


@pytest.fixture
def pool() -> Pool:
    """300 rows in 12 dimensions, where one wide direction is the length of the answer."""
    draw = np.random.default_rng(0)
    lengths = np.exp(draw.uniform(2, 6, size=(300, 2))).astype(int)
    X = draw.normal(size=(300, 12)) + 6
    X[:, 0] += 4 * np.log1p(lengths[:, 1] / 4)
    return pool_of(lengths, X)


def test_what_is_linear_in_a_column_is_gone_and_the_mean_stays() -> None:
    draw = np.random.default_rng(1)
    X, columns = draw.normal(size=(500, 6)).astype(np.float32), draw.normal(size=(500, 2))
    X[:, 2] += (3 * columns[:, 0] - columns[:, 1]).astype(np.float32)
    design = np.column_stack([np.ones(500), columns])
    fit = design @ np.linalg.lstsq(design, X.astype(np.float64), rcond=None)[0]
    left = residual(X, columns)
    np.testing.assert_allclose(left, X - fit + X.mean(axis=0), atol=1e-4)
    twice = residual(X, np.column_stack([columns, columns[:, 0], np.ones(500)]))  # a copy and a constant add nothing
    np.testing.assert_allclose(twice, left, atol=1e-4)


def test_length_decides_no_distance_any_more(pool: Pool) -> None:
    logs = space.pool_lengths(pool)[:, 1]
    seen = space.seen_in(pool, "whiten=8,without=length")
    assert seen.vectors.shape == (300, 8)
    np.testing.assert_allclose(np.linalg.norm(seen.vectors, axis=1), 1, atol=1e-5)
    before = max(abs(np.corrcoef(logs, axis)[0, 1]) for axis in pool.vectors.T)
    after = max(abs(np.corrcoef(logs, axis)[0, 1]) for axis in seen.vectors.T)
    assert before > 0.8 and after < 0.1


@pytest.mark.parametrize("method", SELECTORS)
def test_every_chooser_works_in_it_and_the_order_of_rows_changes_nothing(method: str, pool: Pool) -> None:
    shuffle = np.random.default_rng(2).permutation(len(pool))
    pool = pool.with_scores(mine=np.arange(len(pool), dtype=np.float32))
    moved = replace(
        pool,
        table=pool.table.take(shuffle),
        vectors=pool.vectors[shuffle],
        scores={"mine": pool.scores["mine"][shuffle]},
    )
    picks = [
        one.table["id"]
        .take(
            selectors.choose(
                one, 20, method, rng=rng.stream(1, "t"), space="whiten=6+without=length", **ASKED.get(method, {})
            ).rows
        )
        .to_pylist()
        for one in (pool, moved)
    ]
    assert len(set(picks[0])) == 20 and picks[0] == picks[1]


def test_few_rows_are_not_whitened_to_noise(pool: Pool) -> None:
    few = replace(pool, table=pool.table.slice(0, 20), vectors=pool.vectors[:20])
    assert space.seen_in(few, "whiten=512").vectors.shape == (20, 5)
    one = replace(pool, table=pool.table.slice(0, 1), vectors=pool.vectors[:1])
    np.testing.assert_allclose(space.seen_in(one, "whiten=512,without=length").vectors, one.vectors, atol=1e-6)


def test_tokens_and_settings_see_the_same_space(pool: Pool) -> None:
    tokens = np.full(300, 10)
    found = selectors.by_tokens(pool, tokens, 200, "k-center", rng=rng.stream(0, "t"), space="whiten=8")
    whole = selectors.choose(pool, 20, "k-center", rng=rng.stream(0, "t"), space="whiten=8")
    plain = selectors.choose(pool, 20, "k-center", rng=rng.stream(0, "t"))
    assert found.rows.tolist() == whole.rows.tolist() != plain.rows.tolist()


@pytest.mark.parametrize(
    "text", ["whiten", "whiten=x", "whiten=-3", "wide=3", "without=", "without=colour", "whiten=2,x"]
)
def test_what_cannot_be_read_is_one_clear_line(text: str, pool: Pool) -> None:
    with pytest.raises(ConfigError) as wrong:
        space.parse(text)
    assert wrong.value.hint


def test_nothing_asked_nothing_done_and_messages_are_asked_for(pool: Pool) -> None:
    assert space.seen_in(pool, "") is pool and space.seen_in(pool, "whiten=0") is pool
    bare = replace(pool, table=pool.table.drop_columns(["messages"]))
    with pytest.raises(SelectionError, match="without=length"):
        space.seen_in(bare, "without=length")
