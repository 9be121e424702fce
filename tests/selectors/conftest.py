"""A pool of any make, small enough to check by hand."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import xxhash

from cuvee.arrays import F32
from cuvee.samples.pool import NONE_TAKEN, Pool
from cuvee.samples.schema import TURN


def _unit(n: int, d: int, seed: int) -> F32:
    X = np.random.default_rng(seed).normal(size=(n, d))
    return np.asarray(X / np.linalg.norm(X, axis=1, keepdims=True), dtype=np.float32)


def _make(
    n: int,
    *,
    d: int = 6,
    seed: int = 0,
    tasks: Sequence[str | None] | None = None,
    vectors: F32 | None = None,
    taken: Sequence[int] = (),
    **scores: Any,
) -> Pool:
    answers = [f"answer {i} " + "word " * (i % 17) for i in range(n)]
    messages = [
        [{"role": "user", "content": f"q{i}"}, {"role": "assistant", "content": a}] for i, a in enumerate(answers)
    ]
    table = pa.table(
        {
            "id": [f"row{i}" for i in range(n)],
            "source": [f"s{i % 3}" for i in range(n)],
            "task": pa.array(tasks if tasks is not None else [f"t{i % 5}" for i in range(n)], pa.string()),
            "messages": pa.array(messages, pa.list_(TURN)),
            "fingerprint": pa.array([xxhash.xxh3_128_digest(a.encode()) for a in answers], pa.binary(16)),
        }
    )
    columns = {name: np.asarray(values, dtype=np.float32) for name, values in scores.items()}
    rows = np.array(taken, dtype=np.int64) if len(taken) else NONE_TAKEN
    return Pool(table, _unit(n, d, seed) if vectors is None else vectors, columns, rows)


@pytest.fixture
def make_pool() -> Callable[..., Pool]:
    return _make


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
