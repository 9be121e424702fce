"""A selection on a terminal: its measures beside random ones, its scores, what fell, what was found."""

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cuvee.result.measures import DropRow, MeasureRow, PlantedRow, RowCounts, ScoreRow
from cuvee.result.summary import MethodRow, Summary


def selection(summary: Summary) -> RenderableType:
    """Return the summary of a run that measured what it chose."""
    parts: list[RenderableType] = [Panel(_headline(summary), title=summary["title"], title_align="left")]
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


def _headline(summary: Summary) -> Text:
    told = Text(summary["sentence"], style="bold")
    return told.append(f"\n{summary['beside']}", style="not bold") if summary.get("beside") else told


def _merged(rows: RowCounts) -> str:
    return f" + {rows['merged']:,} in blends only" if rows.get("merged") else ""


def _measures(measures: list[MeasureRow]) -> Table:
    table = Table("measure", "better", box=None, header_style="bold")
    for title in ("pool", "selection", "random (low .. high)"):
        table.add_column(title, justify="right")
    for row in measures:
        low, mean, high = _number(row["random_low"]), _number(row["random_mean"]), _number(row["random_high"])
        better = "higher" if row["higher_is_better"] else "lower"
        chance = f"{mean} ({low} .. {high})" if row["random_mean"] is not None else ""
        table.add_row(row["name"], better, _number(row["pool"]), Text(_number(row["selection"]), style="bold"), chance)
    return table


def _scores(scores: list[ScoreRow]) -> Table:
    table = Table("score", "better", box=None, header_style="bold")
    for title in ("null", "values", "most frequent", "with length", "cut"):
        table.add_column(title, justify="right")
    for row in scores:
        better = "higher" if row["higher_is_better"] else "lower"
        shares = ["" if share is None else f"{share:.1%}" for share in (row["nulls"], row["tied"], row["cut"])]
        rho = "" if row["length"] is None else f"{row['length']:+.2f}"
        table.add_row(row["name"], better, shares[0], f"{row['distinct']:,}", shares[1], rho, shares[2])
    return table


def _drops(drops: list[DropRow]) -> Table:
    table = Table("fell at", "because", box=None, header_style="bold")
    table.add_column("rows", justify="right")
    for row in drops:
        table.add_row(row["stage"], Text(row["reason"]), f"{row['rows']:,}")
    return table


def _found(found: list[PlantedRow]) -> Table:
    table = Table("planted", "what became of them", box=None, header_style="bold")
    for title in ("planted", "found", "found wrongly"):
        table.add_column(title, justify="right")
    for row in found:
        false = "" if row["false_count"] is None else f"{row['false_count']:,}"
        table.add_row(row["planted"], row["what"], f"{row['planted_count']:,}", f"{row['found_count']:,}", false)
    return table


def _methods(methods: list[MethodRow]) -> Table:
    table = Table("method", "at toy size", box=None, header_style="bold")
    for row in methods:
        took = "" if row["seconds"] is None else f" ({row['seconds']:.0f} s)"
        table.add_row(row["method"], Text(row["line"] + took))
    return table


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
