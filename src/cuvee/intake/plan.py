"""``--dry-run``: what a command would do, and what it would cost, without doing it."""

from pathlib import Path
from typing import Any

from cuvee import embedders
from cuvee.intake import judge as judging
from cuvee.intake.asked import PoolAsk
from cuvee.result import Result
from cuvee.samples import containers, inputs

SAMPLE_ROWS = 200


def plan(wanted: PoolAsk, out: Path) -> Result:
    """Return the files that would be read, an estimate of their rows, and the steps that would run."""
    files: list[dict[str, Any]] = []
    for path in inputs.expand(wanted.data):
        size = Path(path).stat().st_size if Path(path).is_file() else 0
        files.append({"file": str(path), "bytes": size, "rows": _estimate(str(path), size)})
    embedder, why = embedders.resolve(wanted.embedder)
    rows = sum(file["rows"] for file in files if isinstance(file["rows"], int))
    steps = [
        "read",
        "clean",
        f"embed by {embedder.name}",
        f"select {wanted.typed['budget']} by {wanted.request.method}",
    ]
    asked = None
    if wanted.judge:
        size = sum(_packed(file["file"]) * file["bytes"] for file in files)
        asked = judging.plan(wanted.judge, wanted.scores, rows, size)
        steps.insert(3, f"ask {asked['model']} at {asked['url']} for {', '.join(judging.kinds(wanted.scores))}")
    steps += [f"measure beside {wanted.draws} random selections", "map", f"publish to {out}"]
    seconds = rows / embedder.rate + rows / 1_500
    told = {"files": files, "rows": rows, "steps": steps, "seconds": round(seconds), "notes": why}
    return Result(out, {"plan": {**told, "judge": asked} if asked else told})


def _estimate(path: str, size: int) -> int:
    """Return about how many rows a file holds, from the mean size of its first ones; exact when it has fewer."""
    lengths = []
    for raw in containers.rows(path):
        lengths.append(len(raw.raw) + 1)
        if len(lengths) == SAMPLE_ROWS:
            return round(_packed(path) * size * SAMPLE_ROWS / sum(lengths))
    return len(lengths)


def _packed(path: str) -> int:
    """Return about how many bytes of text a byte of this file holds."""
    return 4 if Path(path).suffix in (".gz", ".zst", ".xz", ".bz2", ".parquet") else 1
