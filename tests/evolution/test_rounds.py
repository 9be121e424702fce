"""Rounds of DiverseEvol on the tiny model: what is picked, that it goes on after a kill, and picks against brute force."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the base install has no torch")

from cuvee import render  # noqa: E402
from cuvee.arrays import F32, I64  # noqa: E402
from cuvee.evolution import rounds as module  # noqa: E402
from cuvee.evolution.rounds import Evolution, rounds, taught, view  # noqa: E402
from cuvee.evolution.strategies import STRATEGIES  # noqa: E402
from cuvee.models import causal  # noqa: E402
from cuvee.planting.planted import plant  # noqa: E402
from cuvee.render import Encoded  # noqa: E402
from cuvee.samples.read import read  # noqa: E402
from cuvee.selectors.space import Space  # noqa: E402
from cuvee.training.settings import Training  # noqa: E402

TRAINING = Training(epochs=1, lr=3e-3, batch=8, max_length=96)


def brute(X: F32, chosen: I64, k: int) -> list[int]:
    """Pick k times the row that lies farthest from everything chosen; all distances, in float64."""
    here = X.astype(np.float64)
    nearest = np.min([np.linalg.norm(here - here[row], axis=1) for row in chosen], axis=0)
    picks: list[int] = []
    for _ in range(k):
        row = int(np.argmax(np.where(np.isin(np.arange(len(here)), [*chosen, *picks]), -1.0, nearest)))
        picks.append(row)
        nearest = np.minimum(nearest, np.linalg.norm(here - here[row], axis=1))
    return picks


@pytest.fixture(scope="module")
def rows(tiny_model: Path) -> list[Encoded]:
    tokenizer = causal.tokenizer_of(tiny_model)
    talks = [
        [
            {"role": "user", "content": row.row["instruction"]},
            {"role": "assistant", "content": row.row["output"] or "none"},
        ]
        for row in plant(200, seed=3)[:120]
    ]
    return render.encode_all(talks, tokenizer, max_length=96)


def plan(base: Path, strategy: str = "k-center", whitening: int = 0) -> Evolution:
    return Evolution(base, STRATEGIES[strategy], TRAINING, Space(whiten=whitening), None, 5)


@pytest.mark.parametrize("whitening", [0, 8])
def test_each_round_takes_what_is_farthest_in_its_models_space(
    rows: list[Encoded], tiny_model: Path, tmp_path: Path, whitening: int
) -> None:
    first = np.array([4, 90, 17, 33], dtype=np.int64)
    found = rounds(plan(tiny_model, whitening=whitening), rows, first, [4, 9, 14], tmp_path / "kept")
    assert list(found[:4]) == list(first) and len(set(found.tolist())) == 14
    for size in (4, 9):  # by hand: train on what stood then, read, pick
        model = taught(plan(tiny_model), rows, found[:size], tmp_path / f"by-hand-{size}").model
        X = view(plan(tiny_model, whitening=whitening), model, rows)
        assert brute(X, found[:size], 5) == found[size : size + 5].tolist()


def test_killed_it_goes_on_to_the_same_rows(
    rows: list[Encoded], tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, sizes = np.arange(4, dtype=np.int64), [4, 8, 12]
    whole = rounds(plan(tiny_model, "entropy"), rows, first, sizes, tmp_path / "whole")
    numbers: list[int] = []

    def once(*given: object, **named: object) -> I64:
        numbers.append(int(str(given[4])))
        if len(numbers) == 2:
            raise KeyboardInterrupt
        return real(*given, **named)  # type: ignore[arg-type]

    real = module.next_rows
    monkeypatch.setattr(module, "next_rows", once)
    with pytest.raises(KeyboardInterrupt):
        rounds(plan(tiny_model, "entropy"), rows, first, sizes, tmp_path / "killed")
    again = rounds(plan(tiny_model, "entropy"), rows, first, sizes, tmp_path / "killed")
    assert numbers == [0, 1, 1]  # the first round is not repeated
    assert again.tolist() == whole.tolist()


@pytest.mark.slow
def test_picks_over_5000_real_rows_equal_brute_force(real_pool: Path, tiny_model: Path) -> None:
    """About a minute: the tiny model reads 5,000 rows of Alpaca."""
    source = read(real_pool / "alpaca_random_9k.json")
    talks = [row for batch in source.batches() for row in batch["messages"].to_pylist()]
    found = render.encode_all(talks, causal.tokenizer_of(tiny_model), max_length=128)
    kept = [row for row in found if row.answer.any()][:5_000]
    X = view(plan(tiny_model), causal.load(tiny_model), kept)
    first = np.arange(0, 5_000, 50, dtype=np.int64)
    picks = STRATEGIES["k-center"].pick(X, first, 300, np.random.default_rng(0))
    assert len(kept) == 5_000 and picks.tolist() == brute(X, first, 300)
