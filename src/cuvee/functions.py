"""The parts of the verbs as functions that compose, without a run folder: read, embed, choose, compare."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from cuvee import selectors
from cuvee.arrays import F32, I64
from cuvee.embedders import resolve
from cuvee.embedders.seam import Embedder, ReadsMessages, checked
from cuvee.errors import InputError
from cuvee.intake.given import plain
from cuvee.names import METHOD
from cuvee.rng import stream
from cuvee.samples import containers
from cuvee.samples.pool import BarePool, Pool
from cuvee.samples.read import read as reading
from cuvee.samples.schema import SAMPLE
from cuvee.statistics.compare import Better, Comparison, Proof, compare
from cuvee.statistics.results import ArmResults

if TYPE_CHECKING:
    import polars as pl

Matrix = npt.NDArray[np.floating]


def read(data: object, *, columns: Mapping[str, str] | None = None, dialect: str | None = None) -> "pl.DataFrame":
    """Return the samples of any instruction data as a table: id, source, task, messages, raw and so on.

    data: what a verb takes: paths, hub ids, tables, data sets, dictionaries. Rows that cannot be read are left out; the
    verb `inspect` lists them. Raises InputError where nothing can be read.
    """
    import polars as pl

    paths = plain(data)
    given = [str(path) for path in paths] if isinstance(paths, list) else [str(paths)]
    batches = [
        batch
        for file in containers.expand(given)
        for batch in reading(file, columns=columns, dialect=dialect).batches()
    ]
    found = pl.from_arrow(pa.Table.from_batches(batches, schema=SAMPLE))
    assert isinstance(found, pl.DataFrame)
    return found


def embed(samples: "pl.DataFrame | Sequence[str]", embedder: object = None) -> F32:
    """Return (n, d) float32 unit vectors of what ``read`` gave, or of texts.

    embedder: a name as in `--embedder`, or an object or function of one's own. Nothing is stored.
    Raises ConfigError for an embedder that reads conversations where texts were given.
    """
    from cuvee import render

    made = _embedder(embedder)
    if isinstance(samples, Sequence):
        texts = list(samples)
    else:
        talks = samples.get_column("messages")
        if isinstance(made, ReadsMessages):
            return checked(made.encode_messages(talks.to_list()), (len(talks), made.dim), made.name)
        texts = render.plain_column(pa.chunked_array(talks.to_arrow()))
    made.fit(texts)
    return checked(made.encode(texts), (len(texts), made.dim), made.name)


def pool(data: object, embedder: object = None, *, scores: Mapping[str, Matrix] | None = None) -> Pool:
    """Return data as a pool: its samples (what ``read`` gives), their vectors, and scores of one's own.

    It is what selectors and scorers take: ``choose(pool, 10, "stratified", by="task")``, or a function of one's own, which
    is called ``f(pool, k, *, rng)``. embedder: as ``embed`` takes it. scores: name -> (n,), NaN where a row has none.
    """
    samples = read(data)
    known = {name: np.asarray(values, dtype=np.float32) for name, values in (scores or {}).items()}
    wrong = [name for name, values in known.items() if values.shape != (samples.height,)]
    if wrong:
        raise InputError(f"{wrong[0]} is no score of {samples.height:,} rows", "give one number for each row")
    return Pool(samples.to_arrow().cast(SAMPLE), embed(samples, embedder), known)


def choose(X: Matrix | BarePool, k: int, method: str = METHOD, *, seed: int = 0, **settings: object) -> I64:
    """Return min(k, free) row numbers in pick order, of X, (n, d), by a method that looks at vectors only, or of a pool.

    settings: the method's own; ``taken``: row numbers that count as chosen; ``space``: as `--space`.
    Raises ConfigError for an unknown method or setting, SelectionError for one that needs more than there is.
    """
    space, taken = str(settings.pop("space", "")), settings.pop("taken", ())
    rows = X if isinstance(X, BarePool) else _bare(X)
    known = np.unique(np.concatenate([rows.taken, np.asarray(taken, dtype=np.int64)]))
    return selectors.choose(
        replace(rows, taken=known), k, method, rng=stream(seed, "choose"), space=space, **settings
    ).rows


def _bare(X: Matrix) -> BarePool:
    rows = np.ascontiguousarray(X, dtype=np.float32)
    if rows.ndim != 2:
        raise InputError(f"X has {rows.ndim} dimensions", "give one row of numbers per sample: (n, d)")
    keys = pa.array([xxhash.xxh3_128_digest(row) for row in rows], pa.binary(16))
    return BarePool(pa.table({"fingerprint": keys}), rows)


def kcenter(X: Matrix | BarePool, k: int, *, seed: int = 0, **settings: object) -> I64:
    """Return k rows by greedy k-center: the row farthest from all chosen ones, again and again. Exact."""
    return choose(X, k, "k-center", seed=seed, **settings)


def facility_location(X: Matrix | BarePool, k: int, *, seed: int = 0, **settings: object) -> I64:
    """Return k rows that represent all of X (facility location over nearest neighbours)."""
    return choose(X, k, "facility-location", seed=seed, **settings)


def herding(X: Matrix | BarePool, k: int, *, seed: int = 0, **settings: object) -> I64:
    """Return k rows, typical ones first, then those that represent what is left (MaxHerding, arXiv 2407.12212)."""
    return choose(X, k, "herding", seed=seed, **settings)


def kmeans(X: Matrix | BarePool, k: int, *, seed: int = 0, **settings: object) -> I64:
    """Return k rows, an equal share of every cluster, nearest to the centre first."""
    return choose(X, k, "k-means", seed=seed, **settings)


def prove_from(
    results: "Mapping[str, Matrix | Sequence[Sequence[float]]]",
    *,
    reference: str = "random",
    better: Better = "lower",
    tasks: Sequence[str] | None = None,
    seed: int = 0,
) -> Proof:
    """Return what a proof says of results that were made elsewhere: means, differences, intervals, verdicts.

    results: arm -> (s, q), a line per training run, a column per question, the same questions for every arm; NaN where one
    has no value. better: whether "higher" or "lower" values are. tasks: the task of each question; a task weighs as much as
    any other. All intervals hold together with a probability of 95 % (``statistics.compare``).
    Raises InputError for arms of different questions, ConfigError for an unknown reference.
    """
    values = {name: np.atleast_2d(np.asarray(lines, dtype=np.float64)) for name, lines in results.items()}
    widths = {name: lines.shape[1] for name, lines in values.items()}
    if len(set(widths.values())) > 1:
        raise InputError(f"the arms have different numbers of questions: {widths}", "ask every arm the same ones")
    arms = [ArmResults(name, lines, tuple(range(len(lines)))) for name, lines in values.items()]
    questions = max(widths.values(), default=0)
    asked = Comparison(reference=reference, better=better)
    return compare(arms, tasks or ["all"] * questions, asked, rng=stream(seed, "prove"))


def _embedder(given: object) -> Embedder:
    name = plain(given)
    return resolve(name if name is None else str(name))[0]
