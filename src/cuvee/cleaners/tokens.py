"""Texts -> flat arrays of word hashes, the only form in which cleaners read text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl
import pyarrow as pa
import xxhash

from cuvee.arrays import I64, U64

# Written without spaces, so a run of these is no word: every character is a token of its own.
_ALONE = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}"
_WORD = rf"[{_ALONE}]|[\w--[{_ALONE}]]+"
_ASCII_WORD = "[a-z0-9_]+"  # the same words on lower-case ASCII, found faster
_BATCH = 20_000  # rows; bounds the memory that words as strings take

_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying by it loses nothing
_MIX1, _MIX2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


class Words(Protocol):
    """Rows of hashes, in memory (``Tokens``) or in a file (``spilled.Spilled``)."""

    def __len__(self) -> int: ...
    @property
    def lengths(self) -> I64:
        """(n,) int64, tokens of each row."""
        ...

    def row(self, at: int) -> U64:
        """Return the hashes of one row, in text order."""
        ...

    def part(self, start: int, stop: int) -> "Tokens":
        """Return the rows of a range, in memory."""
        ...


@dataclass(frozen=True)
class Tokens:
    """Rows of hashes in one flat array (CSR).

    hashes: (t,) uint64. offsets: (n + 1,) int64; row i is ``hashes[offsets[i] : offsets[i + 1]]``.
    """

    hashes: U64
    offsets: I64

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> I64:
        """(n,) int64, tokens of each row."""
        return np.diff(self.offsets)

    def row(self, at: int) -> U64:
        """Return the hashes of one row, in text order."""
        return self.hashes[self.offsets[at] : self.offsets[at + 1]]

    def part(self, start: int, stop: int) -> "Tokens":
        """Return the rows of a range."""
        offsets = self.offsets[start : min(stop, len(self)) + 1]
        return Tokens(self.hashes[offsets[0] : offsets[-1]], offsets - offsets[0])

    def take(self, rows: I64) -> "Tokens":
        """Return these rows, in this order."""
        lengths = self.lengths[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        places = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], lengths)
        return Tokens(self.hashes[places], offsets)


def tokens(texts: Sequence[str]) -> Tokens:
    """Return the XXH3-64 hash of every word of every text.

    A word is a maximal run of letters, digits and underscores of the text in NFKC and lower case; every Han, kana and
    Thai character is a word. The hashes depend on the words alone: not on the process, the platform or a library.
    """
    hashes, lengths = [np.empty(0, dtype=np.uint64)], [np.empty(0, dtype=np.int64)]
    for start in range(0, len(texts), _BATCH):
        batch = pl.Series(texts[start : start + _BATCH], dtype=pl.String)
        words = _words(batch)
        lengths.append(words.list.len().to_numpy().astype(np.int64))
        hashes.append(_hashes(words.filter(words.list.len() > 0).explode()))
    return Tokens(np.concatenate(hashes), np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64))


def ngrams(words: Tokens, n: int) -> Tokens:
    """Return the hashes of all runs of ``n`` tokens of each row, in text order.

    A row shorter than n has one gram, of all its tokens; an empty row has none. The hash is a polynomial in the tokens,
    modulo 2**64, through SplitMix64's finaliser; runs of different lengths differ.
    """
    lengths = words.lengths
    counts = np.where(lengths >= n, lengths - n + 1, np.minimum(lengths, 1))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    grams = np.empty(offsets[-1], dtype=np.uint64)
    starts = np.arange(offsets[-1]) + np.repeat(words.offsets[:-1] - offsets[:-1], counts)
    runs = np.repeat(np.minimum(lengths, n), counts)  # tokens in each gram
    whole = runs == n
    grams[whole] = polynomial([words.hashes[at : len(words.hashes) - n + 1 + at] for at in range(n)])[starts[whole]]
    for size in range(1, n):
        here = np.flatnonzero(runs == size)
        grams[here] = polynomial([words.hashes[starts[here] + at] for at in range(size)])
    return Tokens(grams, offsets)


def _words(texts: pl.Series) -> pl.Series:
    """Return the words of each text as a list column."""
    other = texts.str.contains(r"[^\x00-\x7f]")
    plain = texts.filter(~other).str.to_lowercase().str.extract_all(_ASCII_WORD)
    if not other.any():
        return plain
    special = texts.filter(other).str.normalize("NFKC").str.to_lowercase().str.extract_all(_WORD)
    order = pl.concat([(~other).arg_true(), other.arg_true()]).arg_sort()
    return pl.concat([plain, special]).gather(order)


def _hashes(words: pl.Series) -> U64:
    """Hash every distinct word once, and spread the hashes over the words."""
    coded = words.to_arrow().cast(pa.large_string()).dictionary_encode()
    distinct = coded.dictionary.to_pylist()
    table = np.fromiter((xxhash.xxh3_64_intdigest(word.encode()) for word in distinct), np.uint64, len(distinct))
    spread: U64 = table[coded.indices.to_numpy()]
    return spread


def polynomial(columns: list[U64]) -> U64:
    """Return one hash per row of these columns, the first token in the first column."""
    total = np.full(len(columns[0]), len(columns), dtype=np.uint64)
    for column in columns:
        total *= _BASE
        total += column
    total ^= total >> np.uint64(30)
    total *= _MIX1
    total ^= total >> np.uint64(27)
    total *= _MIX2
    total ^= total >> np.uint64(31)
    return total
