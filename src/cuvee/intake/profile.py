"""Profile a pool for ``cuvee inspect``: counts and quantiles, nothing chosen."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from cuvee.commands import pairs, paths
from cuvee.intake.clean import Rules, clean
from cuvee.intake.read import Source, read_inputs
from cuvee.result import Result
from cuvee.runs import Run, open_run, write_json
from cuvee.samples import inputs

TOP = 12  # labels shown
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def run_inspect(
    data: list[str],
    *,
    near: float,
    columns: str,
    dialect: str | None,
    strict: bool,
    dry_run: bool,
    seed: int,
    out: Path,
) -> Result:
    """Do what ``cuvee.verbs.inspect`` says."""
    named = paths(data)
    if dry_run:
        plan = [{"file": str(path)} for path in inputs.expand(named)]
        return Result(Path(out), {"plan": {"files": plan, "steps": ["read", "clean", "profile"], "notes": []}})
    with open_run(Path(out)) as run:
        mapping = {key: str(value) for key, value in pairs(columns, "columns").items()}
        source = read_inputs(run, named, columns=mapping, dialect=dialect, strict=strict)
        _, verdicts = clean(run, source, Rules(near, 0.5, False, False), [])
        profile = _profile(source, verdicts)
        files = _write(run, source, profile)
        run.finish({"verb": "inspect", "settings": {"data": named, "near": near, "seed": seed}, "inputs": source.files})
    return Result(run.path, {"profile": profile}, files, next=f"cuvee select {' '.join(named)} --budget 10%")


def _write(run: Run, source: Source, profile: dict[str, Any]) -> list[Path]:
    write_json(run.path / "profile.json", profile)
    files = [run.path / "profile.json"]
    if source.quarantined:
        files.append(run.path / "quarantine.jsonl")
        files[-1].write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in source.quarantined))
    return files


def _profile(source: Source, verdicts: pa.Table) -> dict[str, Any]:
    table = source.table
    kinds = Counter(reason.split(":")[0] for reason in verdicts["reason"].to_pylist() if reason)
    flags = Counter(flag for row in verdicts["flags"].to_pylist() for flag in row)
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
        "flags": dict(flags.most_common()),
        "reasons": dict(Counter(row["reason"] for row in source.quarantined).most_common(TOP)),
        "notes": dict(source.notes),
    }


def _counts(column: Any) -> dict[str, int]:
    counted = Counter({row["values"]: row["counts"] for row in column.drop_null().value_counts().to_pylist()})
    shown = dict(counted.most_common(TOP))
    if len(counted) > TOP:
        shown[f"({len(counted) - TOP} others)"] = sum(counted.values()) - sum(shown.values())
    return shown


def _quantiles(values: Any) -> dict[str, int]:
    if not len(values):
        return {}
    return {f"{q:.0%}": int(np.quantile(values, q)) for q in QUANTILES}


def _with_system(table: pa.Table) -> int:
    flat = pa.compute.list_flatten(table["messages"])
    roles = pa.compute.struct_field(flat, "role")
    return int(pa.compute.sum(pa.compute.equal(roles, "system")).as_py() or 0)
