"""The faults are there, at their shares, and are what they are called."""

from collections import Counter

import pytest

from cuvee.errors import ConfigError
from cuvee.planting import SHARES, Planted, plant
from cuvee.planting.near import distinct, grams, jaccard, normal
from cuvee.planting.planted import APART, NEAR

POOL = plant(2000, seed=3)
BY_ID = {p.row["id"]: p for p in POOL}


def said(planted: Planted) -> str:
    return "\n".join(planted.row[key] for key in ("instruction", "input", "output") if planted.row[key])


def of(fault: str) -> list[Planted]:
    return [p for p in POOL if p.fault == fault]


def test_counts_shares_and_imbalance() -> None:
    assert len(POOL) == len(BY_ID) == 2000
    faults = Counter(p.fault for p in POOL)
    assert {fault: faults[fault] for fault in SHARES} == {fault: round(2000 * share) for fault, share in SHARES.items()}
    families = sorted(Counter(p.family for p in POOL).values())
    assert len(families) == 12 and families[-1] / families[0] == pytest.approx(30, rel=0.25)
    assert all(list(p.row) == ["id", "instruction", "input", "output", "task"] for p in POOL)


def test_same_seed_same_rows_and_another_seed_others() -> None:
    assert plant(400, seed=1) == plant(400, seed=1)

    assert plant(400, seed=1) != plant(400, seed=2)


def test_exact_duplicates_are_equal_after_normalisation_only() -> None:
    copies = of("exact-duplicate")
    pairs = [(said(p), said(BY_ID[p.original])) for p in copies if p.original]
    assert len(pairs) == len(copies)
    assert all(normal(one) == normal(two) for one, two in pairs)
    verbatim = sum(one == two for one, two in pairs)
    assert len(pairs) / 4 < verbatim < len(pairs) / 2, "some verbatim, some not"


def test_near_duplicates_are_near_and_not_equal() -> None:
    for copy in of("near-duplicate"):
        assert copy.original
        original = BY_ID[copy.original]
        assert NEAR <= jaccard(grams(said(copy)), grams(said(original))) < 1
        assert copy.row["output"] == original.row["output"]
        assert 1 <= sum(a != b for a, b in zip(said(copy).split(), said(original).split(), strict=True)) <= 4


def test_duplicates_repeat_faultless_rows_once() -> None:
    originals = [p.original for p in POOL if p.fault in ("exact-duplicate", "near-duplicate")]
    assert len(set(originals)) == len(originals)
    assert all(BY_ID[at].fault is None for at in originals if at)


def test_no_other_rows_are_alike() -> None:
    base = [p for p in POOL if p.fault not in ("exact-duplicate", "near-duplicate")]
    sets = [grams(p.row["instruction"] + "\n" + p.row["input"] + "\n" + p.row["output"]) for p in base]
    homes: dict[tuple[str, ...], list[int]] = {}
    for at, each in enumerate(sets):
        for gram in each:
            homes.setdefault(gram, []).append(at)
    shared: Counter[tuple[int, int]] = Counter()
    for rows in homes.values():
        if len(rows) <= 40:  # rows that share 3/4 of their grams share a rare one, too
            shared.update((a, b) for i, a in enumerate(rows) for b in rows[i + 1 :])
    # a spoilt answer may bring two rows a little nearer than APART, never to NEAR
    assert max(jaccard(sets[a], sets[b]) for a, b in shared) < NEAR
    clean = [(a, b) for a, b in shared if base[a].fault is None and base[b].fault is None]
    assert max(jaccard(sets[a], sets[b]) for a, b in clean) < APART


def test_wrong_answers_are_those_of_another_row() -> None:
    for wrong in of("wrong-answer"):
        assert wrong.original
        donor = BY_ID[wrong.original]
        assert donor.fault is None and wrong.row["output"] == donor.row["output"]
        assert (donor.family == wrong.family) == (wrong.family not in ("ideas", "terms"))


def test_cut_answers_end_inside_a_word_and_empty_ones_are_empty() -> None:
    assert all(p.row["output"] == "" and p.original is None for p in of("empty-answer"))
    assert all(p.row["output"][-1].isalpha() and p.original is None for p in of("truncated-answer"))
    assert all(p.row["output"] for p in POOL if p.fault != "empty-answer")


def test_ids_say_nothing_about_the_fault() -> None:
    faulty = [at for at, p in enumerate(POOL) if p.fault]
    assert [p.row["id"] for p in POOL] == [f"demo-{at:05d}" for at in range(1, 2001)]
    assert sum(faulty) / len(faulty) == pytest.approx(1000, abs=120), "faults lie all over the pool"


def test_too_few_rows_and_too_many_are_refused() -> None:
    with pytest.raises(ConfigError, match="too small"):
        plant(199)
    assert len(plant(200)) == 200


def test_distinct_agrees_with_brute_force() -> None:
    texts = [said(p) for p in POOL if p.family in ("grammar", "extraction")][:200]
    for below in (0.5, 0.8):
        kept: list[int] = []
        for at, text in enumerate(texts):
            if all(jaccard(grams(text), grams(texts[other])) < below for other in kept):
                kept.append(at)
        assert distinct(texts, below) == kept
        assert len(kept) < len(texts)


def test_normal_and_jaccard_by_hand() -> None:
    assert normal(" Ｈe\u00a0LLO \n x ") == "he llo x"
    assert jaccard(grams("a b c d e"), grams("a b c d f")) == 2 / 4
    assert jaccard(grams("Yes."), grams("yes")) == 1
