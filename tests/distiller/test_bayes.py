"""KNN-Bayes: by numbers worked by hand, against its formula in float64, tiers at their borders, saved and found again."""

from pathlib import Path

import numpy as np
import pytest

from cuvee.arrays import F64, I64
from cuvee.distiller import bayes
from cuvee.distiller.bayes import Shelf, build, classes_of, compressed, expected, load, posterior, tier, transitions
from cuvee.distiller.examples import Rated
from cuvee.embedders.lexical import Lexical
from cuvee.errors import ConfigError, InputError


def two_classes(p2: float, p5: float) -> F64:
    p = np.zeros(6)
    p[2], p[5] = p2, p5
    return p


def test_the_posterior_of_two_classes_worked_by_hand() -> None:
    """p = (1/4 of class 2, 3/4 of class 5); T[2] = (2: 0.8, 5: 0.2), T[5] = (2: 0.1, 5: 0.9); two votes for 2, one for 5.

    class 2: 0.25 * 0.8^2 * 0.2 = 0.032; class 5: 0.75 * 0.1^2 * 0.9 = 0.00675.
    Posterior of 2: 0.032 / 0.03875 = 0.825806...; expected rating 2 * 0.825806 + 5 * 0.174194 = 2.522581.
    """
    T = np.full((6, 6), 1e-9)
    T[2, 2], T[2, 5], T[5, 2], T[5, 5] = 0.8, 0.2, 0.1, 0.9
    votes = np.array([0, 0, 2, 0, 0, 1])
    chances = posterior(two_classes(0.25, 0.75), T, votes)
    assert chances[2] == pytest.approx(0.032 / 0.03875, abs=1e-12)
    assert expected(chances) == pytest.approx(2.522580645, abs=1e-8)
    assert chances[[0, 1, 3, 4]].tolist() == [0, 0, 0, 0]


def test_transitions_worked_by_hand() -> None:
    """Three texts: classes 5, 5, 1; neighbours: of 0: 1 and 2; of 1: 0 and 2; of 2: 0, and no second.

    From 5 to 5: 2 times, from 5 to 1: 2 times; row 5: 2.01 / 4.06 each, 0.01 / 4.06 elsewhere. From 1 to 5 once.
    """
    T = transitions(np.array([5, 5, 1]), np.array([[1, 2], [0, 2], [0, -1]]))
    assert T[5, 5] == T[5, 1] == pytest.approx(2.01 / 4.06)
    assert T[5, 0] == pytest.approx(0.01 / 4.06)
    assert T[1, 5] == pytest.approx(1.01 / 1.06) and T[1, 1] == pytest.approx(0.01 / 1.06)
    assert T[3].tolist() == pytest.approx([1 / 6] * 6)
    assert T.sum(axis=1) == pytest.approx(np.ones(6))


def formula(p: F64, T: F64, votes: I64) -> float:
    """Return the expected rating as the equation says it, products and all."""
    weights = [p[a] * np.prod([T[a, b] ** votes[b] for b in range(6)], dtype=np.float64) for a in range(6)]
    return float(sum(a * weight for a, weight in enumerate(weights)) / sum(weights))


@pytest.mark.parametrize("seed", range(5))
def test_a_shelf_gives_what_the_formula_gives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((120, 8)).astype(np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    classes = rng.integers(0, 6, 120)
    shelf = Shelf.of(X, classes)
    asked = rng.standard_normal((30, 8)).astype(np.float32)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    many = shelf.many(asked)
    for x, value in zip(asked, many, strict=True):
        nearest = np.argsort(-(X.astype(np.float64) @ x), kind="stable")[:16]
        votes = np.bincount(classes[nearest], minlength=6)
        assert value == pytest.approx(formula(shelf.p, shelf.T, votes), abs=1e-9)
        assert shelf.one(x) == pytest.approx(value, abs=1e-12)


def test_many_votes_do_not_underflow() -> None:
    T = np.full((6, 6), 1e-6)
    np.fill_diagonal(T, 1 - 5e-6)
    chances = posterior(np.full(6, 1 / 6), T, np.array([0, 0, 0, 0, 4000, 3000]))
    assert np.isfinite(chances).all() and chances[4] == pytest.approx(1)


@pytest.mark.parametrize(
    ("rating", "reward"),
    [(5, 1), (4, 1), (np.nextafter(4, 0), 0.3), (3.5, 0.3), (3, 0.3), (np.nextafter(3, 0), 0), (0, 0)],
)
def test_tiers_begin_exactly_at_their_borders(rating: float, reward: float) -> None:
    assert tier(float(rating)) == reward


@pytest.mark.parametrize(("given", "scale"), [(1, 0), (4, 0), (4.5, 0.5), (8, 4), (9, 5), (10, 5)])
def test_ratings_from_one_to_ten_are_compressed(given: float, scale: float) -> None:
    assert compressed(given) == scale


def test_classes_are_the_nearest_whole_number() -> None:
    assert classes_of(np.array([0, 0.49, 0.5, 2.5, 4.49, 4.5, 5])).tolist() == [0, 0, 1, 3, 4, 5, 5]


def rated() -> list[Rated]:
    good = [
        Rated("qa", f"Q: how do {word}s grow?\nA: with water, light and patience, {word} by {word}", 5)
        for word in WORDS
    ]
    weak = [Rated("qa", f"Q: um {word}?\nA: dunno {word}", 1) for word in WORDS]
    return [*good, *weak, *[Rated("para", row.text, row.rating) for row in good[:4]]]


WORDS = [
    "apple",
    "birch",
    "cedar",
    "daisy",
    "elder",
    "ferns",
    "grape",
    "hazel",
    "irises",
    "jasmine",
    "kale",
    "lilies",
    "maple",
    "nettle",
    "olive",
    "peony",
]


def test_a_library_tells_good_from_weak_and_comes_back_from_its_folder(tmp_path: Path) -> None:
    library = build(rated(), Lexical(), "lexical")
    good, weak = "Q: how do roses grow?\nA: with water, light and patience", "Q: um rose?\nA: dunno rose"
    assert library.rate("qa", good) > 4 and library.rate("qa", weak) < 2
    library.save(tmp_path)
    again = load(tmp_path)
    assert again.rate("qa", good) == library.rate("qa", good) and again.rate("qa", weak) == library.rate("qa", weak)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["library.json", "para.npz", "qa.npz", "texts.jsonl"]
    with pytest.raises(ConfigError, match="mcq"):
        again.rate("mcq", good)


def test_a_library_knows_whether_it_can_be_trusted() -> None:
    library = build(rated(), Lexical(), "lexical")
    trust = library.shelf("qa").trust()
    assert trust is not None and trust > 0.95 and library.shelf("para").trust() is None and not library.doubts()
    X = np.random.default_rng(0).standard_normal((120, 32)).astype(np.float32)
    chance = Shelf.of(X / np.linalg.norm(X, axis=1, keepdims=True), np.random.default_rng(1).integers(0, 6, 120))
    only = bayes.Library(library.embedder, "lexical", [], {"qa": chance})
    assert "kind qa tell little" in only.doubts()[0]


def test_what_cannot_be_a_library_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        build([], Lexical(), "lexical")
    with pytest.raises(InputError, match="7"):
        build([Rated("qa", "Q: a\nA: b", 7)], Lexical(), "lexical")
    with pytest.raises(ConfigError, match="library"):
        load(tmp_path)


def test_a_class_of_no_text_is_never_expected() -> None:
    assert bayes.prior(np.array([1, 1, 4])).tolist() == pytest.approx([0, 2 / 3, 0, 0, 1 / 3, 0])
