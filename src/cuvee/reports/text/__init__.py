"""A run's summary on a terminal."""

from collections.abc import Iterator, Mapping

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from cuvee.reports.text import asked, compared, selected
from cuvee.result import Result, Summary


def show(result: Result, console: Console) -> None:
    """Print what a verb returned: its summary, the paths of what it wrote, and the next command to type."""
    summary = result.summary
    for part in _parts(summary):
        console.print(part)
    if "measures" in summary:
        console.print(selected.selection(summary))
    else:
        for note in summary.get("warnings", []):
            console.print(Text(f"note: {note}", style="yellow"))
    if "proof" in summary:
        console.print(Text(summary["sentence"], style="bold"))
    for path in result.files:
        console.print(Text(f"  {path}", style="cyan"), soft_wrap=True)
    if result.next:
        console.print(Text.assemble("next: ", (result.next, "bold")), soft_wrap=True)


def _parts(summary: Summary) -> Iterator[RenderableType]:
    if "profile" in summary:
        yield asked.profile(summary["profile"])
    if "why" in summary:
        yield asked.row(summary["why"])
    if "plan" in summary:
        yield asked.plan(summary["plan"])
    if "models" in summary:
        yield asked.models(summary["models"])
    if "evaluation" in summary:
        yield compared.evaluation(summary["evaluation"])
    if "proof" in summary:
        yield compared.proof(summary["proof"])
    if "proofs" in summary:
        yield Text("\n".join(summary["proofs"]))
    for figures in (summary.get("training"), summary.get("mixture")):
        if figures is not None:
            yield _figures(figures)


def _figures(figures: Mapping[str, float]) -> Table:
    table = Table("what", "value", box=None, show_header=False)
    for name, value in figures.items():
        table.add_row(Text(name, style="bold"), f"{value:,}")
    return table
