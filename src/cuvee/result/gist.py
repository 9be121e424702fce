"""The gist of a result, for a terminal and a notebook: one sentence, few facts, the files with their sizes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cuvee.result.measures import RowCounts
from cuvee.result.plain import text
from cuvee.result.summary import Summary, WhyRow

FIGURES = 8  # of a table of figures that are told
NOTES = 3  # warnings that are told; the others are counted
EXCERPT = 200  # characters of a row
UNITS = ("B", "kB", "MB", "GB", "TB")


@dataclass(frozen=True)
class Gist:
    """What is shown in short; every text may be shown as it is. facts: name -> value. files: name and size of each.

    page: the report. next: the command to type next.
    """

    headline: str
    facts: dict[str, str]
    notes: list[str]
    folder: str
    files: list[tuple[str, str]]
    page: Path | None
    next: str


def gist(summary: Summary, folder: Path, files: Sequence[Path], next: str) -> Gist:
    """Return the gist of what a verb returned."""
    return Gist(
        _headline(summary),
        _facts(summary),
        _notes(summary),
        text(str(folder)),
        _sizes(files, folder),
        page_of(files),
        text(next),
    )


def page_of(files: Sequence[Path]) -> Path | None:
    """Return the page among the files that were written."""
    return next((path for path in files if path.suffix == ".html"), None)


def _headline(summary: Summary) -> str:
    """Return the result in one sentence."""
    if "why" in summary:
        return _fate(summary["why"])
    if "plan" in summary:
        return f"A dry run: would read {len(summary['plan']['files']):,} files, and made nothing."
    if "evaluation" in summary:
        return f"{summary['evaluation']['model']} on {summary['evaluation']['questions']:,} questions."
    if "fetched" in summary:
        return f"{summary['fetched']} is here."
    if "models" in summary:
        here = sum(bool(model["here"]) for model in summary["models"])
        return f"{len(summary['models']):,} models, {here:,} of them here."
    return text(summary.get("sentence") or summary.get("title") or "A result of cuvee.")


def _facts(summary: Summary) -> dict[str, str]:
    """Return name -> value of what a person asks first."""
    found: dict[str, str] = {}
    if summary.get("beside"):
        found["beside"] = summary["beside"]
    if summary.get("rows"):
        found["rows"] = _counted(summary["rows"])
    for name in ("method", "budget", "model", "embedder"):
        if value := summary.get("selection", {}).get(name):
            found[name] = str(value)
    if "repeats" in summary.get("why", {}):
        other = summary["why"]["repeats"]
        found["repeats" if other["id"] else "holds"] = _cut(
            ": ".join(part for part in (other["id"], other["text"]) if part)
        )
    if "why" in summary:
        found["text"] = _cut(summary["why"]["text"])
    for row in summary["evaluation"]["overall"][:FIGURES] if "evaluation" in summary else []:
        found[f"{row['measure']} {row['task']}"] = f"{row['mean']:.4g} over {row['n']:,}"
    figures = summary.get("profile") or summary.get("training") or summary.get("mixture") or {}
    numbers = {name: value for name, value in figures.items() if isinstance(value, int | float | str)}
    found |= {name: _figure(value) for name, value in list(numbers.items())[:FIGURES]}
    found |= (
        {f"step {number}": step for number, step in enumerate(summary["plan"]["steps"], 1)} if "plan" in summary else {}
    )
    return {text(name): text(value) for name, value in found.items()}


def _notes(summary: Summary) -> list[str]:
    """Return what to know before believing the numbers, the first few."""
    told = [text(note) for note in summary.get("warnings", [])]
    more = [f"and {len(told) - NOTES} more, in the report"] if len(told) > NOTES else []
    return [*told[:NOTES], *more]


def _sizes(files: Sequence[Path], folder: Path) -> list[tuple[str, str]]:
    """Return name and size of every file, named from the folder where it lies inside."""
    return [
        (text(str(path.relative_to(folder) if path.is_relative_to(folder) else path)), _size(path)) for path in files
    ]


def _size(path: Path) -> str:
    """Return the size of a file, or of all files in a folder; "" where there is none."""
    if not path.exists():
        return ""
    inside = [one for one in path.rglob("*") if one.is_file()] if path.is_dir() else [path]
    amount = float(sum(one.stat().st_size for one in inside))
    power = 0
    while amount >= 999.5 and power < len(UNITS) - 1:
        amount, power = amount / 1_000, power + 1
    return f"{amount:.3g} {UNITS[power]}"


def _counted(rows: RowCounts) -> str:
    parts = [f"{rows.get('kept', 0):,} kept"]
    if rows.get("merged"):
        parts.append(f"{rows['merged']:,} merged")
    free = f" ({rows['free']:,} only beyond the budget)" if rows.get("free") else ""
    parts += [f"{rows.get('dropped', 0):,} dropped{free}", f"{rows.get('quarantined', 0):,} quarantined"]
    return f"{rows.get('input', 0):,} read: {', '.join(parts)}"


def _fate(why: WhyRow) -> str:
    entry = why["entry"]
    at = f" at {entry['stage']}" if entry.get("stage") and entry.get("status") != "kept" else ""
    reason = f": {entry['reason']}" if entry.get("reason") else ""
    return text(f"{entry.get('id')} was {entry.get('status')}{at}{reason}")


def _figure(value: float | str) -> str:
    if isinstance(value, str):
        return _cut(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def _cut(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= EXCERPT else f"{line[: EXCERPT - 1]}…"
