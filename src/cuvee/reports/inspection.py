"""The page of ``cuvee inspect``: what is in a pool, what would fall, and what a trainer would learn of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from cuvee.reports import figures, frame
from cuvee.result.plain import shown

EXAMPLES = 20  # broken rows that are shown
LABELS = (("Tasks", "tasks"), ("Sources", "sources"), ("Dialects", "dialects"), ("Licences", "licenses"))
QUANTILES = (("Tokens of a row, estimated", "tokens"), ("Turns of a row", "turns"))


class Broken(TypedDict):
    """A row that could not be read, and why."""

    file: str
    line: int
    reason: str
    raw: str


class CountBar(TypedDict):
    """Rows of one kind; size: percent of the largest."""

    label: str
    rows: int
    share: float
    size: float


class CountChart(TypedDict):
    """Rows by kind, the most frequent first."""

    title: str
    bars: list[CountBar]


@dataclass(frozen=True)
class Inspected:
    """What the page shows. profile: as ``profile.json`` has it. typed: every option, by name."""

    profile: Mapping[str, object]
    broken: Sequence[Broken]
    command: str
    typed: Mapping[str, object]
    versions: Mapping[str, str]


def write(seen: Inspected, path: Path, costs: Sequence[frame.StepCost] = ()) -> None:
    """Write the page, whole or not at all; equal arguments give equal bytes."""
    frame.write(make(seen, costs), path)


def make(seen: Inspected, costs: Sequence[frame.StepCost] = ()) -> str:
    """Return the page as HTML."""
    profile = shown(seen.profile)
    samples = _number(profile, "samples")
    told = {
        "title": "What is in the pool",
        "sentence": _sentence(profile),
        "warnings": [f"{what}: {rows:,} rows" for what, rows in _counts(profile, "notes").items()],
        "command": seen.command,
        "settings": {name: value for name, value in seen.typed.items() if value not in (None, "", [], False)},
        "versions": dict(seen.versions),
    }
    return frame.render(
        "inspection.html.jinja",
        shown(told),
        costs=costs,
        facts=_facts(profile),
        kinds=_charts(profile, LABELS, samples),
        quantiles=[(title, profile[name]) for title, name in QUANTILES if profile.get(name)],
        falls=_charts(profile, (("Would fall", "falls"), ("Flagged, and kept", "flags")), samples),
        reasons=_charts(profile, (("Could not be read", "reasons"),), _number(profile, "rows")),
        broken=shown(list(seen.broken[:EXAMPLES])),
        quarantined=_number(profile, "quarantined"),
        trainer=profile.get("trainer"),
        faults=_charts(profile, (("What is wrong with them", "trainer's faults"),), samples),
        files=profile.get("files") or [],
    )


def _sentence(profile: Mapping[str, object]) -> str:
    samples, falls = _number(profile, "samples"), sum(_counts(profile, "falls").values())
    files = profile.get("files")
    count = len(files) if isinstance(files, list) else 0
    told = f"{samples:,} samples in {count:,} {'file' if count == 1 else 'files'}"
    return f"{told}; {falls:,} of them would fall, {_number(profile, 'quarantined'):,} rows could not be read."


def _facts(profile: Mapping[str, object]) -> dict[str, object]:
    middle = _counts(profile, "tokens").get("50%")
    return {
        "rows": _number(profile, "rows"),
        "tokens in all, estimated": _number(profile, "tokens in all"),
        "tokens of the middle row": middle,
        "with a system turn": _number(profile, "system turns"),
        "with tools": _number(profile, "tools"),
    }


def _number(profile: Mapping[str, object], name: str) -> int:
    value = profile.get(name)
    return value if isinstance(value, int) else 0


def _counts(profile: Mapping[str, object], name: str) -> dict[str, int]:
    found = profile.get(name)
    return {str(key): int(rows) for key, rows in found.items()} if isinstance(found, dict) else {}


def _charts(profile: Mapping[str, object], named: Sequence[tuple[str, str]], total: int) -> list[CountChart]:
    found = [(title, _counts(profile, name)) for title, name in named]
    return [{"title": title, "bars": counted(counts, total)} for title, counts in found if counts]


def counted(counts: Mapping[str, int], total: int) -> list[CountBar]:
    """Return a bar for each kind of row, in order; shares are of ``total``."""
    sizes = figures.percents(list(counts.values()))
    return [
        {"label": label, "rows": rows, "share": rows / max(total, 1), "size": size}
        for (label, rows), size in zip(counts.items(), sizes, strict=True)
    ]
