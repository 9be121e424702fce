"""How well each space of rows knows their tasks: adjusted mutual information of its clusters with T0's tasks, and with files.

python -m bench.agreement [--trial] [EMBEDDER ...]

Embedders: lexical, static, sentence, hidden:MODEL; without names those that are here. --trial: the trial pool only.
Three pools of real rows: the trial pool (``bench.trial``), 20 rows of each of T0's 283 tasks, 300 rows of each file. k-means
has as many clusters as there are labels. Beside it: tasks of the trial pool that an even draw over 120 such clusters
reaches with 160 rows, the mean of 20 draws. AMI is 0 for chance and 1 for the same parts (Vinh, Epps, Bailey 2010).
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from sklearn.metrics import adjusted_mutual_info_score

from bench.trial import DATA, T0, TASKS, Row, as_pool, by_task, trial, write
from cuvee import render
from cuvee.arrays import F32, I64
from cuvee.embedders import ReadsMessages, resolve
from cuvee.errors import ConfigError, MissingExtraError
from cuvee.geometry.clusters import kmeans
from cuvee.samples.pool import BarePool, Pool
from cuvee.samples.read import read
from cuvee.selectors import choose
from cuvee.selectors.form import forms
from cuvee.selectors.space import seen_in

SPACE = "whiten=512,without=length"
K, CLUSTERS, DRAWS = 160, 120, 20
FILES, PER_FILE, PER_TASK = sorted(DATA.iterdir()) if DATA.exists() else [], 300, 20


def vectors(pool: BarePool, name: str) -> F32:
    """Return the pool's vectors by an embedder."""
    embedder, _ = resolve(name)
    if isinstance(embedder, ReadsMessages):
        return embedder.encode_messages(pool.table["messages"].to_pylist())
    texts = render.plain_column(pool.table["messages"])
    embedder.fit(texts)
    return embedder.encode(texts)


def spaces(pool: BarePool, names: list[str]) -> Iterator[tuple[str, F32]]:
    """Yield the name and the vectors of every space that is here."""
    for name in names:
        try:
            X = vectors(pool, name)
        except (ConfigError, MissingExtraError) as missing:
            print(f"{name}: not here ({missing})", file=sys.stderr)
            continue
        yield f"`{name}`", X
        yield f"`{name}`, `{SPACE}`", seen_in(Pool(pool.table, X), SPACE).vectors
    yield "`form`", forms(pool)


def agreement(X: F32, labels: list[str]) -> float:
    """Return the AMI of labels with as many k-means clusters."""
    return float(adjusted_mutual_info_score(labels, kmeans(X, len(set(labels)), seed=0).labels))


def reached(rows: I64, labels: I64) -> tuple[int, float]:
    """Return the tasks that rows reach, and the share of K that falls into an equal share of its task."""
    counts = np.bincount(labels[rows], minlength=TASKS)
    return int((counts > 0).sum()), float(np.minimum(counts, K / TASKS).sum() / K)


def drawn(pool: Pool, labels: I64, method: str, **settings: object) -> tuple[float, float]:
    """Return what K rows of a method reach, the mean of 20 draws."""
    found = [
        reached(choose(pool, K, method, rng=np.random.default_rng(draw), space="", **settings).rows, labels)
        for draw in range(DRAWS)
    ]
    return float(np.mean([tasks for tasks, _ in found])), float(np.mean([share for _, share in found]))


def files() -> BarePool:
    """Return rows of every file of the real pool; T0 by its evenly spaced rows."""
    tables = []
    for path in FILES:
        table = pa.Table.from_batches(list(read(str(path)).batches()))
        tables.append(table.take(np.linspace(0, len(table) - 1, min(PER_FILE, len(table))).astype(int)))
    return BarePool(pa.concat_tables(tables))


def main() -> None:
    if not T0.exists():
        print(f"not run: no real data at {T0}")
        return
    names = [name for name in sys.argv[1:] if name != "--trial"] or ["lexical", "static", "sentence"]
    tasks = by_task()
    few: list[Row] = [row for rows in tasks.values() for row in rows[:: max(1, len(rows) // PER_TASK)][:PER_TASK]]
    with tempfile.TemporaryDirectory() as folder:
        trial_pool = as_pool(write(trial(tasks)[0], Path(folder) / "trial.jsonl"))
        all_tasks = as_pool(write(few, Path(folder) / "tasks.jsonl"))
    more = [] if "--trial" in sys.argv else [(all_tasks, "task"), (files(), "source")]
    others = [dict(spaces(pool, names)) for pool, _ in more]
    labels = trial_pool.table["task"].to_pylist()
    codes = np.unique(labels, return_inverse=True)[1]
    print(
        "| space | AMI, 119 tasks | AMI, 283 tasks | AMI, 8 files | tasks reached of 119 | share in its task's part |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, X in spaces(trial_pool, names):
        ami = [f"{agreement(X, labels):.3f}"]
        ami += [
            f"{agreement(other[name], pool.table[column].to_pylist()):.3f}"
            for other, (pool, column) in zip(others, more, strict=True)
        ]
        many, share = drawn(Pool(trial_pool.table, X), codes, "cluster-draw", clusters=CLUSTERS)
        print(f"| {name} | {' | '.join((*ami, '', '')[:3])} | {many:.1f} | {share:.3f} |", flush=True)
    bare = Pool(trial_pool.table, np.ones((len(labels), 1), dtype=np.float32))
    for name, method, settings in (("random", "uniform", {}), ("tasks themselves", "stratified", {"temperature": 1e9})):
        many, share = drawn(bare, codes, method, **settings)
        print(f"| {name} | | | | {many:.1f} | {share:.3f} |")


if __name__ == "__main__":
    main()
