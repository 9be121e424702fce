"""Rows that repeat other rows: to the byte, nearly by their words, nearly by their vectors. The first one is kept."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cuvee.arrays import F32, I64, U8, U64, Bool
from cuvee.cleaners.tokens import Tokens, ngrams, polynomial
from cuvee.progress import Advance, unseen

if TYPE_CHECKING:
    import faiss

U32 = npt.NDArray[np.uint32]

SHINGLE = 3  # words
PERMUTATIONS = 128  # numbers of a digest
SEED = 0  # of the permutations
RECALL = 0.99  # of pairs at the threshold, by which the banding is chosen
REPRESENTATIVES = 64  # kept rows that a bucket remembers
CHECKS = 8  # exact comparisons per row
TOLD = 1_000  # rows between two steps of a progress bar
_BATCH = 20_000  # rows whose digests stand in memory as Python lists
_BLOCK = 2_048  # rows whose cosines to each other stand in memory
EXACT_ROWS = 30_000  # up to here every kept vector is compared


@dataclass(frozen=True)
class Near:
    """What each row repeats.

    keeper: (n,) int64, the earlier kept row that it repeats, -1 for a row that is kept.
    similarity: (n,) float32 in [0, 1], to that row, NaN for a row that is kept; higher is more alike.
    """

    keeper: I64
    similarity: F32


def exact(fingerprints: U8 | U64 | Sequence[bytes]) -> I64:
    """Return for every row the number of the first row with the same fingerprint, -1 where it is that first row.

    fingerprints: (n, 16) uint8, (n, 2) uint64 or n byte strings of one length.
    """
    if not len(fingerprints):
        return np.empty(0, dtype=np.int64)
    if not isinstance(fingerprints, np.ndarray):
        fingerprints = np.frombuffer(b"".join(fingerprints), dtype=np.uint8).reshape(len(fingerprints), -1)
    flat = np.ascontiguousarray(fingerprints)
    whole = flat.view(np.dtype((np.void, flat.shape[1] * flat.itemsize))).ravel()
    _, first, place = np.unique(whole, return_index=True, return_inverse=True)
    keeper: I64 = first[place].astype(np.int64)
    keeper[first] = -1
    return keeper


def near(
    words: Tokens,
    *,
    threshold: float = 0.8,
    skip: Bool | None = None,
    answers: Tokens | None = None,
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
    Time O(n), memory 8 bytes per shingle and 512 bytes, a digest, per row.
    """
    grams = ngrams(words, SHINGLE)
    rows = np.flatnonzero((grams.lengths > 0) & (~skip if skip is not None else True)).astype(np.int64)
    digests = _digests(grams, rows, advance)
    buckets = _buckets(digests, _band_width(threshold))
    keeper = np.full(len(words), -1, dtype=np.int64)
    similarity = np.full(len(words), np.nan, dtype=np.float32)
    advance(len(words) - len(rows))
    slack = 3 * float(np.sqrt(threshold * (1 - threshold) / PERMUTATIONS))  # three standard errors of the estimate
    kept_of: dict[int, deque[int]] = {}
    passed = 0  # rows that were told of; those without a shared band are not looked at
    for at in np.flatnonzero((buckets >= 0).any(axis=1)).tolist():
        if at - passed >= TOLD:
            advance(at - passed)
            passed = at
        mine = [bucket for bucket in buckets[at].tolist() if bucket >= 0]
        candidates = np.array(sorted({other for bucket in mine for other in kept_of.get(bucket, ())}), dtype=np.int64)
        likely = _likely(at, candidates, digests, threshold - slack)
        if answers is not None:
            likely = _agreeing(at, likely, answers, rows, threshold)
        best, value = _most_similar(at, likely[:CHECKS], grams, rows)
        if value >= threshold:
            keeper[rows[at]], similarity[rows[at]] = rows[best], value
        else:
            for bucket in mine:
                kept_of.setdefault(bucket, deque(maxlen=REPRESENTATIVES)).append(at)
    advance(len(words) - passed)
    return Near(keeper, similarity)


def near_vectors(X: F32, *, threshold: float) -> Near:
    """Return what each row repeats by cosine, by the same rule: the first of alike rows is kept.

    X: (n, d) float32 unit rows. threshold: cosine in (0, 1]. Exact up to 30,000 rows; above, the kept rows are searched
    through an inverted file of 4 * sqrt(n) cells of which 16 are read, so a pair may be missed, and every pair that is
    reported is true. Memory: the kept rows once more, and blocks of 2,048 x 2,048.
    """
    n = len(X)
    keeper = np.full(n, -1, dtype=np.int64)
    similarity = np.full(n, np.nan, dtype=np.float32)
    index = _index(X)
    kept: list[I64] = [np.empty(0, dtype=np.int64)]
    for start in range(0, n, _BLOCK):
        block = np.ascontiguousarray(X[start : start + _BLOCK], dtype=np.float32)
        nearest, place = index.search(block, 1)  # -1 where nothing is kept yet, with the lowest of values
        old = np.concatenate(kept)
        falls = nearest[:, 0] >= threshold
        keeper[start : start + len(block)][falls] = old[place[falls, 0]]
        similarity[start : start + len(block)][falls] = nearest[falls, 0]
        stand = np.flatnonzero(~falls)
        within, values = _greedy(block[stand] @ block[stand].T, threshold)
        again = within >= 0
        keeper[start + stand[again]] = start + stand[within[again]]
        similarity[start + stand[again]] = values[again]
        kept.append((start + stand[~again]).astype(np.int64))
        index.add(block[stand[~again]])
    np.clip(similarity, -1.0, 1.0, out=similarity)  # float32 products of unit rows go a little past 1
    return Near(keeper, similarity)


def _index(X: F32) -> "faiss.Index":
    import faiss

    n, d = X.shape
    if n <= EXACT_ROWS:
        return faiss.IndexFlatIP(d)
    cells = int(4 * np.sqrt(n))
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(d), d, cells, faiss.METRIC_INNER_PRODUCT)
    index.nprobe = 16
    index.train(np.ascontiguousarray(X[:: max(1, n // (40 * cells))], dtype=np.float32))
    return index


def _greedy(cosines: F32, threshold: float) -> tuple[I64, F32]:
    """Return for each row of a block the most similar kept earlier row of it, -1 where it is kept, and the cosine."""
    keeper = np.full(len(cosines), -1, dtype=np.int64)
    values = np.full(len(cosines), np.nan, dtype=np.float32)
    alike = np.tril(cosines >= threshold, k=-1)
    for row in np.flatnonzero(alike.any(axis=1)):
        others = np.flatnonzero(alike[row])
        others = others[keeper[others] < 0]
        if len(others):
            best = others[cosines[row, others].argmax()]
            keeper[row], values[row] = best, cosines[row, best]
    return keeper, values


def _digests(grams: Tokens, rows: I64, advance: Advance) -> U32:
    """Return the (m, PERMUTATIONS) uint32 MinHash digests of these rows."""
    from rensa import RMinHash

    parts = [np.empty((0, PERMUTATIONS), dtype=np.uint32)]
    for start in range(0, len(rows), _BATCH):
        part = grams.take(rows[start : start + _BATCH])
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(
            part.hashes, part.offsets.astype(np.uint64), PERMUTATIONS, SEED
        )
        parts.append(np.array(matrix.to_rows(), dtype=np.uint32))
        advance(len(part))
    return np.concatenate(parts)


def _band_width(threshold: float) -> int:
    """Return the widest band by which a pair at the threshold is still found with probability ``RECALL``."""
    widths = range(1, PERMUTATIONS + 1)
    found = [width for width in widths if 1 - (1 - threshold**width) ** (PERMUTATIONS // width) >= RECALL]
    return max(found, default=1)


def _buckets(digests: U32, width: int) -> I64:
    """Return (m, bands) bucket numbers, unique over all bands, -1 where a row is alone in its bucket."""
    m, permutations = digests.shape
    bands = permutations // width
    buckets = np.full((m, bands), -1, dtype=np.int64)
    if not m:
        return buckets
    flat = digests[:, : bands * width].reshape(m, bands, width)
    total = 0
    for band in range(bands):
        keys = polynomial([flat[:, band, at].astype(np.uint64) for at in range(width)])  # sorts faster than bytes
        _, place, count = np.unique(keys, return_inverse=True, return_counts=True)
        shared = count[place] > 1
        buckets[shared, band] = total + place[shared]
        total += len(count)
    return buckets


def _likely(at: int, candidates: I64, digests: U32, least: float) -> list[int]:
    """Return the candidates whose digests agree with the row's in at least this share, the most alike first."""
    if not len(candidates):
        return []
    estimate = (digests[candidates] == digests[at]).mean(axis=1)
    order = np.argsort(-estimate, kind="stable")
    found: list[int] = candidates[order[estimate[order] >= least]].tolist()
    return found


def _agreeing(at: int, candidates: list[int], answers: Tokens, rows: I64, threshold: float) -> list[int]:
    """Return the first ``CHECKS`` candidates whose answer has the same words, by Jaccard of the sets."""
    kept: list[int] = []
    mine = set(answers.row(int(rows[at])).tolist()) if candidates else set()
    for other in candidates:
        its = set(answers.row(int(rows[other])).tolist())
        if mine == its or len(mine & its) >= threshold * len(mine | its):
            kept.append(other)
            if len(kept) == CHECKS:
                break
    return kept


def _most_similar(at: int, candidates: list[int], grams: Tokens, rows: I64) -> tuple[int, float]:
    """Return the candidate with the highest exact similarity, and that similarity; -1 and 0 where there is none."""
    best, value = -1, 0.0
    mine = set(grams.row(int(rows[at])).tolist()) if candidates else set()
    for other in candidates:
        its = set(grams.row(int(rows[other])).tolist())
        shared = len(mine & its)
        jaccard = shared / (len(mine) + len(its) - shared)
        if jaccard > value:
            best, value = other, jaccard
    return best, value
