"""A run's summary on a terminal."""

from collections.abc import Callable
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cuvee.result import Result


def show(result: Result, console: Console) -> None:
    """Print what a verb returned: its summary, the paths of what it wrote, and the next command to type."""
    for key, draw in _PARTS.items():
        if key in result.summary:
            console.print(draw(result.summary[key]))
    if "measures" in result.summary:
        console.print(_selection(result.summary))
    for path in result.files:
        console.print(Text(f"  {path}", style="cyan"), soft_wrap=True)
    if result.next:
        console.print(Text.assemble("next: ", (result.next, "bold")), soft_wrap=True)


def _selection(summary: dict[str, Any]) -> RenderableType:
    parts: list[RenderableType] = [
        Panel(Text(summary["sentence"], style="bold"), title=summary["title"], title_align="left")
    ]
    rows = summary["rows"]
    parts.append(
        Text(
            f"{rows['input']:,} rows read = {rows['kept']:,} kept + {rows['dropped']:,} dropped "
            f"({rows['free']:,} of them only beyond the budget) + {rows['quarantined']:,} quarantined"
        )
    )
    parts.append(_measures(summary["measures"]))
    if summary.get("drops"):
        parts.append(_drops(summary["drops"]))
    if summary.get("found"):
        parts.append(_found(summary["found"]))
    parts += [Text(f"note: {note}", style="yellow") for note in summary.get("warnings", [])]
    return Group(*parts)


def _measures(measures: list[dict[str, Any]]) -> Table:
    table = Table("measure", "better", box=None, header_style="bold")
    for title in ("pool", "selection", "random (low .. high)"):
        table.add_column(title, justify="right")
    for row in measures:
        low, mean, high = (_number(row[key]) for key in ("random_low", "random_mean", "random_high"))
        better = "higher" if row["higher_is_better"] else "lower"
        chance = f"{mean} ({low} .. {high})" if row["random_mean"] is not None else ""
        table.add_row(row["name"], better, _number(row["pool"]), Text(_number(row["selection"]), style="bold"), chance)
    return table


def _drops(drops: list[dict[str, Any]]) -> Table:
    table = Table("fell at", "because", box=None, header_style="bold")
    table.add_column("rows", justify="right")
    for row in drops:
        table.add_row(row["stage"], Text(row["reason"]), f"{row['rows']:,}")
    return table


def _found(found: list[dict[str, Any]]) -> Table:
    table = Table("planted", "what became of them", box=None, header_style="bold")
    for title in ("planted", "found", "found wrongly"):
        table.add_column(title, justify="right")
    for row in found:
        false = "" if row["false_count"] is None else f"{row['false_count']:,}"
        table.add_row(row["planted"], row["what"], f"{row['planted_count']:,}", f"{row['found_count']:,}", false)
    return table


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def _profile(profile: dict[str, Any]) -> RenderableType:
    table = Table("what", "value", box=None, show_header=False)
    for key, value in profile.items():
        if key == "files":
            value = {row["file"]: f"{row['rows']:,} rows" for row in value}
        if isinstance(value, dict):
            value = ", ".join(
                f"{name} {count:,}" if isinstance(count, int) else f"{name} {count}" for name, count in value.items()
            )
        if value not in ("", 0):
            table.add_row(Text(key, style="bold"), Text(f"{value:,}" if isinstance(value, int) else str(value)))
    return table


def _why(why: dict[str, Any]) -> RenderableType:
    entry = why["entry"]
    table = Table("what", "value", box=None, show_header=False)
    for key, value in entry.items():
        table.add_row(
            Text(key, style="bold"), Text(", ".join(map(str, value)) if isinstance(value, list) else str(value))
        )
    parts: list[RenderableType] = [table, Panel(Text(why["text"]), title="the row", title_align="left")]
    if "nearest" in why:
        title = f"nearest kept row: {why['nearest']['id']} (cosine {why['nearest']['cosine']:.3f})"
        parts.append(Panel(Text(why["nearest"]["text"]), title=Text(title), title_align="left"))
    return Group(*parts)


def _plan(plan: dict[str, Any]) -> RenderableType:
    lines = [f"would read {len(plan['files'])} files"]
    lines += [f"  {row['file']}" + (f"  about {row['rows']:,} rows" if "rows" in row else "") for row in plan["files"]]
    lines += [f"would {step}" for step in plan["steps"]]
    if "seconds" in plan:
        lines.append(f"about {plan['rows']:,} rows, about {plan['seconds']:,} s on this machine; no money")
    return Text("\n".join([*lines, *plan["notes"]]))


def _models(rows: list[dict[str, Any]]) -> Table:
    table = Table("name", "what", "size", "licence", "here", box=None, header_style="bold")
    for row in rows:
        table.add_row(row["name"], row["what"], str(row["size"]), row["licence"], row["here"] or "no")
    return table


def _training(figures: dict[str, Any]) -> Table:
    table = Table("what", "value", box=None, show_header=False)
    for name, value in figures.items():
        table.add_row(Text(name, style="bold"), f"{value:,}")
    return table


_PARTS: dict[str, Callable[[Any], RenderableType]] = {
    "profile": _profile,
    "why": _why,
    "plan": _plan,
    "models": _models,
    "training": _training,
}
