"""What was asked for on a terminal: a row's fate, a plan, a profile, the models that there are."""

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cuvee.result.summary import DryRun, ModelRow, WhyRow


def profile(found: Mapping[str, object]) -> RenderableType:
    """Return what a pool or a model is, line by line; what is empty is left out."""
    table = Table("what", "value", box=None, show_header=False)
    for key, value in found.items():
        if isinstance(value, list):  # the files
            value = {row["file"]: f"{row['rows']:,} rows" for row in value}
        if value not in ("", 0, {}):
            table.add_row(Text(key, style="bold"), Text(_value(value)))
    return table


def _value(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(count)}" for name, count in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def row(why: WhyRow) -> RenderableType:
    """Return a row's line of the ledger, what it repeats, its text, the rows it was made from, and the kept row nearest."""
    entry = why["entry"]
    table = Table("what", "value", box=None, show_header=False)
    for key, value in entry.items():
        table.add_row(
            Text(key, style="bold"), Text(", ".join(map(str, value)) if isinstance(value, list) else str(value))
        )
    parts: list[RenderableType] = [table]
    if "repeats" in why:
        other = why["repeats"]
        what = f"repeats: {other['id']} ({other['fate']})" if other["id"] else "holds this evaluation item"
        parts.append(Panel(Text(other["text"]), title=Text(what), title_align="left"))
    parts.append(Panel(Text(why["text"]), title="the row", title_align="left"))
    for number, parent in enumerate(why.get("parents", []), start=1):
        title = f"made from, {number} of {len(why['parents'])}: {parent['id']}"
        parts.append(Panel(Text(parent["text"]), title=Text(title), title_align="left"))
    if "nearest" in why:
        title = f"nearest kept row: {why['nearest']['id']} (cosine {why['nearest']['cosine']:.3f})"
        parts.append(Panel(Text(why["nearest"]["text"]), title=Text(title), title_align="left"))
    return Group(*parts)


def plan(plan: DryRun) -> RenderableType:
    """Return what a command would do, and what it would cost."""
    lines = [f"would read {len(plan['files'])} files"] if plan["files"] else []
    lines += [f"  {row['file']}" + (f"  about {row['rows']:,} rows" if "rows" in row else "") for row in plan["files"]]
    lines += [f"would {step}" for step in plan["steps"]]
    if "seconds" in plan:
        money = "the judge is asked for besides" if "judge" in plan else "no money"
        sizes = [f"about {plan[unit]:,} {unit}" for unit in ("rows", "tokens") if unit in plan]
        lines.append(", ".join([*sizes, f"about {_lasting(plan['seconds'])} on this machine; {money}"]))
    if "judge" in plan:
        asked = plan["judge"]
        lines.append(
            f"judge {asked['model']}: about {asked['questions']:,} questions, {asked['tokens_in']:,} tokens in and at most "
            f"{asked['tokens_out']:,} tokens out, less what the store has; {asked['cap']}"
        )
    return Text("\n".join([*lines, *plan["notes"]]))


def _lasting(seconds: int) -> str:
    """Return a time in the unit that people count it in."""
    if seconds < 100:
        return f"{max(1, seconds)} s"
    return f"{seconds / 60:.0f} min" if seconds < 6_000 else f"{seconds / 3_600:.1f} h"


def models(rows: list[ModelRow]) -> Table:
    """Return the models that can be brought."""
    table = Table("name", "what", "size", "licence", "here", box=None, header_style="bold")
    for row in rows:
        table.add_row(row["name"], row["what"], str(row["size"]), row["licence"], row["here"] or "no")
    return table
