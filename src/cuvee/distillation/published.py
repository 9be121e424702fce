"""What a distillation leaves behind: the merged training set, the ledger with the parents of every new row, what is aside."""

from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from cuvee import commands
from cuvee.arrays import I64
from cuvee.distillation.distill import SOURCE
from cuvee.distillation.merge import Distilled, Merged, merge
from cuvee.models import causal
from cuvee.publication import publish as publishing
from cuvee.publication import summary
from cuvee.publication.ledger import make_ledger
from cuvee.publication.map import make_map
from cuvee.publication.measure import measure
from cuvee.result import Result, Summary
from cuvee.runs import Run, sha256
from cuvee.samples import ledger as ledgers

STAGE = "distil"
TWIN = "the new row repeats a row of the pool"
NOT_ASKED = "not put to the distiller"
DISTILLED, ASIDE = "distilled.jsonl", "aside.jsonl"


def finish(run: Run, done: Distilled, depends: str) -> Result:
    """Merge, measure and publish; return what the verb returns."""
    merged = merge(done)
    wanted, ground, outcome = done.wanted, done.ground, merged.outcome
    pool, selection, seed = outcome.pool, outcome.selection, wanted.typed["seed"]
    tokens: I64 = outcome.cleaned["tokens"].to_numpy()[outcome.alive]
    key = [depends, merged.counts, outcome.selection.rows.tolist()]
    measured, measures = measure(
        run, pool, selection.rows, tokens, twin=ground.embedder.near, draws=wanted.ground.draws, seed=seed, depends=key
    )
    mapped = make_map(run, outcome, seed, depends=key)
    ledger = _ledger(done, merged)
    counts = ledgers.check(ledger, ground.source.total + len(merged.new))
    command = commands.command("distill", wanted.typed, run.path)
    facts = summary.Facts(
        wanted.ground, run.path, outcome.source, ledger, counts, pool, selection, measures, command,
        short=_short(len(selection.rows), wanted.budget.rows(len(ground.pool))),
    )  # fmt: skip
    told = _told(summary.summarise(facts, ground.embedder, [*ground.notes, *done.notes]), done, merged)
    files = publishing.publish(
        run, outcome, mapped, ledger, told, format=wanted.ground.format, file=wanted.ground.file,
        depends=[measured.fingerprint, mapped.fingerprint, key],
    )  # fmt: skip
    files += _publish_rows(run, done, merged, key)
    _write_manifest(run, done, merged, counts, files)
    parent = next((row["id"] for row in _new_rows(done, merged) if row["kept"]), ledger["id"][0].as_py())
    return Result(run.path, told, files, next=f"cuvee why {run.path} {parent}")


def _ledger(done: Distilled, merged: Merged) -> pa.Table:
    """Return the ledger: weak rows are merged into their new row, or say why not; new rows name their parents."""
    ledger = make_ledger(merged.outcome, "")
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


def _short(k: int, asked: int) -> str:
    return f"{asked:,} rows were asked for; {k:,} are good enough" if k < asked else ""


def _told(told: Summary, done: Distilled, merged: Merged) -> Summary:
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
