"""Rows of a pool that hold items of an evaluation set."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cuvee.arrays import F32, F64, I64, U64, Bool
from cuvee.cleaners.tokens import Tokens, ngrams, tokens

GRAM = 3  # words of the grams that a share is made of
RUN = 5  # words that row and item must have in common, one after another, to be compared
WHOLE = 12  # distinct words below which an item has no identity but their order
COMMON = 10  # a run that stands in more items than this points at none of them, unless the item has no rarer one
_PAIRS = 20_000  # pairs whose grams stand in memory at once
_BLOCK = 4_096


@dataclass(frozen=True)
class Contamination:
    """What each row holds.

    share: (n,) float32 in [0, 1], the largest share of an item found in the row (or cosine, by vectors); 0 where no item
    was near enough to be compared. item: (n,) int64, the number of that item where the share reaches the threshold, else
    -1. ignored: (m,) int64, the items that are too short to be looked for.
    """

    share: F32
    item: I64
    ignored: I64


def contamination(pool: Tokens, items: Sequence[str], *, threshold: float = 0.5) -> Contamination:
    """Return for each row the largest share of an evaluation item's word 3-grams that stand in it.

    An item is compared with a row when both hold the same run of 5 words. Its share is the sum of 1 / (items that hold
    the gram) over its n-grams in the row, divided by that sum over all its n-grams: template text that many items share
    ("Options: - Yes - No") weighs nearly nothing, and a changed word costs 3 grams, not the whole item.
    An item of fewer than 12 distinct words has no identity but their order: it counts only as a whole, word after
    word (share 1). One shorter than 5 words is ignored and listed as such: a phrase of four words is no evidence.

    threshold: in (0, 1]. Case, punctuation and line breaks do not matter. Equal shares name the first item.
    Time O(words of the pool + words of the items); at most 10 items are tried per run of words, except for items whose
    runs are all common.
    """
    words = tokens(items)
    share = np.zeros(len(pool), dtype=np.float32)
    item = np.full(len(pool), -1, dtype=np.int64)
    rows, others = _pairs(pool, words)
    if len(rows):
        shares = _shares(pool, words, rows, others)
        few = np.array([len(np.unique(words.row(at))) < WHOLE for at in range(len(words))])
        for at in np.flatnonzero(few[others]):
            shares[at] = float(shares[at] == 1.0 and _stands_in(words.row(others[at]), pool.row(rows[at])))
        order = np.lexsort((others, -shares, rows))
        rows, others, shares = rows[order], others[order], shares[order]
        first = np.flatnonzero(np.diff(rows, prepend=-1))
        share[rows[first]] = shares[first]
        reached = first[shares[first] >= threshold]
        item[rows[reached]] = others[reached]
    return Contamination(share, item, np.flatnonzero(words.lengths < RUN).astype(np.int64))


def contamination_vectors(X: F32, E: F32, *, threshold: float) -> Contamination:
    """Return for each row the highest cosine to an evaluation item.

    X: (n, d) and E: (m, d) float32 unit rows. threshold: cosine. Nothing is ignored. Memory: blocks of 4,096 x m.
    """
    share = np.zeros(len(X), dtype=np.float32)
    item = np.full(len(X), -1, dtype=np.int64)
    for start in range(0, len(X) if len(E) else 0, _BLOCK):
        cosines = np.asarray(X[start : start + _BLOCK]) @ E.T
        best = cosines.argmax(axis=1)
        share[start : start + _BLOCK] = np.clip(cosines[np.arange(len(best)), best], 0.0, 1.0)
        item[start : start + _BLOCK] = np.where(share[start : start + _BLOCK] >= threshold, best, -1)
    return Contamination(share, item, np.empty(0, dtype=np.int64))


def _pairs(pool: Tokens, words: Tokens) -> tuple[I64, I64]:
    """Return (row, item) pairs, each once, that share a run of words which points at the item."""
    grams, owners = _anchors(words)
    found = ngrams(pool, RUN)
    hit = _among(found.hashes, grams)
    low = np.searchsorted(grams, found.hashes[hit], "left")
    counts = np.searchsorted(grams, found.hashes[hit], "right") - low
    places = np.arange(counts.sum()) + np.repeat(low - (np.cumsum(counts) - counts), counts)
    pairs = np.unique(np.repeat(_row_of(found, hit), counts) * len(words) + owners[places])
    return pairs // max(1, len(words)), pairs % max(1, len(words))


def _anchors(words: Tokens) -> tuple[U64, I64]:
    """Return the sorted hashes of the runs by which items are found, and the item of each.

    These are an item's runs that stand in few items, or else its rarest.
    """
    long = np.flatnonzero(words.lengths >= RUN).astype(np.int64)
    grams, owners = _distinct(ngrams(words.take(long), RUN))
    number, count = _document_counts(grams)
    rarest = np.full(len(long), np.iinfo(np.int64).max)
    np.minimum.at(rarest, owners, count[number])
    points = np.flatnonzero(count[number] <= np.maximum(COMMON, rarest[owners]))
    order = points[np.argsort(grams[points], kind="stable")]
    return grams[order], long[owners[order]]


def _shares(pool: Tokens, words: Tokens, rows: I64, others: I64) -> F64:
    """Return the weighted share of each pair's item that stands in its row: (p,) in [0, 1]."""
    grams, owners = _distinct(ngrams(words, GRAM))
    number, count = _document_counts(grams)
    weights = 1.0 / count[number]
    offsets = np.searchsorted(owners, np.arange(len(words) + 1))
    distinct = np.unique(grams)
    some = np.unique(rows)
    found = ngrams(pool.take(some), GRAM)
    hit = _among(found.hashes, distinct)
    held = np.unique(_row_of(found, hit) * len(distinct) + np.searchsorted(distinct, found.hashes[hit]))
    place = np.searchsorted(some, rows)
    totals = np.add.reduceat(np.append(weights, 0.0), offsets[:-1]) if len(words) else np.empty(0)
    shares = np.zeros(len(rows))
    for start in range(0, len(rows), _PAIRS):
        part = slice(start, start + _PAIRS)
        sizes = (offsets[1:] - offsets[:-1])[others[part]]
        at = np.arange(sizes.sum()) + np.repeat(offsets[:-1][others[part]] - (np.cumsum(sizes) - sizes), sizes)
        wanted = np.repeat(place[part], sizes) * len(distinct) + number[at]
        got = weights[at] * _member(wanted, held)
        pair = np.repeat(np.arange(len(sizes)), sizes)
        shares[part] = np.bincount(pair, got, minlength=len(sizes)) / totals[others[part]]
    return shares


def _stands_in(item: U64, row: U64) -> bool:
    """Return whether the words of the item stand in the row one after another."""
    wanted, held, at = item.tobytes(), row.tobytes(), -1
    while (at := held.find(wanted, at + 1)) >= 0:
        if at % item.itemsize == 0:  # else it only looks so, across two words
            return True
    return False


def _distinct(grams: Tokens) -> tuple[U64, I64]:
    """Return the grams of all rows, each once per row, and their rows; rows ascending."""
    owners = np.repeat(np.arange(len(grams)), grams.lengths)
    order = np.lexsort((grams.hashes, owners))
    hashes, owners = grams.hashes[order], owners[order]
    new = np.ones(len(hashes), dtype=bool)
    new[1:] = (hashes[1:] != hashes[:-1]) | (owners[1:] != owners[:-1])
    return hashes[new], owners[new]


def _document_counts(grams: U64) -> tuple[I64, I64]:
    """Return the number of each gram among the sorted distinct ones, and in how many rows each of those stands."""
    _, number, count = np.unique(grams, return_inverse=True, return_counts=True)
    return number, count


def _among(hashes: U64, wanted: U64) -> I64:
    """Return where ``hashes`` holds one of ``wanted`` (sorted). A table of 2**24 bits rules most out first."""
    table = np.zeros(1 << 24, dtype=bool)
    table[wanted >> np.uint64(40)] = True
    maybe = np.flatnonzero(table[hashes >> np.uint64(40)])
    return maybe[_member(hashes[maybe], wanted)]


def _member(values: U64 | I64, among: U64 | I64) -> Bool:
    """Return whether each value stands in the sorted array."""
    if not len(among):
        return np.zeros(len(values), dtype=bool)
    found: Bool = among[np.minimum(np.searchsorted(among, values), len(among) - 1)] == values
    return found


def _row_of(grams: Tokens, places: I64) -> I64:
    return (np.searchsorted(grams.offsets, places, "right") - 1).astype(np.int64)
