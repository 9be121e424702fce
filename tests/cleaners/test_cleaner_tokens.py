import re
import unicodedata

import numpy as np
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from cuvee.cleaners.tokens import Tokens, ngrams, tokens


def hashes(*words: str) -> list[int]:
    return [xxhash.xxh3_64_intdigest(word.encode()) for word in words]


def test_words_are_lower_case_and_normalised() -> None:
    made = tokens(["Hello, WORLD_1!", "", "Ｆｕｌｌ ﬁne", "蛋要 煮", "...", "Straße élan"])
    assert [made.row(at).tolist() for at in range(6)] == [
        hashes("hello", "world_1"),
        [],
        hashes("full", "fine"),
        hashes("蛋", "要", "煮"),
        [],
        hashes("straße", "élan"),
    ]
    assert made.hashes.dtype == np.uint64 and made.offsets.tolist() == [0, 2, 2, 4, 7, 7, 9]


@given(st.lists(st.text(st.characters(max_codepoint=0x24F, exclude_categories=["Cs", "M", "No", "Lm", "Sk"]))))
def test_latin_texts_agree_with_pythons_words(texts: list[str]) -> None:
    made = tokens(texts)
    for at, text in enumerate(texts):
        assert made.row(at).tolist() == hashes(*re.findall(r"\w+", unicodedata.normalize("NFKC", text).lower()))


@given(st.lists(st.lists(st.integers(0, 3), max_size=9), max_size=6), st.integers(1, 5))
def test_ngrams_are_equal_exactly_where_their_tokens_are(rows: list[list[int]], n: int) -> None:
    flat = np.array([token for row in rows for token in row], dtype=np.uint64)
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    grams = ngrams(Tokens(flat, offsets), n)
    expected = []
    for row in rows:
        whole = [tuple(row[at : at + n]) for at in range(len(row) - n + 1)]
        expected.append(whole or ([tuple(row)] if row else []))
    assert grams.lengths.tolist() == [len(row) for row in expected]
    names: dict[int, tuple[int, ...]] = {}
    for value, gram in zip(grams.hashes.tolist(), [gram for row in expected for gram in row], strict=True):
        assert names.setdefault(value, gram) == gram
    assert len(names) == len(set(names.values()))


def test_take_reorders_rows() -> None:
    made = tokens(["a b c", "", "d e"])
    taken = made.take(np.array([2, 0, 2, 1]))
    assert [taken.row(at).tolist() for at in range(4)] == [made.row(at).tolist() for at in (2, 0, 2, 1)]


def test_no_texts() -> None:
    assert len(tokens([])) == 0 and len(ngrams(tokens([]), 3)) == 0
