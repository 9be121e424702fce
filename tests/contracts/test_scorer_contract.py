"""What every scorer promises, run over every member of SCORERS."""

import inspect
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import xxhash

from cuvee.errors import SelectionError
from cuvee.samples.pool import Pool
from cuvee.samples.schema import TURN
from cuvee.scorers import SCORERS

every = pytest.mark.parametrize("name", SCORERS)


def build(n: int) -> Pool:
    draw = np.random.default_rng(2)
    X = draw.normal(size=(n, 7))
    X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
    X.flags.writeable = False
    messages = []
    for i in range(n):
        answer = " ".join(f"w{w}" for w in draw.integers(0, 30, size=i * 3 % 131))
        turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": None if i % 7 == 3 else answer}]
        if i % 5 == 1:
            turns += [{"role": "user", "content": "and?"}, {"role": "assistant", "content": f"more {answer}"}]
        messages.append(turns[:1] if i % 11 == 4 else [] if i % 13 == 5 else turns)
    fingerprints = pa.array([xxhash.xxh3_128_digest(bytes([i])) for i in range(n)], pa.binary(16))
    return Pool(
        pa.table({"messages": pa.array(messages, pa.list_(TURN)), "fingerprint": fingerprints}),
        X,
    )


@every
@pytest.mark.parametrize("n", [0, 1, 2, 16, 90])
def test_one_float32_per_row_and_inputs_untouched(name: str, n: int) -> None:
    pool = build(n)
    assert pool.vectors is not None
    before, table = pool.vectors.copy(), pool.table
    scores = SCORERS[name].function(pool)
    assert scores.dtype == np.float32 and scores.shape == (n,)
    assert not np.isinf(scores).any()
    np.testing.assert_array_equal(pool.vectors, before)
    assert pool.table is table and not pool.scores


@every
def test_row_order_does_not_matter(name: str) -> None:
    pool = build(90)
    assert pool.vectors is not None
    shuffle = np.random.default_rng(0).permutation(90)
    moved = Pool(pool.table.take(shuffle), np.ascontiguousarray(pool.vectors[shuffle]))
    whole = SCORERS[name].function(pool)
    np.testing.assert_allclose(SCORERS[name].function(moved), whole[shuffle], rtol=1e-5, atol=1e-6)


@every
def test_batch_size_does_not_matter(name: str) -> None:
    function = SCORERS[name].function
    if "batch" not in inspect.signature(function).parameters:
        pytest.skip("reads no texts, so has no batches")
    pool = build(90)
    for batch in (1, 7, 89, 90, 1000):
        np.testing.assert_array_equal(function(pool, batch=batch), function(pool))


@every
def test_null_is_not_a_default(name: str) -> None:
    pool = build(90)
    if SCORERS[name].needs_vectors:
        assert np.isnan(SCORERS[name].function(build(1))).all()  # no other row to compare with
        return
    scores = SCORERS[name].function(pool)
    for i, messages in enumerate(pool.table["messages"].to_pylist()):
        answers = [turn["content"] for turn in messages if turn["role"] == "assistant"]
        if not answers or answers[-1] is None:
            assert np.isnan(scores[i])
    assert np.isfinite(scores).sum() > 40


@every
def test_what_is_missing_is_asked_for(name: str) -> None:
    pool = build(5)
    bare = replace(pool, vectors=None) if SCORERS[name].needs_vectors else replace(pool, table=pa.table({"id": ["a"]}))
    with pytest.raises(SelectionError, match=name):
        SCORERS[name].function(bare)


@every
def test_the_entry_says_everything(name: str) -> None:
    entry = SCORERS[name]
    assert entry.name == name and entry.summary and entry.function.__doc__
    assert isinstance(entry.higher_is_better, bool)
