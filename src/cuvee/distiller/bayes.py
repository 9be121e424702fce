"""KNN-Bayes: what a text is worth, told by the rated texts nearest to it (LM-Mixup, arXiv 2510.20449).

The k nearest rated texts vote with their classes 0 to 5. How far a vote can be trusted is learnt from the library itself:
T[a, b] is the chance that a neighbour of a text of class a has class b. By Bayes' rule, with prior p,
posterior(a) ~ p[a] * prod over b of T[a, b] ** votes[b]; the rating is the expectation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from cuvee import disk, embedders
from cuvee.arrays import F32, F64, I64
from cuvee.distiller.examples import Rated
from cuvee.distiller.kinds import bare
from cuvee.embedders import Embedder
from cuvee.errors import ConfigError, InputError
from cuvee.geometry.neighbours import neighbours
from cuvee.runs import write_json

CLASSES = 6  # ratings 0 to 5
VOTERS = 16
TEACHERS = 3  # neighbours that T is learnt from
SMOOTHING = 0.01
GOOD, FAIR = 4.0, 3.0  # where the tiers begin, both included
TIERS = (1.0, 0.3, 0.0)
TRUSTED = 0.65  # chance that a good text is rated above a weak one, from which ratings are used without a warning
TEXTS, SETTINGS = "texts.jsonl", "library.json"


def compressed(rating: float) -> float:
    """Return a rating from 1 to 10 on the scale 0 to 5: min(9, max(4, v)) - 4."""
    return min(9.0, max(4.0, rating)) - 4.0


def classes_of(ratings: F64) -> I64:
    """Return the classes of ratings from 0 to 5: the nearest whole number, halves up."""
    found: I64 = np.clip(np.floor(ratings + 0.5), 0, CLASSES - 1).astype(np.int64)
    return found


def tier(expected: float) -> float:
    """Return the reward of an expected rating: [4, 5] gives 1, [3, 4) 0.3, below 0."""
    return TIERS[0] if expected >= GOOD else TIERS[1] if expected >= FAIR else TIERS[2]


def prior(classes: I64) -> F64:
    """Return (6,) the share of each class."""
    shares: F64 = np.bincount(classes, minlength=CLASSES) / max(len(classes), 1)
    return shares


def transitions(classes: I64, near: I64, *, smoothing: float = SMOOTHING) -> F64:
    """Return (6, 6) T: T[a, b] is the chance that a neighbour of a text of class a has class b; rows sum to 1.

    classes: (m,). near: (m, t) numbers of each text's neighbours, -1 for none. A class without texts has an even row.
    """
    counts = np.zeros((CLASSES, CLASSES))
    row, column = np.nonzero(near >= 0)
    np.add.at(counts, (classes[row], classes[near[row, column]]), 1.0)
    T: F64 = (counts + smoothing) / (counts + smoothing).sum(axis=1, keepdims=True)
    return T


def posterior(p: F64, T: F64, votes: I64) -> F64:
    """Return (..., 6) chances of each class. p: (6,) prior. T: (6, 6). votes: (..., 6) how many neighbours of each class.

    Computed as logarithms, so that many votes do not underflow. A class of prior 0 has chance 0.
    """
    with np.errstate(divide="ignore"):
        logs = np.log(p) + votes @ np.log(T).T
    shifted = np.exp(logs - logs.max(axis=-1, keepdims=True))
    chances: F64 = shifted / shifted.sum(axis=-1, keepdims=True)
    return chances


def expected(chances: F64) -> F64:
    """Return (...,) the expected rating, 0 to 5."""
    value: F64 = chances @ np.arange(CLASSES, dtype=np.float64)
    return value


@dataclass(frozen=True)
class Shelf:
    """The rated texts of one kind. X: (m, d) float32 unit rows. classes: (m,). p: (6,). T: (6, 6). voters: k."""

    X: F32
    classes: I64
    p: F64
    T: F64
    voters: int = VOTERS

    @classmethod
    def of(cls, X: F32, classes: I64, *, voters: int = VOTERS, teachers: int = TEACHERS) -> "Shelf":
        """Learn prior and T from rated vectors."""
        near, _ = neighbours(X, teachers)
        return cls(X, classes, prior(classes), transitions(classes, near), voters)

    def one(self, x: F32) -> float:
        """Return the expected rating of one unit vector. It is alone in the computation, so that no batch can change it."""
        cosines = self.X @ x
        nearest = np.lexsort((np.arange(len(cosines)), -cosines))[: self.voters]
        return float(self._rated(self.classes[nearest][None])[0])

    def many(self, X: F32) -> F64:
        """Return (n,) expected ratings of unit rows, in blocks; equal to ``one`` but for ties within rounding."""
        near, _ = neighbours(self.X, self.voters, queries=X)
        return self._rated(np.where(near >= 0, self.classes[near], -1))

    def trust(self) -> float | None:
        """Return the chance that a good text of the shelf is rated above a weak one, each by the others; 0.5 is a coin.

        Ties count half. None where the shelf lacks good or weak texts. Where near texts are of unlike worth, as a good text and
        the weak versions of it are, this is near 0.5 and ratings say nothing.
        """
        from scipy.stats import rankdata

        good = self.classes >= GOOD
        if good.all() or not good.any():
            return None
        near, _ = neighbours(self.X, self.voters)
        ranks = rankdata(self._rated(np.where(near >= 0, self.classes[near], -1)))
        many, few = int(good.sum()), int((~good).sum())
        return float((ranks[good].sum() - many * (many + 1) / 2) / (many * few))

    def _rated(self, voters: I64) -> F64:
        votes = (voters[..., None] == np.arange(CLASSES)).sum(axis=1)
        return expected(posterior(self.p, self.T, votes))


@dataclass(frozen=True)
class Library:
    """Rated texts by kind, in the space of one embedder. texts: kept, so that an embedder that learns from them can again."""

    embedder: Embedder
    named: str
    texts: Sequence[Rated]
    shelves: Mapping[str, Shelf]

    def shelf(self, kind: str) -> Shelf:
        """Return the rated texts of a kind. Raises ConfigError where there are none."""
        if kind not in self.shelves:
            raise ConfigError(
                f"the library has no rated text of kind {kind}", f"it has {', '.join(sorted(self.shelves))}"
            )
        return self.shelves[kind]

    def vector(self, text: str) -> F32:
        """Return the unit vector of one text."""
        x: F32 = self.embedder.encode([text])[0]
        return x

    def doubts(self) -> list[str]:
        """Return a line for every kind whose ratings are hardly better than a coin."""
        told = self.trust()
        return [
            f"ratings of kind {kind} tell little: good text is rated above weak with chance {told[kind]:.2f} (0.5: a coin)"
            for kind in self.doubted()
        ]

    def trust(self) -> dict[str, float | None]:
        """Return kind -> the chance that a good text of it is rated above a weak one, as ``Shelf.trust`` says."""
        return {kind: shelf.trust() for kind, shelf in self.shelves.items()}

    def doubted(self) -> list[str]:
        """Return the kinds whose ratings are hardly better than a coin."""
        return [kind for kind, chance in self.trust().items() if chance is not None and chance < TRUSTED]

    def rate(self, kind: str, text: str) -> float:
        """Return the expected rating of one text, 0 to 5. Raises ConfigError for a kind without rated texts."""
        return self.shelf(kind).one(self.vector(bare(kind, text)))

    def save(self, folder: Path) -> None:
        """Write arrays (one .npz per kind, nothing pickled), the texts, and the settings as JSON."""
        disk.folder(folder)
        from cuvee.distiller.examples import write

        write(self.texts, folder / TEXTS)
        for kind, shelf in self.shelves.items():
            disk.save_arrays(folder / f"{kind}.npz", X=shelf.X, classes=shelf.classes, p=shelf.p, T=shelf.T)
        voters = {kind: shelf.voters for kind, shelf in self.shelves.items()}
        counts = {kind: np.bincount(shelf.classes, minlength=CLASSES) for kind, shelf in self.shelves.items()}
        told = {"embedder": self.named, "version": self.embedder.version, "voters": voters, "texts per class": counts}
        told |= {"trust": self.trust()}
        write_json(folder / SETTINGS, told)


def build(
    texts: Sequence[Rated], embedder: Embedder, named: str, *, voters: int = VOTERS, teachers: int = TEACHERS
) -> Library:
    """Return the library of rated texts. Raises InputError where a rating is not from 0 to 5, or there is no text."""
    if not texts:
        raise InputError("no rated text to judge by", "make a corpus: cuvee distill corpus")
    wrong = next((row for row in texts if not 0 <= row.rating <= CLASSES - 1), None)
    if wrong is not None:
        raise InputError(f"a rating of {wrong.rating} in the library", "ratings are from 0 to 5")
    if embedder.fitted:
        embedder.fit([row.text for row in texts])
    shelves = {}
    for kind in sorted({row.kind for row in texts}):
        rows = [row for row in texts if row.kind == kind]
        X = embedder.encode([bare(kind, row.text) for row in rows])
        classes = classes_of(np.array([row.rating for row in rows]))
        shelves[kind] = Shelf.of(X, classes, voters=voters, teachers=teachers)
    return Library(embedder, named, texts, shelves)


def trust_of(folder: Path, kind: str) -> float | None:
    """Return the chance that a saved library rates a good text of a kind above a weak one; None where that is not known."""
    told = orjson.loads((folder / SETTINGS).read_bytes())
    found: float | None = told["trust"].get(kind) if "trust" in told else load(folder).shelf(kind).trust()
    return found


def load(folder: Path) -> Library:
    """Return a library that was saved. Raises ConfigError where the embedder is another now."""
    if not (folder / SETTINGS).is_file():
        raise ConfigError(f"{folder} holds no library of rated rows", "name one with --library, or rate otherwise")
    told = orjson.loads((folder / SETTINGS).read_bytes())
    texts = [Rated(**orjson.loads(line)) for line in (folder / TEXTS).read_bytes().splitlines()]
    embedder, _ = embedders.resolve(told["embedder"])
    if embedder.fitted:
        embedder.fit([row.text for row in texts])
    if embedder.version != told["version"]:
        raise ConfigError(f"{folder} was made with another version of {told['embedder']}", "make the library again")
    shelves = {}
    for kind, voters in told["voters"].items():
        with np.load(folder / f"{kind}.npz", allow_pickle=False) as arrays:
            shelves[kind] = Shelf(arrays["X"], arrays["classes"], arrays["p"], arrays["T"], voters)
    return Library(embedder, told["embedder"], texts, shelves)
