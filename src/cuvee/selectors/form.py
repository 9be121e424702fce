"""The form of a row: the template of its prompt and the kind of its answer, whatever both are about.

A prompt's first 40 and last 60 characters, names and numbers masked, as character n-grams; which of them are a template and
which are content is learnt from the pool's own repetition, by weights and latent axes as in the lexical embedder. Beside
them stands whether the answer is a word, a line or more. On T0, forms agree with the tasks as no embedder of texts does
(``python -m bench.agreement``).
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cuvee import render
from cuvee.arrays import F32, I64, U64
from cuvee.embedders.latent import latent_axes
from cuvee.embedders.seam import unit_rows
from cuvee.samples.pool import BarePool
from cuvee.scorers import seam
from cuvee.scorers.nearest import canonical

if TYPE_CHECKING:
    from scipy.sparse import csr_array

HEAD, TAIL = 40, 60  # characters of the prompt, after masking
GRAMS = (3, 4, 5)
BUCKETS = 2**15  # n-grams are counted by hash: so many columns for the head, as many for the tail
SAMPLE = 10_000  # rows that weights and axes are learnt from
AXES = 127
LINE = 100  # characters up to which an answer without a line break is a line
KIND = 0.25  # length of the answer's part beside 1 for the prompt's: forms of the same prompt part by it, others do not join

_MASKS = (
    (re.compile(r"https?://\S+"), "~"),
    (re.compile(r"\d+(?:[.,:/-]\d+)*"), "0"),
    (re.compile(r"(?:(?<=\w )|(?<=\w, ))[A-ZÀ-ÖØ-ÞΑ-ΩА-Я][\w'’-]*"), "@"),  # a capital letter inside a sentence
    (re.compile(r"@(?:[\s,]+@)+"), "@"),
)
_PRIME, _MIX = np.uint64(0x100000001B3), np.uint64(0x9E3779B97F4A7C15)


def masked(text: str) -> str:
    """Return a text in lower case with a sign in place of every address, number and name inside a sentence."""
    for pattern, sign in _MASKS:
        text = pattern.sub(sign, text)
    return text.lower()


def kind(answer: str | None) -> int:
    """Return 0 for a word, 1 for a line (no break, at most 100 characters), 2 for more, 3 for no answer."""
    words = (answer or "").split()
    if not words:
        return 3
    if len(words) == 1 and len(words[0]) <= LINE:
        return 0
    return 1 if len(str(answer).strip()) <= LINE and "\n" not in str(answer).strip() else 2


def forms(pool: BarePool) -> F32:
    """Return (n, d) float32 unit rows, d at most 131: two rows are near where their prompts are made alike.

    A function of the rows' content, not of their order. Raises SelectionError where the pool has no messages.
    """
    heads, tails, kinds = _read(pool)
    order = canonical(pool)[:SAMPLE]
    learnt = _counts([heads[row] for row in order], [tails[row] for row in order])
    axes = min(AXES, len(order))
    weights = latent_axes(learnt, axes, name="form", least=2 if len(order) > AXES else 1)
    X = np.zeros((len(pool), weights.shape[1] + 4), dtype=np.float32)
    for start in range(0, len(pool), seam.BATCH):
        rows = slice(start, start + seam.BATCH)
        X[rows, 4:] = unit_rows(_counts(heads[rows], tails[rows]) @ weights) if weights.size else 0
    X[np.arange(len(pool)), kinds] = KIND
    return unit_rows(X)


def _read(pool: BarePool) -> tuple[list[str], list[str], list[int]]:
    heads: list[str] = []
    tails: list[str] = []
    kinds: list[int] = []
    for talks in seam.talks(pool, "--space form"):
        for talk in talks:
            prompt = render.prompt(talk).strip()
            heads.append(masked(prompt[: 4 * HEAD])[:HEAD])
            tails.append(masked(prompt[-4 * TAIL :])[-TAIL:])
            kinds.append(kind(render.response(talk)))
    return heads, tails, kinds


def _counts(heads: Sequence[str], tails: Sequence[str]) -> "csr_array":
    """Return (n, 2 x BUCKETS) 1 + ln(count) of the n-grams of heads and of tails."""
    from scipy.sparse import csr_array

    found = [_grams(heads, HEAD, 0), _grams(tails, TAIL, BUCKETS)]
    row, column = (np.concatenate([part[at] for part in found]) for at in (0, 1))
    ones = np.ones(len(row), dtype=np.float32)
    counts = csr_array((ones, (row, column)), shape=(len(heads), 2 * BUCKETS))
    counts.sum_duplicates()
    counts.data = 1 + np.log(counts.data)
    return counts


def _grams(texts: Sequence[str], width: int, offset: int) -> tuple[I64, I64]:
    """Return the row and the column of every n-gram; a mark stands before and after each text."""
    marked = np.array([f"\x02{text}\x03" for text in texts], dtype=f"U{width + 2}")
    codes: U64 = marked.view(np.uint32).reshape(len(texts), width + 2).astype(np.uint64)
    rows, columns = [], []
    for size in GRAMS:
        mixed = np.full((len(texts), width + 3 - size), np.uint64(size))
        for at in range(size):
            mixed = (mixed ^ codes[:, at : at + mixed.shape[1]]) * _PRIME
        mixed = (mixed ^ (mixed >> np.uint64(29))) * _MIX
        row, place = np.nonzero(codes[:, size - 1 :])
        rows.append(row.astype(np.int64))
        columns.append((mixed[row, place] >> np.uint64(49)).astype(np.int64) + offset)
    return np.concatenate(rows), np.concatenate(columns)
