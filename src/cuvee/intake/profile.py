"""Profile a pool for ``cuvee inspect``: counts and quantiles, nothing chosen."""

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from cuvee import budget as budgets
from cuvee.arrays import I64
from cuvee.cleaners.special import inside
from cuvee.commands import Mistakes, command, settings
from cuvee.errors import ConfigError
from cuvee.intake import lessons
from cuvee.intake.clean import Rules, clean
from cuvee.intake.lessons import Lessons
from cuvee.intake.placing import standing
from cuvee.intake.plan import foreseen
from cuvee.intake.read import Source, read_inputs, write_quarantine
from cuvee.intake.sources import ReadOptions, bind_read
from cuvee.reports import inspection as page
from cuvee.reports.frame import costs_of
from cuvee.result import Result
from cuvee.runs import Claim, Run, open_run, versions, write_json

Profile = dict[str, object]
TOP = 12  # labels shown
EXCERPT = 600  # characters of a broken row
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(frozen=True, kw_only=True)
class InspectOptions:
    """``cuvee inspect`` as typed."""

    read: ReadOptions
    near: float
    model: str | None
    max_length: int
    budget: str | float
    seed: int


def run_inspect(options: InspectOptions, *, out: Path, dry_run: bool) -> Result:
    """Do what ``cuvee.verbs.inspect`` says."""
    wrong = Mistakes()
    ask = bind_read(options.read, wrong)
    if options.max_length and not options.model:
        wrong.found.append(ConfigError("--max-length says nothing without a model", "name the model with --model"))
    budget = wrong.check(lambda: budgets.parse(options.budget))
    wrong.stop()
    if dry_run:
        expected = foreseen(ask.data)
        return expected.result(Path(out), ["read", "clean", "profile"], seconds=expected.seconds)
    typed = settings("inspect", options)
    with open_run(Path(out), Claim("inspect", typed, replace=True)) as run:  # a profile is made anew in seconds
        source = read_inputs(run, ask)
        _, verdicts = clean(run, source, Rules(options.near, 0.5, False, False), [])
        taught = lessons.lessons(source.table, options.model, options.max_length) if options.model else None
        here = standing(source.table, verdicts, budget, str(options.budget), ask.data)
        profile = _profile(source, verdicts) | (taught.figures() if taught else {}) | {"on the map": here.figures}
        seen = page.Inspected(profile, _broken(source), command("inspect", typed, run.path), typed, versions())
        files = _publish(run, seen, source, taught)
        run.conclude("inspect", typed, seed=options.seed, inputs=source.files)
    return Result(run.path, {"profile": profile}, files, next=here.next)


def _publish(run: Run, seen: page.Inspected, source: Source, taught: Lessons | None) -> list[Path]:
    names = ["profile.json", "report.html"]
    names += [*(["quarantine.jsonl"] if source.quarantined else []), *([lessons.FILE] if taught else [])]

    def make(folder: Path) -> None:
        write_json(folder / "profile.json", seen.profile)
        page.write(seen, folder / "report.html", costs_of(run.steps))
        if source.quarantined:
            write_quarantine(source, folder / "quarantine.jsonl")
        if taught:
            lessons.write(taught, folder / lessons.FILE)

    depends = {"profile": seen.profile, "inputs": source.fingerprint, "command": seen.command}
    return run.publish(run.step("profile", depends, make), names)


def _broken(source: Source) -> list[page.Broken]:
    """Return rows that could not be read, as many as a page shows, without the rest of those that are long."""
    return [
        {"file": row["file"], "line": row["line"], "reason": row["reason"], "raw": row["raw"][:EXCERPT]}
        for row in islice(source.quarantined, page.EXAMPLES)
    ]


def _profile(source: Source, verdicts: pa.Table) -> Profile:
    table = source.table
    kinds: Counter[str] = Counter()
    for reason, count in _valued(verdicts["reason"]):
        kinds[reason.split(":")[0]] += count
    flags = dict(_valued(pa.compute.list_flatten(verdicts["flags"])))
    turns = pa.compute.list_value_length(table["messages"]).to_numpy()
    return {
        "rows": source.total,
        "samples": table.num_rows,
        "quarantined": len(source.quarantined),
        "files": source.files,
        "dialects": _counts(table["dialect"]),
        "sources": _counts(table["source"]),
        "tasks": _counts(table["task"]),
        "licenses": _counts(table["license"]),
        "tokens": _quantiles(verdicts["tokens"].to_numpy()),
        "tokens in all": int(verdicts["tokens"].to_numpy().sum()),
        "turns": _quantiles(turns),
        "system turns": _with_system(table),
        "tools": table.num_rows - table["tools"].null_count,
        "falls": dict(kinds.most_common()),
        "flags": dict(sorted(flags.items(), key=lambda pair: -pair[1])),
        "special tokens": _special(table, verdicts["flags"]),
        "reasons": dict(Counter(row["reason"] for row in source.quarantined).most_common(TOP)),
        "notes": dict(source.notes),
    }


def _special(table: pa.Table, flags: pa.ChunkedArray) -> dict[str, int]:
    """Return each special token of chat templates, where it stands, and in how many rows."""
    taken = {f"{marks} at the end of an answer, taken off": rows for marks, rows in _valued(table["stripped"])}
    flagged = [at for at, names in enumerate(flags.to_pylist()) if "special-token" in names]
    found: Counter[str] = Counter()
    for batch in table.select(["messages"]).take(pa.array(flagged, pa.int64())).to_batches(max_chunksize=4_096):
        for turns in batch.column(0).to_pylist():
            found.update({mark for turn in turns for mark in inside(turn["content"] or "")})
    return taken | {f"{mark} inside a text": rows for mark, rows in found.most_common(TOP)}


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    counted = Counter(dict(_valued(column)))
    shown = dict(counted.most_common(TOP))
    if len(counted) > TOP:
        shown[f"({len(counted) - TOP} others)"] = sum(counted.values()) - sum(shown.values())
    return shown


def _valued(column: pa.ChunkedArray) -> list[tuple[str, int]]:
    """Return every value but null, and how often it is there."""
    counted = pa.compute.value_counts(column.drop_null())
    return list(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))


def _quantiles(values: I64) -> dict[str, int]:
    if not len(values):
        return {}
    return {f"{q:.0%}": int(np.quantile(values, q)) for q in QUANTILES}


def _with_system(table: pa.Table) -> int:
    flat = pa.compute.list_flatten(table["messages"])
    roles = pa.compute.struct_field(flat, "role")
    return int(pa.compute.sum(pa.compute.equal(roles, "system")).as_py() or 0)
