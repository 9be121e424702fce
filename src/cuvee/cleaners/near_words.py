"""Rows that nearly repeat earlier ones by their words: MinHash, bands, and the exact similarity of what they bring together."""

from array import array
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from cuvee.arrays import I64, U64, Bool
from cuvee.cleaners.duplicates import Near
from cuvee.cleaners.spilled import Spilled
from cuvee.cleaners.tokens import Tokens, Words, ngrams, polynomial
from cuvee.progress import Advance, unseen

U32 = npt.NDArray[np.uint32]
I32 = npt.NDArray[np.int32]

SHINGLE = 3  # words
PERMUTATIONS = 128  # numbers of a digest
SEED = 0  # of the permutations
RECALL = 0.99  # of pairs at the threshold, by which the banding is chosen
REPRESENTATIVES = 64  # kept rows that a bucket remembers
CHECKS = 8  # exact comparisons per row
TOLD = 1_000  # rows between two steps of a progress bar
_BATCH = 4_096  # rows whose digests stand in memory as Python lists
_SETS = 1_024  # rows whose words stand in memory as Python sets, and the words of the longest of these
_WORDS = 1_000


def near(
    words: Words,
    *,
    threshold: float = 0.8,
    skip: Bool | None = None,
    answers: Words | None = None,
    advance: Advance = unseen,
) -> Near:
    """Return what each row repeats by the Jaccard similarity of its sets of 3 tokens in a row.

    answers: the words of each row's answer, which must be as alike too, as sets of words: the same passage under another
    question is another row.

    threshold: in (0, 1], compared with the exact similarity. skip: rows that neither fall nor let others fall. advance: told
    of 2 steps per row: digested, compared.
    Rows are taken in order. One falls when its similarity to a kept earlier row reaches the threshold, so what it names is
    kept; of several it names the most similar. A row without a word never falls.

    Candidates share a band of their MinHash digests (Broder, 1997; banding after Leskovec, Rajaraman and Ullman, ch. 3);
    the bands find a pair at the threshold with probability 0.99. The work is bounded for any data: a bucket remembers its
    last 64 kept rows, candidates are ranked by their digests, and the exact similarity is taken of the 8 best. So in a
    group of thousands of rows that share a template, a pair may be missed; a row never falls by an estimate.
    Time O(n). Memory: 250 bytes a row for its bands, and 600 for a row that shares a band with another, 512 of them its digest.
    """
    keeper = np.full(len(words), -1, dtype=np.int64)
    similarity = np.full(len(words), np.nan, dtype=np.float32)
    rows = np.flatnonzero((words.lengths > 0) & (~skip if skip is not None else True)).astype(np.int64)
    buckets = _buckets(_bands(words, rows, _band_width(threshold), advance))
    some = np.flatnonzero((buckets >= 0).any(axis=1))
    advance(2 * (len(words) - len(rows)) + len(rows) - len(some))  # those that nothing is compared with
    rows, held = rows[some], _Held(_rows_of(buckets, some))
    del buckets
    slack = 3 * float(np.sqrt(threshold * (1 - threshold) / PERMUTATIONS))  # three standard errors of the estimate
    with Spilled() as grams:
        digests = _kept_digests(words, rows, grams)
        looks = _Looks(grams.whole(), answers, rows, threshold)
        for at in range(len(rows)):
            if at % TOLD == TOLD - 1:
                advance(TOLD)
            likely = looks.agreeing(at, _likely(at, held.beside(at), digests, threshold - slack))
            best, value = looks.most_similar(at, likely[:CHECKS])
            if value >= threshold:
                keeper[rows[at]], similarity[rows[at]] = rows[best], value
            else:
                held.keep(at)
        advance(len(rows) % TOLD)
    return Near(keeper, similarity)


class _Held:
    """The kept rows of every bucket, each in the order of rows; of a bucket the last ones are remembered."""

    def __init__(self, buckets: I32) -> None:
        self._buckets = buckets
        sizes = np.bincount(buckets[buckets >= 0]) if buckets.size else np.empty(0, dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._starts = array("q", starts.tobytes())
        self._ends = array("q", starts.tobytes())
        self._rows: I32 = np.empty(int(starts[-1]), dtype=np.int32)

    def _of(self, at: int) -> list[int]:
        return [bucket for bucket in self._buckets[at].tolist() if bucket >= 0]

    def beside(self, at: int) -> I64:
        """Return the rows that share a bucket with this one, ascending."""
        spans = []
        for bucket in self._of(at):
            start, end = self._starts[bucket], self._ends[bucket]
            if end > start:
                spans.append(self._rows[max(start, end - REPRESENTATIVES) : end])
        return np.unique(np.concatenate(spans)).astype(np.int64) if spans else np.empty(0, dtype=np.int64)

    def keep(self, at: int) -> None:
        """Remember a row in its buckets."""
        for bucket in self._of(at):
            self._rows[self._ends[bucket]] = at
            self._ends[bucket] += 1


class _Looks:
    """Exact comparisons of rows by their shingles and answers. rows: the row of ``answers`` that each number stands for."""

    def __init__(self, grams: Words, answers: Words | None, rows: I64, threshold: float) -> None:
        self._grams, self._answers, self._rows, self._threshold = grams, answers, rows, threshold
        self._few_shingles, self._few_answers = lru_cache(_SETS)(self._shingled), lru_cache(_SETS)(self._answered)
        self._few = grams.lengths <= _WORDS

    def _shingled(self, at: int) -> frozenset[int]:
        return frozenset(self._grams.row(at).tolist())

    def _answered(self, at: int) -> frozenset[int]:
        return frozenset(self._answers.row(int(self._rows[at])).tolist()) if self._answers is not None else frozenset()

    def _shingles(self, at: int) -> frozenset[int]:
        return self._few_shingles(at) if self._few[at] else self._shingled(at)

    def _answer(self, at: int) -> frozenset[int]:
        return self._few_answers(at) if self._few[at] else self._answered(at)

    def agreeing(self, at: int, candidates: list[int]) -> list[int]:
        """Return the first ``CHECKS`` candidates whose answer has the same words, by Jaccard of the sets."""
        if self._answers is None or not candidates:
            return candidates
        kept: list[int] = []
        mine = self._answer(at)
        for other in candidates:
            its = self._answer(other)
            if mine == its or len(mine & its) >= self._threshold * len(mine | its):
                kept.append(other)
                if len(kept) == CHECKS:
                    break
        return kept

    def most_similar(self, at: int, candidates: list[int]) -> tuple[int, float]:
        """Return the candidate with the highest exact similarity, and that similarity; -1 and 0 where there is none."""
        best, value = -1, 0.0
        if not candidates:
            return best, value
        mine = self._shingles(at)
        for other in candidates:
            its = self._shingles(other)
            shared = len(mine & its)
            jaccard = shared / (len(mine) + len(its) - shared)
            if jaccard > value:
                best, value = other, jaccard
        return best, value


def _digests(words: Words, rows: I64) -> Iterator[tuple[U32, Tokens]]:
    """Yield the (b, PERMUTATIONS) uint32 MinHash digests of these rows (ascending) and their shingles, a batch at a time."""
    from rensa import RMinHash

    for start in range(0, len(rows), _BATCH):
        some = rows[start : start + _BATCH]
        first, last = int(some[0]), int(some[-1]) + 1
        grams = ngrams(words.part(first, last).take(some - first), SHINGLE)
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(
            grams.hashes, grams.offsets.astype(np.uint64), PERMUTATIONS, SEED
        )
        yield np.array(matrix.to_rows(), dtype=np.uint32), grams


def _kept_digests(words: Words, rows: I64, into: Spilled) -> U32:
    """Return the (m, PERMUTATIONS) digests of these rows, and put their shingles into a file."""
    whole = np.empty((len(rows), PERMUTATIONS), dtype=np.uint32)
    done = 0
    for digests, grams in _digests(words, rows):
        into.add(grams)
        whole[done : done + len(digests)] = digests
        done += len(digests)
    return whole


def _band_width(threshold: float) -> int:
    """Return the widest band by which a pair at the threshold is still found with probability ``RECALL``."""
    widths = range(1, PERMUTATIONS + 1)
    found = [width for width in widths if 1 - (1 - threshold**width) ** (PERMUTATIONS // width) >= RECALL]
    return max(found, default=1)


def _bands(words: Words, rows: I64, width: int, advance: Advance) -> U64:
    """Return the (m, bands) hashes of the bands of each row's digest."""
    bands = PERMUTATIONS // width
    keys = np.empty((len(rows), bands), dtype=np.uint64)
    done = 0
    for digests, _ in _digests(words, rows):
        for band in range(bands):
            columns = [digests[:, band * width + at].astype(np.uint64) for at in range(width)]
            keys[done : done + len(digests), band] = polynomial(columns)  # sorts faster than bytes
        done += len(digests)
        advance(len(digests))
    return keys


def _buckets(keys: U64) -> I64:
    """Return (m, bands) bucket numbers, unique over all bands, -1 where a row is alone in its bucket; in the place of keys."""
    buckets = keys.view(np.int64)
    total = 0
    for band in range(keys.shape[1]):
        _, place, count = np.unique(keys[:, band], return_inverse=True, return_counts=True)
        shared = count > 1
        numbers = np.where(shared, total + np.cumsum(shared) - 1, -1)
        buckets[:, band] = numbers[place]
        total += int(shared.sum())
    return buckets


def _rows_of(buckets: I64, rows: I64) -> I32:
    found = np.empty((len(rows), buckets.shape[1]), dtype=np.int32)
    for band in range(buckets.shape[1]):
        found[:, band] = buckets[rows, band]
    return found


def _likely(at: int, candidates: I64, digests: U32, least: float) -> list[int]:
    """Return the candidates whose digests agree with the row's in at least this share, the most alike first."""
    if not len(candidates):
        return []
    estimate = np.count_nonzero(digests[candidates] == digests[at], axis=1) / PERMUTATIONS
    order = np.argsort(-estimate, kind="stable")
    found: list[int] = candidates[order[estimate[order] >= least]].tolist()
    return found
