"""Packing against the definition, and padding counted by hand."""

import numpy as np
import pytest

from cuvee.render.packing import packed, padding


def best_fit(lengths: list[int], size: int) -> list[int]:
    """Best-fit decreasing by the definition: among the sequences that hold it, the fullest."""
    full: list[int] = []
    for length in sorted((min(one, size) for one in lengths if one), reverse=True):
        holding = [at for at, used in enumerate(full) if used + length <= size]
        if holding:
            full[max(holding, key=lambda at: full[at])] += length
        else:
            full.append(length)
    return full


@pytest.mark.parametrize("seed", range(5))
def test_it_is_best_fit_decreasing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 130, size=200)
    assert sorted(packed(lengths, 100).tolist()) == sorted(best_fit(lengths.tolist(), 100))
    assert packed(lengths, 100).sum() == np.minimum(lengths, 100).sum()


def test_nothing_needs_no_sequence() -> None:
    assert not len(packed(np.zeros(3, dtype=np.int64), 8)) and padding(np.zeros(3, dtype=np.int64), 8) == 0.0


def test_padding_is_what_the_longest_of_a_batch_leaves() -> None:
    assert padding(np.array([4, 4, 4, 4]), 2) == 0.0
    assert padding(np.array([10, 5]), 2) == pytest.approx(1 - 15 / 20)
    assert padding(np.array([10, 5, 5]), 8) == pytest.approx(1 - 20 / 30)
    assert padding(np.array([7, 3, 9]), 1) == 0.0
