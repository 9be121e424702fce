"""What every selector promises, run over every member of SELECTORS."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import xxhash

from cuvee.errors import ConfigError, SelectionError
from cuvee.samples.pool import BarePool, Pool, Selection
from cuvee.samples.schema import TURN
from cuvee.selectors import SELECTORS, by_tokens, choose, scores_needed, settings_of

ASKED = {"deita": {"score": "mine"}}  # what a method has no default for here: no judge is asked
VARIANTS: list[tuple[str, dict[str, Any]]] = [(name, ASKED.get(name, {})) for name in SELECTORS] + [
    ("stratified", {"by": "source", "temperature": 3.0}),
    ("stratified", {"cap": 0.3, "score": "mine"}),
    ("stratified", {"cap": 4}),
    ("top", {"score": "mine", "lowest": True}),
    ("top", {"score": "duplicate-degree"}),
    ("k-means", {"clusters": 7}),
    ("facility-location", {"neighbours": 3}),
    ("deita", {"score": "mine", "threshold": 0.3}),
    ("deita", {"score": "mine*length", "quantile": 0.2}),
    ("density", {"neighbours": 2}),
    ("herding", {"neighbours": 3, "width": 0.7}),
    ("stratified", {"by": "cluster", "clusters": 5}),
    ("stratified", {"by": "form", "clusters": 5, "temperature": 1e9}),
    ("forms", {"clusters": 4, "within": "k-center"}),
    ("k-center", {"by": "cluster", "clusters": 6, "trim": "20%"}),
    ("k-center", {"by": "form", "clusters": 3}),
    ("k-center", {"trim": 0.1}),
    ("cluster-draw", {"clusters": 6, "score": "mine", "sizes": 1.0}),
    ("mig", {"clusters": 6, "score": "mine"}),
    ("mig", {"by": "task", "edge": 0.1, "power": 0.5}),
    ("cluster-draw", {"clusters": 6, "score": "duplicate-degree"}),
]
every = pytest.mark.parametrize(("method", "settings"), VARIANTS, ids=[f"{m}{s or ''}" for m, s in VARIANTS])


def build(texts: list[str | None], X: np.ndarray, tasks: list[str | None], mine: np.ndarray) -> Pool:
    messages = [[{"role": "user", "content": "q"}, {"role": "assistant", "content": t}] for t in texts]
    table = pa.table(
        {
            "id": [f"id{i}" for i in range(len(texts))],
            "source": [f"s{i * i % 3}" for i in range(len(texts))],
            "task": pa.array(tasks, pa.string()),
            "messages": pa.array(messages, pa.list_(TURN)),
            "fingerprint": pa.array([xxhash.xxh3_128_digest(repr(t).encode()) for t in texts], pa.binary(16)),
        }
    )
    X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
    X.flags.writeable = False
    mine = mine.astype(np.float32)
    mine.flags.writeable = False
    return Pool(table, X, {"mine": mine})


def plain(n: int = 80, seed: int = 1) -> Pool:
    draw = np.random.default_rng(seed)
    texts: list[str | None] = [" ".join(f"w{w}" for w in draw.integers(0, 40, size=5 + i)) for i in range(n)]
    tasks: list[str | None] = [f"task{int(t)}" for t in draw.geometric(0.4, size=n)]
    return build(texts, draw.normal(size=(n, 8)), tasks, draw.random(n))


def twins() -> Pool:
    base = plain()
    rows = np.concatenate([np.arange(80), np.full(12, 5), np.arange(20)])
    return replace(sub(base, rows), table=base.table.take(rows).set_column(0, "id", [[f"id{i}" for i in range(112)]]))


def holes() -> Pool:
    draw = np.random.default_rng(3)
    texts = [None if i == 0 else " ".join(f"w{i}-{j}" for j in range(i % 25)) + f" end {i}" for i in range(60)]
    mine = np.where(np.arange(60) % 3 == 0, np.nan, draw.random(60))
    return build(texts, draw.normal(size=(60, 8)), [None] * 60, mine)


def one_spot() -> Pool:
    return build(["same answer here"] * 15, np.ones((15, 8)), ["t"] * 15, np.full(15, 0.5))


def sub(pool: Pool, rows: np.ndarray) -> Pool:
    X = np.ascontiguousarray(pool.vectors[rows])
    X.flags.writeable = False
    return Pool(pool.table.take(rows), X, {name: values[rows] for name, values in pool.scores.items()})


POOLS = {
    "plain": plain(),
    "twins": twins(),
    "no task, unscored rows": holes(),
    "one spot": one_spot(),
    "no rows": sub(plain(), np.arange(0)),
    "one row": sub(plain(), np.array([3])),
    "two rows": sub(plain(), np.array([3, 9])),
    "some taken": replace(plain(), taken=np.array([7, 3, 70, 12], dtype=np.int64)),
    "twins taken": replace(twins(), taken=np.array([5, 81, 100], dtype=np.int64)),
    "all taken": replace(plain(20), taken=np.arange(20, dtype=np.int64)),
}
on_every_pool = pytest.mark.parametrize("pool", POOLS.values(), ids=POOLS)


def pick(pool: BarePool, k: int, method: str, settings: dict[str, Any], seed: int = 0) -> Selection:
    selection: Selection = SELECTORS[method].function(pool, k, rng=np.random.default_rng(seed), **settings)
    return selection


def ids(pool: Pool, selection: Selection) -> list[str]:
    found: list[str] = pool.table["id"].take(selection.rows).to_pylist()
    return found


@every
@on_every_pool
def test_exactly_k_free_unique_rows(pool: Pool, method: str, settings: dict[str, Any]) -> None:
    free = len(pool.free)
    for k in sorted({0, 1, free // 2, free, free + 5}):
        selection = pick(pool, k, method, settings)
        rows = selection.rows
        assert rows.dtype == np.int64 and rows.shape == (min(k, free),)
        assert len(set(rows.tolist())) == len(rows)
        assert set(rows.tolist()) <= set(pool.free.tolist())
        assert selection.gains.dtype == np.float32 and selection.gains.shape == rows.shape
        assert len(selection.reasons) in {0, 1, len(rows)}
        assert all(selection.reason(at) for at in range(len(rows)))


@every
@on_every_pool
def test_prefixes_are_the_smaller_selections(pool: Pool, method: str, settings: dict[str, Any]) -> None:
    whole = pick(pool, len(pool), method, settings)
    for k in (1, len(pool.free) // 2):
        part = pick(pool, k, method, settings)
        assert part.rows.tolist() == whole.rows[:k].tolist()
        np.testing.assert_allclose(part.gains, whole.gains[:k], rtol=1e-5)


@every
def test_first_100_of_1000(method: str, settings: dict[str, Any]) -> None:
    pool = plain(1200, seed=9)
    assert pick(pool, 100, method, settings).rows.tolist() == pick(pool, 1000, method, settings).rows[:100].tolist()


@every
@on_every_pool
def test_inputs_are_untouched_and_the_seed_decides(pool: Pool, method: str, settings: dict[str, Any]) -> None:
    before = pool.vectors.copy(), pool.scores["mine"].copy(), pool.taken.copy(), pool.table
    first, again = pick(pool, 11, method, settings), pick(pool, 11, method, settings)
    assert first.rows.tolist() == again.rows.tolist()
    assert first.gains.tobytes() == again.gains.tobytes()
    assert list(first.reasons) == list(again.reasons)
    np.testing.assert_array_equal(pool.vectors, before[0])
    np.testing.assert_array_equal(pool.scores["mine"], before[1])
    np.testing.assert_array_equal(pool.taken, before[2])
    assert pool.table is before[3]


@every
@pytest.mark.parametrize("name", ["plain", "no task, unscored rows", "some taken"])
def test_row_order_does_not_matter(name: str, method: str, settings: dict[str, Any]) -> None:
    pool = POOLS[name]
    for seed in (1, 2):
        shuffle = np.random.default_rng(seed).permutation(len(pool))
        moved = sub(pool, shuffle)
        moved = replace(moved, taken=np.flatnonzero(np.isin(shuffle, pool.taken)).astype(np.int64))
        assert ids(moved, pick(moved, 25, method, settings)) == ids(pool, pick(pool, 25, method, settings))


@every
def test_taken_rows_count_as_chosen(method: str, settings: dict[str, Any]) -> None:
    pool = POOLS["plain"]
    first = pick(pool, 20, method, settings)
    rest = pick(replace(pool, taken=first.rows), 15, method, settings)
    assert rest.rows.tolist() == pick(pool, 35, method, settings).rows[20:].tolist()


@every
def test_missing_vectors_are_asked_for(method: str, settings: dict[str, Any]) -> None:
    whole = POOLS["plain"]
    pool = BarePool(whole.table, None, whole.scores, whole.taken)
    if (
        SELECTORS[method].needs_vectors
        or settings.get("score") == "duplicate-degree"
        or settings.get("by") == "cluster"
    ):
        with pytest.raises(SelectionError, match="vectors"):
            pick(pool, 5, method, settings)
    else:
        assert len(pick(pool, 5, method, settings).rows) == 5


@every
@pytest.mark.parametrize("name", ["twins taken", "two rows", "all taken"])
def test_tokens(name: str, method: str, settings: dict[str, Any]) -> None:
    pool = POOLS[name]
    tokens = np.random.default_rng(4).integers(2, 50, size=len(pool))
    if not len(pool.free):
        assert not len(by_tokens(pool, tokens, 100, method, rng=np.random.default_rng(0), **settings).rows)
        return
    smallest = int(tokens[pool.free].min())
    with pytest.raises(SelectionError, match="no row fits"):
        by_tokens(pool, tokens, smallest - 1, method, rng=np.random.default_rng(0), **settings)
    ranking = choose(pool, len(pool), method, rng=np.random.default_rng(0), **settings)
    for budget in (smallest, 60, 333, 10**6):
        got = by_tokens(pool, tokens, max(budget, smallest), method, rng=np.random.default_rng(0), **settings)
        want, total = [], 0
        for row in ranking.rows.tolist():
            if tokens[row] > max(budget, smallest):
                continue
            if total + tokens[row] > max(budget, smallest):
                break
            want.append(row)
            total += tokens[row]
        assert got.rows.tolist() == want
        assert len(want) >= 1
        assert [got.reason(at) for at in range(len(want))] == [
            ranking.reason(ranking.rows.tolist().index(row)) for row in want
        ]


@pytest.mark.parametrize("method", SELECTORS)
def test_unknown_settings_are_listed(method: str) -> None:
    with pytest.raises(ConfigError, match="has no setting 'colour'") as error:
        choose(POOLS["plain"], 5, method, rng=np.random.default_rng(0), colour="red")
    assert all(name in error.value.hint for name in settings_of(method))


@pytest.mark.parametrize("method", SELECTORS)
def test_the_entry_says_everything(method: str) -> None:
    entry = SELECTORS[method]
    assert entry.name == method and entry.summary and entry.gain and entry.source
    assert entry.function.__doc__


def test_unknown_methods_and_negative_sizes() -> None:
    with pytest.raises(ConfigError, match="did you mean 'k-center'"):
        choose(POOLS["plain"], 5, "k-centre", rng=np.random.default_rng(0))
    with pytest.raises(SelectionError, match="-1"):
        choose(POOLS["plain"], -1, "uniform", rng=np.random.default_rng(0))


def test_a_method_from_elsewhere() -> None:
    path = "cuvee.selectors.uniform:uniform"
    chosen = choose(POOLS["plain"], 5, path, rng=np.random.default_rng(0))
    assert chosen.rows.tolist() == pick(POOLS["plain"], 5, "uniform", {}).rows.tolist()


def test_scores_needed() -> None:
    assert scores_needed("deita") == ["judge-complexity", "judge-quality"]
    assert scores_needed("deita-proxy") == ["length", "lexical-richness"]
    with pytest.raises(ConfigError, match="goes by ratings"):
        scores_needed("deita", score="length*rarity")
    assert scores_needed("deita", score="mine") == ["mine"]
    assert scores_needed("stratified") == [] and scores_needed("k-center") == []


NUMBERS = [
    (name, key)
    for name in SELECTORS
    for key, default in settings_of(name).items()
    if isinstance(default, int | float) and key != "trim"
]


@pytest.mark.parametrize(("method", "key"), NUMBERS)
def test_a_word_where_a_number_belongs_is_one_line(method: str, key: str) -> None:
    settings = {**ASKED.get(method, {}), key: "many"}
    with pytest.raises(ConfigError, match=f"{key} of {method} is 'many'"):
        choose(POOLS["plain"], 5, method, rng=np.random.default_rng(0), **settings)
    with pytest.raises(ConfigError, match=f"{key} of {method}") as wrong:
        scores_needed(method, **settings)
    assert wrong.value.hint.startswith("give ")
