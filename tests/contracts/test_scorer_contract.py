"""What every scorer promises, run over every member of SCORERS."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import xxhash

from cuvee.arrays import F32
from cuvee.errors import SelectionError
from cuvee.samples.pool import Pool
from cuvee.samples.schema import TURN
from cuvee.scorers import SCORERS
from cuvee.scorers.language import Reader
from cuvee.store import Store

every = pytest.mark.parametrize("name", SCORERS)


@pytest.fixture(autouse=True)
def reader(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Make a tiny model ready for the scores that ask one."""
    global READER
    name = getattr(request.node, "callspec", None)
    if name is not None and SCORERS[name.params["name"]].needs_model:
        causal = pytest.importorskip("cuvee.models.causal")
        READER = Reader(causal.load(request.getfixturevalue("tiny_model"), device="cpu"), Store(tmp_path / "store"))


READER: Reader | None = None


def function_of(name: str) -> Callable[..., F32]:
    function = SCORERS[name].function
    return partial(function, reader=READER) if SCORERS[name].needs_model else function


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
    scores = function_of(name)(pool)
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
    whole = function_of(name)(pool)
    np.testing.assert_allclose(function_of(name)(moved), whole[shuffle], rtol=1e-5, atol=1e-6)


@every
def test_batch_size_does_not_matter(name: str) -> None:
    function = function_of(name)
    if "batch" not in inspect.signature(function).parameters:
        pytest.skip("reads no texts, so has no batches")
    pool = build(90)
    for batch in (1, 7, 89, 90, 1000):
        np.testing.assert_array_equal(function(pool, batch=batch), function(pool))


@every
def test_null_is_not_a_default(name: str) -> None:
    pool = build(90)
    if SCORERS[name].needs_vectors:
        assert np.isnan(function_of(name)(build(1))).all()  # no other row to compare with
        return
    scores = function_of(name)(pool)
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
        function_of(name)(bare)


@every
def test_the_entry_says_everything(name: str) -> None:
    entry = SCORERS[name]
    assert entry.name == name and entry.summary and entry.function.__doc__
    assert isinstance(entry.higher_is_better, bool)
