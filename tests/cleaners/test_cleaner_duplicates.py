import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuvee.arrays import F32, I64
from cuvee.cleaners import duplicates
from cuvee.cleaners.duplicates import exact, near_vectors
from cuvee.cleaners.near_words import near
from cuvee.cleaners.tokens import Tokens, ngrams, tokens

Rows = list[tuple[str, str]]


def sets_of(words: Tokens) -> list[set[int]]:
    grams = ngrams(words, 3)
    return [set(grams.row(at).tolist()) for at in range(len(grams))]


def jaccard(a: set[int], b: set[int]) -> float:
    return len(a & b) / len(a | b) if a and b else 0.0


@given(st.lists(st.integers(0, 5)))
def test_exact_names_the_first(values: list[int]) -> None:
    prints = [value.to_bytes(16, "big") for value in values]
    expected = [values.index(value) if values.index(value) < at else -1 for at, value in enumerate(values)]
    assert exact(prints).tolist() == expected
    assert exact(np.frombuffer(b"".join(prints), np.uint64).reshape(-1, 2)).tolist() == expected


def test_near_by_hand() -> None:
    """Ten words have 8 shingles; one more word makes 9, so the similarity is 8/9. A last word changed: 7 of 9."""
    ten = "one two three four five six seven eight nine ten"
    found = near(tokens([ten, ten + " eleven", ten[:-3] + "zehn", "short text", "Short, text!", "", ""]), threshold=0.8)
    assert found.keeper.tolist() == [-1, 0, -1, -1, 3, -1, -1]
    np.testing.assert_allclose(found.similarity[[1, 4]], [8 / 9, 1.0], rtol=1e-6)
    assert np.isnan(found.similarity[[0, 2, 3, 5, 6]]).all()


def test_a_chain_does_not_fall_through_a_fallen_row() -> None:
    """b repeats a and c repeats b, but c does not repeat a: c is kept, as nothing that is kept says the same."""
    words = [f"w{number}" for number in range(60)]
    a, b, c = " ".join(words[:50]), " ".join(words[4:54]), " ".join(words[8:58])
    assert near(tokens([a, b, c])).keeper.tolist() == [-1, 0, -1]
    assert near(tokens([a, b, c]), skip=np.array([True, False, False])).keeper.tolist() == [-1, -1, 1]


@pytest.mark.parametrize("name", ["t0_50k", "gpteacher_toolformer", "gsm8k_train"])
def test_recall_and_precision_on_real_rows(rows_of: dict[str, Rows], name: str) -> None:
    """2,000 rows against all pairs: every fall is true and names a kept row; nearly every row that should fall does."""
    words = tokens([f"{asked}\n{answer}" for asked, answer in rows_of[name][:2_000]])
    sets = sets_of(words)
    found = near(words)
    for row in np.flatnonzero(found.keeper >= 0):
        keeper = found.keeper[row]
        assert keeper < row and found.keeper[keeper] == -1
        assert found.similarity[row] >= 0.8
        assert found.similarity[row] == pytest.approx(jaccard(sets[row], sets[keeper]), rel=1e-6)
    kept = np.flatnonzero(found.keeper < 0)
    missed = missed_rows(words, kept)
    assert missed <= 0.03 * max(1, missed + (found.keeper >= 0).sum())


def missed_rows(words: Tokens, kept: I64) -> int:
    """Count kept rows that have an earlier kept row at 0.8 or more, by one sparse product over all pairs."""
    from scipy.sparse import csr_array

    grams = ngrams(words, 3).take(kept)
    _, columns = np.unique(grams.hashes, return_inverse=True)
    A = csr_array((np.ones(len(columns)), columns, grams.offsets), shape=(len(kept), columns.max() + 1))
    A.sum_duplicates()
    A.data[:] = 1
    shared = (A @ A.T).tocoo()
    sizes = np.diff(A.indptr)
    alike = shared.data / (sizes[shared.row] + sizes[shared.col] - shared.data) >= 0.8
    return len(np.unique(shared.row[alike & (shared.row > shared.col)]))


def test_a_huge_bucket_is_no_square() -> None:
    """6,000 rows that share 70 of 100 words: every pair is a candidate, none is near enough; ten true copies are found."""
    rng = np.random.default_rng(0)
    head = " ".join(f"h{number}" for number in range(70))
    texts = [head + " " + " ".join(f"t{number}" for number in rng.integers(0, 10**9, 30)) for _ in range(6_000)]
    texts += texts[-10:]
    assert (np.flatnonzero(near(tokens(texts)).keeper >= 0) >= 6_000).tolist() == [True] * 10


def test_near_is_the_same_every_time() -> None:
    rng = np.random.default_rng(1)
    texts = [" ".join(f"w{number}" for number in rng.integers(0, 8, 12)) for _ in range(500)]
    np.testing.assert_array_equal(near(tokens(texts)).keeper, near(tokens(texts)).keeper)


def greedy(X: F32, threshold: float) -> list[int]:
    """Return the keepers by the rule, one row after the other."""
    kept: list[int] = []
    keeper = []
    for row in range(len(X)):
        cosines = X[kept] @ X[row] if kept else np.empty(0)
        if len(kept) and cosines.max() >= threshold:
            keeper.append(kept[int(cosines.argmax())])
        else:
            kept.append(row)
            keeper.append(-1)
    return keeper


def clustered(n: int) -> F32:
    rng = np.random.default_rng(2)
    X = rng.standard_normal((n // 4, 16))[rng.integers(0, n // 4, n)] + 0.15 * rng.standard_normal((n, 16))
    unit: F32 = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
    return unit


def test_vectors_against_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "_BLOCK", 100)
    X = clustered(900)
    found = near_vectors(X, threshold=0.97)
    expected = greedy(X, 0.97)
    assert 100 < (found.keeper >= 0).sum() < 800
    assert ((found.keeper >= 0) == (np.array(expected) >= 0)).all()
    for row in np.flatnonzero(found.keeper >= 0):
        assert found.keeper[found.keeper[row]] == -1
        assert found.similarity[row] == pytest.approx(X[row] @ X[found.keeper[row]], abs=1e-5)
        assert found.similarity[row] >= 0.97


def test_many_vectors_are_searched_in_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    X = clustered(8_000)
    whole = near_vectors(X, threshold=0.97).keeper >= 0
    monkeypatch.setattr(duplicates, "EXACT_ROWS", 1_000)
    found = near_vectors(X, threshold=0.97)
    assert (found.keeper[whole] >= 0).mean() > 0.97
    fallen = np.flatnonzero(found.keeper >= 0)
    assert (np.einsum("ij,ij->i", X[fallen], X[found.keeper[fallen]]) >= 0.97 - 1e-5).all()


def test_no_vectors() -> None:
    assert len(near_vectors(np.empty((0, 4), dtype=np.float32), threshold=0.9).keeper) == 0
