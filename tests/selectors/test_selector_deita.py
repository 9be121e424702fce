"""DEITA by plain loops, and what its reasons say."""

import sys
from collections.abc import Callable

import numpy as np
import pytest

from cuvee.errors import ConfigError, SelectionError
from cuvee.proof.arms import parse
from cuvee.samples.pool import Pool
from cuvee.selectors import choose
from cuvee.selectors.deita import deita, deita_proxy


def by_hand(pool: Pool, values: np.ndarray, limit: float) -> tuple[list[int], int]:
    """Return the whole ranking and how many of it were not filled up."""
    X = pool.vectors.astype(np.float64)
    ranked = sorted(pool.free.tolist(), key=lambda i: -values[i] if not np.isnan(values[i]) else np.inf)
    members, chosen, skipped = pool.taken.tolist(), [], []
    for row in (row for row in ranked if not np.isnan(values[row])):
        if any(float(X[row] @ X[other]) > limit for other in members):
            skipped.append(row)
        else:
            chosen.append(row)
            members.append(row)
    return [*chosen, *skipped, *sorted(np.flatnonzero(np.isnan(values)).tolist(), key=lambda i: pool.keys[i])], len(
        chosen
    )


@pytest.mark.parametrize("block", [1, 7, 1024])
@pytest.mark.parametrize("taken", [(), (0, 5, 33)])
@pytest.mark.parametrize("limit", [-0.2, 0.3, 0.8, 1.0])
def test_against_plain_loops(
    make_pool: Callable[..., Pool],
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    limit: float,
    taken: tuple[int, ...],
    block: int,
) -> None:
    module = sys.modules["cuvee.selectors.deita"]  # the package's attribute of this name is the function
    monkeypatch.setattr(module, "BLOCK", block)
    monkeypatch.setattr(module, "CHUNK", 2 * block)
    values = np.random.default_rng(5).random(70).astype(np.float32)
    values[[8, 60]] = np.nan
    pool = make_pool(70, mine=values, taken=taken)
    want, spread = by_hand(pool, values, limit)
    for k in (1, 10, len(want)):
        chosen = deita(pool, k, rng=rng, score="mine", threshold=limit)
        assert chosen.rows.tolist() == want[:k]
        assert [reason.startswith("high") for reason in chosen.reasons] == [at < spread for at in range(k)]
    assert all("could not be scored" in reason for reason in chosen.reasons[-2:])


def test_the_threshold_is_a_quantile_of_the_nearest(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    base = make_pool(50)
    # Twenty rows are there twice: were twins counted, the 0.9 quantile would be 1 and would skip nothing.
    X = np.concatenate([base.vectors, base.vectors[:20]])
    values = np.random.default_rng(5).random(70).astype(np.float32)
    pool = make_pool(70, vectors=X, mine=values)
    nearest = []
    for i in range(20, 50):
        nearest.append(max(float(X[i] @ X[j]) for j in range(70) if j != i))
    limit = float(np.quantile(nearest, 0.5)) + 1e-6
    want, spread = by_hand(pool, values, limit)
    chosen = deita(pool, 70, rng=rng, score="mine", quantile=0.5)
    assert chosen.rows.tolist() == want
    assert f"{limit:.3f}" in chosen.reason(0) and "fill-up" in chosen.reason(spread)


def test_the_default_score_says_what_it_is(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    chosen = deita_proxy(make_pool(40), 5, rng=rng)
    assert "length*lexical-richness (a stand-in, nobody rated the rows)" in chosen.reason(0)
    with pytest.raises(SelectionError, match="judge-complexity asks a chat model"):
        deita(make_pool(40), 5, rng=rng)


def test_by_ratings_it_is_deita_and_by_anything_else_a_proxy(
    make_pool: Callable[..., Pool], rng: np.random.Generator
) -> None:
    rated = make_pool(40, mine=np.arange(40, dtype=np.float32))
    assert "stand-in" not in choose(rated, 5, "deita", rng=rng, score="mine*length").reason(0)
    with pytest.raises(ConfigError, match="goes by ratings, and length holds none") as wrong:
        choose(rated, 5, "deita", rng=rng, score="length")
    assert "deita-proxy" in wrong.value.hint
    with pytest.raises(ConfigError, match="prove asks no judge"):
        parse("deita")
    assert parse("deita-proxy").scores == ("length", "lexical-richness")


def test_what_it_asks_for(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    with pytest.raises(SelectionError, match="unknown score 'rating'"):
        deita(make_pool(5), 2, rng=rng, score="rating")
    with pytest.raises(ConfigError, match="quantile"):
        deita(make_pool(5), 2, rng=rng, quantile=1.2)
    with pytest.raises(ConfigError, match="cosine"):
        deita(make_pool(5), 2, rng=rng, threshold=2.0)
