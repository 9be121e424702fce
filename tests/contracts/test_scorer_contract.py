"""What every scorer promises, run over every member of SCORERS."""

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import xxhash
from tests.chat_server import ChatServer

from cuvee.arrays import F32
from cuvee.errors import SelectionError
from cuvee.models.chat import Chat, Server
from cuvee.samples.pool import BarePool, Pool
from cuvee.samples.schema import TURN
from cuvee.scorers import SCORERS
from cuvee.scorers.judge import Judge
from cuvee.scorers.language import Reader
from cuvee.store import Store

every = pytest.mark.parametrize("name", SCORERS)
FunctionOf = Callable[[str], Callable[..., F32]]


def opinion(body: dict[str, Any], number: int) -> str:
    """Return what a judge says: ratings that belong to the text."""
    drawn = np.random.default_rng(list(body["messages"][-1]["content"].encode())).integers(1, 7, size=5)
    ratings = ("Rating", "Rarity", "Complexity", "Informativeness", "Overall")
    return "\n".join(f"{name}: {rating}" for name, rating in zip(ratings, drawn, strict=True))


@pytest.fixture
def function_of(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[FunctionOf]:
    """Return name -> the scorer's function, given what it needs besides the pool: a tiny model, or a judge."""
    member = SCORERS[request.node.callspec.params["name"]]
    store = Store(tmp_path / "store")
    if member.needs_model:
        causal = pytest.importorskip("cuvee.models.causal")
        reader = Reader(causal.load(request.getfixturevalue("tiny_model"), device="cpu"), store)
        yield lambda name: partial(SCORERS[name].function, reader=reader)
    elif member.asks:
        server: ChatServer = request.getfixturevalue("chat_server")
        server.answer = opinion
        with Chat(Server(server.url, "judge"), store) as chat:
            judge = Judge(chat)
            yield lambda name: partial(SCORERS[name].function, judge=judge)
    else:
        yield lambda name: SCORERS[name].function


def build(n: int) -> Pool:
    draw = np.random.default_rng(2)
    X = draw.normal(size=(n, 7))
    X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
    X.flags.writeable = False
    messages: list[list[dict[str, str | None]]] = []
    for i in range(n):
        answer = " ".join(f"w{w}" for w in draw.integers(0, 30, size=i * 3 % 131))
        turns: list[dict[str, str | None]] = [
            {"role": "user", "content": "q"},
            {"role": "assistant", "content": None if i % 7 == 3 else answer},
        ]
        if i % 5 == 1:
            turns += [{"role": "user", "content": "and?"}, {"role": "assistant", "content": f"more {answer}"}]
        messages.append(turns[:1] if i % 11 == 4 else [] if i % 13 == 5 else turns)
    fingerprints = pa.array([xxhash.xxh3_128_digest(bytes([i])) for i in range(n)], pa.binary(16))
    said = [row[-1]["content"] if row and row[-1]["role"] == "assistant" else None for row in messages]
    margins = pa.array([None if one is None else len(one) / 7 for one in said], pa.float64())
    columns = {"messages": pa.array(messages, pa.list_(TURN)), "fingerprint": fingerprints, "margin": margins}
    return Pool(pa.table(columns), X)


@every
@pytest.mark.parametrize("n", [0, 1, 2, 16, 90])
def test_one_float32_per_row_and_inputs_untouched(name: str, n: int, function_of: FunctionOf) -> None:
    pool = build(n)
    before, table = pool.vectors.copy(), pool.table
    scores = function_of(name)(pool)
    assert scores.dtype == np.float32 and scores.shape == (n,)
    assert not np.isinf(scores).any()
    np.testing.assert_array_equal(pool.vectors, before)
    assert pool.table is table and not pool.scores


@every
def test_row_order_does_not_matter(name: str, function_of: FunctionOf) -> None:
    pool = build(90)
    shuffle = np.random.default_rng(0).permutation(90)
    moved = Pool(pool.table.take(shuffle), np.ascontiguousarray(pool.vectors[shuffle]))
    whole = function_of(name)(pool)
    np.testing.assert_allclose(function_of(name)(moved), whole[shuffle], rtol=1e-5, atol=1e-6)


@every
def test_batch_size_does_not_matter(name: str, function_of: FunctionOf) -> None:
    function = function_of(name)
    if "batch" not in inspect.signature(function).parameters:
        pytest.skip("reads no texts, so has no batches")
    pool = build(90)
    whole = function(pool)
    for batch in (1, 7, 89, 90, 1000):
        np.testing.assert_array_equal(function(pool, batch=batch), whole)


@every
def test_null_is_not_a_default(name: str, function_of: FunctionOf) -> None:
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
def test_what_is_missing_is_asked_for(name: str, function_of: FunctionOf) -> None:
    pool = build(5)
    table = pool.table if SCORERS[name].needs_vectors else pa.table({"id": ["a"]})
    bare = BarePool(table, None if SCORERS[name].needs_vectors else pool.vectors, pool.scores, pool.taken)
    with pytest.raises(SelectionError, match=name):
        function_of(name)(bare)
    if SCORERS[name].asks:
        with pytest.raises(SelectionError, match=name):
            SCORERS[name].function(pool)


@every
def test_the_entry_says_everything(name: str) -> None:
    entry = SCORERS[name]
    assert entry.name == name and entry.summary and entry.function.__doc__
    assert isinstance(entry.higher_is_better, bool)
