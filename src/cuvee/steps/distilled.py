"""What a distillation leaves behind: the merged training set, the ledger with the parents of every new row, what is aside."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from cuvee import budget as budgets
from cuvee import commands, render, selectors
from cuvee.arrays import F32, F64, I64
from cuvee.distillation import distil
from cuvee.distillation.distil import SOURCE, New
from cuvee.errors import InputError
from cuvee.models import causal
from cuvee.models.generation import Sampling
from cuvee.result import Result
from cuvee.rng import stream
from cuvee.runs import Run, sha256
from cuvee.samples import ledger as ledgers
from cuvee.samples.pool import Pool, Selection
from cuvee.scorers.rarity import rarity
from cuvee.steps import publishing, summary
from cuvee.steps.measuring import measure
from cuvee.steps.rating import How
from cuvee.steps.selecting import CHOSEN_BY, Ground
from cuvee.steps.settings import Settings

STAGE = "distil"
NO_ROOM = "the cluster does not fit into a prompt"
NO_RATING = "the new row could not be rated"
WEAK = "the new row is weak itself"
TWIN = "the new row repeats a row of the pool"
NOT_ASKED = "not put to the distiller"
DISTILLED, ASIDE = "distilled.jsonl", "aside.jsonl"


@dataclass(frozen=True)
class Wanted:
    """A checked ``cuvee distill``. base: folder of the distiller."""

    ground: Settings
    budget: budgets.Budget
    how: How
    base: Path
    sampling: Sampling
    typed: dict[str, Any]


@dataclass(frozen=True)
class Distilled:
    """A finished distillation, in rows of the pool. ratings: (n,). weak, good, unrated: a partition of the pool's rows.

    made: what became of every cluster. left: weak rows that were in no cluster put to the distiller. used: what a judge used.
    """

    wanted: Wanted
    ground: Ground
    ratings: F64
    weak: I64
    good: I64
    unrated: I64
    made: list[New]
    left: I64
    notes: list[str]
    used: dict[str, Any] | None


@dataclass(frozen=True)
class Merged:
    """The pool with its new rows behind it. became: cluster -> its new row. first: number of the first new row in the pool.

    tails: new row -> its long-tail score, 0 to 1, rarest first.
    """

    outcome: publishing.Outcome
    new: list[New]
    became: dict[int, int]
    first: int
    tails: dict[int, float]
    counts: dict[str, int]


def finish(run: Run, done: Distilled, depends: str) -> Result:
    """Merge, measure and publish; return what the verb returns."""
    merged = _merge(done)
    wanted, ground, outcome = done.wanted, done.ground, merged.outcome
    pool, selection, seed = outcome.pool, outcome.selection, wanted.typed["seed"]
    tokens: I64 = outcome.cleaned["tokens"].to_numpy()[outcome.alive]
    key = [depends, merged.counts, outcome.selection.rows.tolist()]
    measured, measures = measure(
        run, pool, selection.rows, tokens, twin=ground.embedder.near, draws=wanted.ground.draws, seed=seed, depends=key
    )
    mapped = publishing.make_map(run, outcome, seed, depends=key)
    ledger = _ledger(done, merged)
    counts = ledgers.check(ledger, ground.source.total + len(merged.new))
    command = commands.command("distill", wanted.typed, run.path)
    facts = summary.Facts(wanted.ground, run.path, outcome.source, ledger, counts, pool, selection, measures, command)
    told = _told(summary.summarise(facts, ground.embedder, [*ground.notes, *done.notes]), done, merged)
    files = publishing.publish(
        run, outcome, mapped, ledger, told, format=wanted.ground.format, file=wanted.ground.file,
        depends=[measured.fingerprint, mapped.fingerprint, key],
    )  # fmt: skip
    files += _publish_rows(run, done, merged, key)
    _write_manifest(run, done, merged, counts, files)
    parent = next((row["id"] for row in _new_rows(done, merged) if row["kept"]), ledger["id"][0].as_py())
    return Result(run.path, told, files, next=f"cuvee why {run.path} {parent}")


def _merge(done: Distilled) -> Merged:
    """Put the rarest new rows and the best original rows together, by the asked share, shuffled."""
    wanted, ground = done.wanted, done.ground
    new, became = _distinct(done.made, ground)
    ids, tasks = ground.pool.table["id"].to_pylist(), ground.pool.table["task"].to_pylist()
    parents = [[ids[at] for at in one.rows] for one in new]
    rows = distil.table(new, parents, [_shared([tasks[at] for at in one.rows]) for one in new])
    X, fresh = _vectors(ground, rows)
    first = len(ground.pool)
    tails = _tails(rows, fresh)
    k = wanted.budget.rows(len(ground.pool))
    asked = min(round(k * wanted.typed["share"]), len(new))
    best = _best(done, k - asked)
    taken = min(len(new), k - len(best))  # where good rows are few, new rows fill their place
    order = sorted(tails, key=lambda at: (-tails[at], at))
    asked = max(asked, min(taken, k - len(best)))
    chosen = np.array([first + at for at in order[:asked]] + best.tolist(), dtype=np.int64)
    if not len(chosen):
        raise InputError(
            f"no row is rated {wanted.typed['good']:g} or more, and nothing was distilled",
            "lower --good, or rate otherwise",
        )
    ratings = np.concatenate([done.ratings, [np.nan if one.rating is None else one.rating for one in new]]).astype(
        np.float32
    )
    shuffled = chosen[stream(wanted.typed["seed"], "distil", "shuffle").permutation(len(chosen))]
    reasons = [_reason(int(row), first, new, tails, ratings) for row in shuffled]
    table = pa.concat_tables([ground.pool.table, rows.select(CHOSEN_BY)])
    pool = Pool(table, np.concatenate([X, fresh]), scores={"rating": ratings})
    outcome = publishing.Outcome(
        replace(ground.source, table=pa.concat_tables([ground.source.table, rows])),
        _with_new(ground.table, rows),
        np.concatenate([ground.alive, ground.source.table.num_rows + np.arange(len(new), dtype=np.int64)]),
        pool,
        Selection(shuffled, ratings[shuffled], reasons),
    )
    counts = {
        "distilled rows chosen": asked, "original rows chosen": len(best), "distilled rows": len(new),
        "clusters": len(done.made),
        **_accounted(done, became),
    }  # fmt: skip
    return Merged(outcome, new, became, first, tails, counts)


def _accounted(done: Distilled, became: dict[int, int]) -> dict[str, int]:
    """Return what became of the weak rows: their number is the sum of the three others."""
    counts = {"distilled": 0, "kept aside": 0, "quarantined": len(done.left)}
    for one in done.made:
        fate = "distilled" if one.cluster in became else "quarantined" if one.why == NO_ROOM else "kept aside"
        counts[fate] += len(one.rows)
    assert sum(counts.values()) == len(done.weak)
    return {"weak rows": len(done.weak), **{f"weak rows {fate}": rows for fate, rows in counts.items()}}


def _distinct(made: list[New], ground: Ground) -> tuple[list[New], dict[int, int]]:
    """Return the new rows, each once, and cluster -> which of them it became.

    Where two clusters became the same row, that row has the weak rows of both as parents. A cluster that only says again
    what stands in the pool became none.
    """
    good = [one for one in made if not one.why]
    printed = distil.table(good, [[]] * len(good), [None] * len(good))["fingerprint"].to_pylist()
    pool = set(ground.pool.table["fingerprint"].to_pylist())
    first: dict[bytes, int] = {}
    new: list[New] = []
    became: dict[int, int] = {}
    for one, name in zip(good, printed, strict=True):
        if name in pool:
            continue
        at = became[one.cluster] = first.setdefault(name, len(new))
        if at == len(new):
            new.append(one)
        else:
            new[at] = replace(new[at], rows=np.sort(np.concatenate([new[at].rows, one.rows])))
    return new, became


def _shared(tasks: list[str | None]) -> str | None:
    return tasks[0] if len(set(tasks)) == 1 else None


def _vectors(ground: Ground, rows: pa.Table) -> tuple[F32, F32]:
    """Return the vectors of the pool and of new rows in one space; an embedder that learns from a pool learns it anew."""
    assert ground.pool.vectors is not None
    embedder, X = ground.embedder, np.asarray(ground.pool.vectors)
    if embedder.fitted:
        texts = render.plain_column(ground.pool.table["messages"])
        embedder.fit(texts)
        X = embedder.encode(texts)
    if not rows.num_rows:
        return X, np.empty((0, X.shape[1]), dtype=np.float32)
    return X, embedder.encode(render.plain_column(rows["messages"]))


def _tails(rows: pa.Table, X: F32) -> dict[int, float]:
    """Return new row -> long-tail score: mean cosine distance to the 15 nearest new rows, min-max normalised."""
    if not rows.num_rows:
        return {}
    pool = Pool(rows.select(CHOSEN_BY), X)
    ranked = selectors.choose(pool, rows.num_rows, "long-tail", rng=np.random.default_rng(0))
    gains = np.nan_to_num(ranked.gains.astype(np.float64))
    low, high = float(gains.min()), float(gains.max())
    scaled = (gains - low) / (high - low) if high > low else np.ones(len(gains))
    return {int(row): float(value) for row, value in zip(ranked.rows, scaled, strict=True)}


def _best(done: Distilled, k: int) -> I64:
    """Return the k best-rated original rows; of rows rated alike the rarer one."""
    rare = np.nan_to_num(rarity(done.ground.pool).astype(np.float64))[done.good]
    order = np.lexsort((done.good, -rare, -done.ratings[done.good]))
    return done.good[order[: max(k, 0)]]


def _reason(row: int, first: int, new: list[New], tails: dict[int, float], ratings: F32) -> str:
    if row < first:
        return f"one of the best original rows: rated {ratings[row]:.2f}"
    one = new[row - first]
    return f"distilled from {len(one.rows)} weak rows: rated {ratings[row]:.2f}, rarity {tails[row - first]:.2f}"


def _with_new(cleaned: pa.Table, rows: pa.Table) -> pa.Table:
    """Return the verdicts with a line for every new row, which stands."""
    n = rows.num_rows
    none = pa.array([None] * n, pa.string())
    tokens = render.token_counter(None)(render.plain_column(rows["messages"])) if n else []
    fresh = {
        "stage": none, "reason": none, "related": none, "flags": pa.array([[]] * n, pa.list_(pa.string())),
        "tokens": pa.array(tokens, pa.int64()),
    }  # fmt: skip
    return pa.concat_tables([cleaned, pa.table(fresh).select(cleaned.column_names)])


def _ledger(done: Distilled, merged: Merged) -> pa.Table:
    """Return the ledger: weak rows are merged into their new row, or say why not; new rows name their parents."""
    ledger = publishing.make_ledger(merged.outcome, "")
    columns = {name: ledger[name].to_pylist() for name in ("status", "stage", "reason", "related")}
    source = merged.outcome.source.table
    names = source["id"].to_pylist()
    first = done.ground.source.table.num_rows

    def tell(row: int, reason: str, related: str | None = None) -> None:
        if columns["status"][row] == "kept":
            return
        columns["stage"][row], columns["reason"][row], columns["related"][row] = STAGE, reason, related
        columns["status"][row] = "merged" if related else "dropped"

    for one in done.made:
        for row in done.ground.alive[one.rows]:
            if one.cluster in merged.became:
                child = names[first + merged.became[one.cluster]]
                tell(int(row), "distilled into one row with others of its cluster", child)
            else:
                tell(int(row), f"kept aside: {one.why or TWIN}")
    for row in done.ground.alive[done.left]:
        tell(int(row), NOT_ASKED)
    for row in done.ground.alive[done.unrated]:
        tell(int(row), "no rating")
    for name, values in columns.items():
        ledger = ledger.set_column(ledger.schema.get_field_index(name), name, pa.array(values, pa.string()))
    return ledger


def _told(told: dict[str, Any], done: Distilled, merged: Merged) -> dict[str, Any]:
    """Add to a summary what is of a distillation: its counts, its sentence, and examples of new rows."""
    counts = merged.counts
    k = counts["distilled rows chosen"] + counts["original rows chosen"]
    asked = done.wanted.budget.rows(len(done.ground.pool))
    told["selection"] |= {"method": f"distill by {done.wanted.typed['model']}", "gain": "rating, 0 to 5"}
    told["distilled"] = counts
    told["title"] = f"{k:,} rows of {len(done.ground.pool):,}"
    told["sentence"] = (
        f"{counts['weak rows']:,} weak rows: {counts['weak rows distilled']:,} became {counts['distilled rows']:,} new rows, "
        f"{counts['weak rows kept aside']:,} are kept aside, {counts['weak rows quarantined']:,} were not put to the model. "
        f"The training set: {counts['distilled rows chosen']:,} distilled and {counts['original rows chosen']:,} original rows."
    )
    if k < asked:
        told["warnings"].append(f"{asked:,} rows were asked for; {k:,} are good enough")
    if counts["distilled rows chosen"] < round(asked * done.wanted.typed["share"]):
        told["warnings"].append("fewer distilled rows than asked for: original rows stand in their place")
    return told


def _new_rows(done: Distilled, merged: Merged) -> list[dict[str, Any]]:
    table = merged.outcome.source.table.slice(done.ground.source.table.num_rows)
    chosen = set(merged.outcome.selection.rows.tolist())
    return [
        {
            "id": row["id"], "parents": row["parents"], "rating": one.rating, "rarity": merged.tails[at],
            "kept": merged.first + at in chosen, "question": row["messages"][0]["content"],
            "answer": row["messages"][1]["content"], "think": one.think,
        }
        for at, (row, one) in enumerate(zip(table.select(["id", "parents", "messages"]).to_pylist(), merged.new, strict=True))
    ]  # fmt: skip


def _publish_rows(run: Run, done: Distilled, merged: Merged, key: object) -> list[Path]:
    """Publish every new row with its parents and reasoning, and every reply that made none, with its text and the reason."""
    ids = done.ground.pool.table["id"].to_pylist()
    aside = [
        {
            "cluster": one.cluster,
            "rows": [ids[at] for at in one.rows],
            "reason": one.why or TWIN,
            "rating": one.rating,
            "reply": one.reply,
        }
        for one in done.made
        if one.cluster not in merged.became
    ]

    def make(folder: Path) -> None:
        for name, rows in ((DISTILLED, _new_rows(done, merged)), (ASIDE, aside)):
            (folder / name).write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))

    return run.publish(run.step("rows", {"of": key}, make), [DISTILLED, ASIDE])


def _write_manifest(run: Run, done: Distilled, merged: Merged, counts: dict[str, int], files: list[Path]) -> None:
    outputs = [{"file": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)} for path in files]
    plain = {name: str(value) if isinstance(value, Path) else value for name, value in done.wanted.typed.items()}
    run.finish(
        {
            "verb": "distill", "settings": plain, "seed": done.wanted.typed["seed"], "inputs": done.ground.source.files,
            "outputs": outputs, "new rows": {"source": SOURCE, "rows": len(merged.new)}, "distilled": merged.counts,
            "rows": {"input": done.ground.source.total, **{status: counts[status] for status in ledgers.STATUSES}},
            "model": {"name": done.wanted.typed["model"], "version": causal.version_of(done.wanted.base)},
            **({"judge": done.used} if done.used else {}),
        }
    )  # fmt: skip
