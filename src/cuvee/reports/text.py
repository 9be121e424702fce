"""A run's summary on a terminal."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cuvee.reports.forest import by_metric, forest
from cuvee.result import Result


def show(result: Result, console: Console) -> None:
    """Print what a verb returned: its summary, the paths of what it wrote, and the next command to type."""
    for key, draw in _PARTS.items():
        if key in result.summary:
            console.print(draw(result.summary[key]))
    if "measures" in result.summary:
        console.print(_selection(result.summary))
    else:
        for note in result.summary.get("warnings", []):
            console.print(Text(f"note: {note}", style="yellow"))
    if "proof" in result.summary:
        console.print(Text(result.summary["sentence"], style="bold"))
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
            f"{rows['input']:,} rows read = {rows['kept']:,} kept{_merged(rows)} + {rows['dropped']:,} dropped "
            f"({rows['free']:,} of them only beyond the budget) + {rows['quarantined']:,} quarantined"
        )
    )
    parts.append(_measures(summary["measures"]))
    if summary.get("scores"):
        parts.append(_scores(summary["scores"]))
    if summary.get("drops"):
        parts.append(_drops(summary["drops"]))
    if summary.get("found"):
        parts.append(_found(summary["found"]))
    if summary.get("methods"):
        parts.append(_methods(summary["methods"]))
    parts += [Text(f"note: {note}", style="yellow") for note in summary.get("warnings", [])]
    return Group(*parts)


def _merged(rows: dict[str, int]) -> str:
    return f" + {rows['merged']:,} in blends only" if rows.get("merged") else ""


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


def _scores(scores: list[dict[str, Any]]) -> Table:
    table = Table("score", "better", box=None, header_style="bold")
    for title in ("null", "values", "most frequent", "with length", "cut"):
        table.add_column(title, justify="right")
    for row in scores:
        better = "higher" if row["higher_is_better"] else "lower"
        shares = ["" if row[key] is None else f"{row[key]:.1%}" for key in ("nulls", "tied", "cut")]
        rho = "" if row["length"] is None else f"{row['length']:+.2f}"
        table.add_row(row["name"], better, shares[0], f"{row['distinct']:,}", shares[1], rho, shares[2])
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


def _methods(methods: list[dict[str, Any]]) -> Table:
    table = Table("method", "at toy size", box=None, header_style="bold")
    for row in methods:
        took = "" if row["seconds"] is None else f" ({row['seconds']:.0f} s)"
        table.add_row(row["method"], Text(row["line"] + took))
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
    for number, parent in enumerate(why.get("parents", []), start=1):
        title = f"made from, {number} of {len(why['parents'])}: {parent['id']}"
        parts.append(Panel(Text(parent["text"]), title=Text(title), title_align="left"))
    if "nearest" in why:
        title = f"nearest kept row: {why['nearest']['id']} (cosine {why['nearest']['cosine']:.3f})"
        parts.append(Panel(Text(why["nearest"]["text"]), title=Text(title), title_align="left"))
    return Group(*parts)


def _plan(plan: dict[str, Any]) -> RenderableType:
    lines = [f"would read {len(plan['files'])} files"]
    lines += [f"  {row['file']}" + (f"  about {row['rows']:,} rows" if "rows" in row else "") for row in plan["files"]]
    lines += [f"would {step}" for step in plan["steps"]]
    if "seconds" in plan:
        money = "the judge is asked for besides" if "judge" in plan else "no money"
        lines.append(f"about {plan['rows']:,} rows, about {plan['seconds']:,} s on this machine; {money}")
    if "judge" in plan:
        asked = plan["judge"]
        lines.append(
            f"judge {asked['model']}: about {asked['questions']:,} questions, {asked['tokens_in']:,} tokens in and at most "
            f"{asked['tokens_out']:,} tokens out, less what the store has; {asked['cap']}"
        )
    return Text("\n".join([*lines, *plan["notes"]]))


def _proof(proof: dict[str, Any]) -> RenderableType:
    return Group(*map(_compared, by_metric(proof)))


def _compared(proof: Mapping[str, Any]) -> RenderableType:
    table = Table("arm", box=None, header_style="bold")
    for title in ("trainings", "rows", "updates", "mean", "better by", "verdict"):
        table.add_column(title, justify="left" if title == "verdict" else "right")
    shown = {arm["arm"]: arm for arm in forest(proof)["arms"]}
    for arm in proof["arms"]:
        judged = shown.get(arm["arm"], {"size": "", "word": "reference"})
        counts = ["" if arm[name] is None else f"{arm[name]:,}" for name in ("runs", "rows", "updates")]
        table.add_row(Text(arm["arm"]), *counts, f"{arm['mean']:.4f}", judged["size"], judged["word"])
    said = [Text(f"  {arm['sentence']}") for arm in shown.values()]
    sizes = f"{len(proof['tasks'])} tasks, {proof['questions']:,} questions, {len(proof['seeds'])} seeds"
    how = (
        f"{proof['unit']}, {proof['better']} is better; mean over {sizes}; "
        f"all intervals hold together with probability {proof['level']:.0%}"
    )
    return Group(table, *said, Text(how, style="dim"))


def _models(rows: list[dict[str, Any]]) -> Table:
    table = Table("name", "what", "size", "licence", "here", box=None, header_style="bold")
    for row in rows:
        table.add_row(row["name"], row["what"], str(row["size"]), row["licence"], row["here"] or "no")
    return table


MAIN = ("passed", "number_match", "accuracy", "exact_match")  # a task's score, the first of these that it has
SHOWN = 40  # tasks in the table of an evaluation; means.parquet has all


def _evaluation(told: dict[str, Any]) -> RenderableType:
    """One row per task with its loss and its main score, then every measure over all."""
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    for row in told["means"]:
        rows.setdefault(row["task"], {})[row["measure"]] = row
    whole = [task for task in rows if task.startswith("(all ")]
    tasks = [task for task in rows if task not in whole]
    table = Table("task", box=None, header_style="bold")
    for title in ("questions", "loss", "score"):
        table.add_column(title, justify="right")
    table.add_column("which is")
    for task in tasks[:SHOWN]:
        cells = rows[task]
        main = next((name for name in (*MAIN, *cells) if name in cells and not name.endswith("loss")), "")
        many = f"{max(cell['n'] for cell in cells.values()):,}"
        table.add_row(Text(task), many, _with_error(cells.get("loss")), _with_error(cells.get(main)), main)
    title = f"{told['model']} on {told['questions']:,} questions: mean \u00b1 standard error"
    parts: list[RenderableType] = [Text(title, style="bold"), table]
    parts += [Text(f"and {len(tasks) - SHOWN} more tasks, in means.parquet")] * (len(tasks) > SHOWN)
    if whole:
        parts.append(_over_all(rows, whole))
    if told.get("against"):
        parts.append(_versus(told["against"]))
    return Group(*parts, *(Text(f"note: {note}", style="yellow") for note in told["notes"]))


def _over_all(rows: dict[str, dict[str, dict[str, Any]]], whole: list[str]) -> Table:
    table = Table("over all", "better", box=None, header_style="bold")
    for task in whole:
        table.add_column(task.removeprefix("(all ").removesuffix(")") + " weigh alike", justify="right")
    for measure, cell in rows[whole[0]].items():
        better = "higher" if cell["higher_is_better"] else "lower"
        table.add_row(Text(measure), better, *(_with_error(rows[task].get(measure)) for task in whole))
    return table


def _with_error(cell: dict[str, Any] | None) -> str:
    if cell is None:
        return ""
    return f"{cell['mean']:.4g}" + (f" \u00b1 {cell['se']:.2g}" if cell["se"] is not None else "")


def _versus(against: dict[str, Any]) -> Text:
    rate = "unknown" if against["wtr"] is None else f"{against['wtr']:.1%}"
    score = "" if against["rs"] is None else f", RS {against['rs']:.3f}"
    unread = f", {against['unread']:,} replies could not be read" if against["unread"] else ""
    return Text(f"against {against['run']}: won or tied {rate} of {against['n']:,} questions{score}{unread}")


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
    "evaluation": _evaluation,
    "proof": _proof,
    "proofs": lambda lines: Text("\n".join(lines)),
    "training": _training,
    "mixture": _training,
}
