"""What every feed keeps."""

import json
from collections.abc import Callable

import numpy as np
import pytest

from cuvee.training.feeds import Feed, InOrder, Shuffled
from cuvee.training.paced import Paced, Weighted

N = 23
FEEDS: dict[str, Callable[[], Feed]] = {
    "shuffled": lambda: Shuffled(N, 5, seed=3),
    "shuffled, a batch as large as the pool": lambda: Shuffled(N, 99, seed=3),
    "in order": lambda: InOrder([np.array([1, 2]), np.array([5]), np.array([22, 0])]),
    "self-paced": lambda: Paced(np.linspace(0, 3, N), 5, steps=30, seed=3),
    "loss-based": lambda: Weighted(np.linspace(0, 3, N), 5, seed=3),
    "a policy that has learnt nothing": lambda: unlearnt(),
}


def unlearnt() -> Feed:
    pytest.importorskip("torch", reason="the base install has no torch")
    from cuvee.adaptation import state
    from cuvee.adaptation.feed import Picked, Picking
    from cuvee.adaptation.folder import Policy

    draw = np.random.default_rng(0)
    figures, vectors = (draw.normal(size=(N, width)).astype(np.float32) for width in (6, 6))
    basis = state.fit(figures, vectors)
    rows = state.SeenRows.of(basis.columns(figures, vectors), np.arange(N) % 2)
    return Picked(rows, Policy.fresh(basis, seed=0), Picking(3, 40, seed=1, limit=2), start=-1.0)


@pytest.fixture(params=FEEDS)
def make(request: pytest.FixtureRequest) -> Callable[[], Feed]:
    return FEEDS[request.param]


def test_resumable_at_any_step(make: Callable[[], Feed]) -> None:
    whole = make()
    steps = [whole.next(step).tolist() for step in range(30)]
    for start in (0, 1, 7, 29):
        before, fresh = make(), make()
        for step in range(start):
            before.next(step)
            before.observe(step, -1.0 / (step + 1))
        fresh.restore(json.loads(json.dumps(before.state())))
        assert [fresh.next(step).tolist() for step in range(start, 30)] == steps[start:]


def test_never_empty_and_in_range(make: Callable[[], Feed]) -> None:
    feed = make()
    for step in range(40):
        rows = feed.next(step)
        feed.observe(step, 0.5)
        assert 1 <= len(rows) <= feed.batch and rows.min() >= 0 and rows.max() < N
        assert rows.dtype == np.int64


def test_shuffled_takes_every_row_once_per_epoch_in_another_order() -> None:
    feed = Shuffled(N, 5, seed=1)
    seen = np.concatenate([feed.next(step) for step in range(2 * N)])  # ten whole epochs
    epochs = seen.reshape(-1, N)
    assert all(sorted(epoch) == list(range(N)) for epoch in epochs.tolist())
    assert len({tuple(epoch) for epoch in epochs.tolist()}) == len(epochs)
    assert Shuffled(N, 5, seed=2).next(0).tolist() != feed.next(0).tolist()
