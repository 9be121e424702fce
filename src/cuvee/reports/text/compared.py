"""Models compared on a terminal: the arms of a proof, the tasks of an evaluation."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cuvee.reports.forest import by_metric, forest
from cuvee.result.proofs import AgainstFigures, EvaluationFigures, MeanRow, ProofFigures

MAIN = ("passed", "number_match", "accuracy", "exact_match")  # a task's score, the first of these that it has
SHOWN = 40  # tasks in the table of an evaluation; means.parquet has all

ByTask = dict[str, dict[str, MeanRow]]  # task -> measure -> its mean


def proof(told: ProofFigures) -> RenderableType:
    """Return the arms of a proof, by each metric."""
    return Group(*map(_compared, by_metric(told)))


def _compared(proof: ProofFigures) -> RenderableType:
    table = _table("arm", "mean", "better by")
    table.add_column("verdict")
    shown = {arm["arm"]: arm for arm in forest(proof)["arms"]}
    for arm in proof["arms"]:
        judged = shown.get(arm["arm"])
        verdict = (judged["size"], judged["word"]) if judged else ("", "reference")
        table.add_row(Text(arm["arm"]), f"{arm['mean']:.4f}", *verdict)
    said = [Text(f"  {arm['sentence']}") for arm in shown.values()]
    draws = proof.get("clusters", proof["questions"])  # earlier versions wrote none
    together = "" if draws == proof["questions"] else f" in {draws:,} draws"
    sizes = f"{len(proof['tasks'])} tasks, {proof['questions']:,} questions{together}, {len(proof['seeds'])} seeds"
    how = (
        f"{proof['unit']}, {proof['better']} is better; mean over {sizes}; "
        f"all intervals hold together with probability {proof['level']:.0%}"
    )
    return Group(table, *said, Text(how, style="dim"), _took(proof))


def _took(proof: ProofFigures) -> Table:
    """Return what each arm took, mean over seeds; earlier versions wrote less of it."""
    tried = any(arm.get("lrs") for arm in proof["arms"])
    names = ["runs", "rows", "touched", "updates", "tokens", "answers", "forward", "back"]
    table = _table("arm", *names, *(["rate"] if tried else []))
    for arm in proof["arms"]:
        first = (arm["runs"], arm["rows"], arm.get("touched"), arm["updates"], arm["tokens"])
        counts = (*first, arm.get("answers"), arm.get("forward"), arm.get("backward"))
        shown = ["" if count is None else f"{count:,}" for count in counts]
        rate = arm.get("lr")
        table.add_row(Text(arm["arm"]), *shown, *([f"{rate:g}" if rate else ""] if tried else []))
    return table


def evaluation(told: EvaluationFigures) -> RenderableType:
    """Return one row per task with its loss and its main score, then every measure over all."""
    rows: ByTask = {}
    for row in told["means"]:
        rows.setdefault(row["task"], {})[row["measure"]] = row
    whole = [task for task in rows if task.startswith("(all ")]
    tasks = [task for task in rows if task not in whole]
    title = f"{told['model']} on {told['questions']:,} questions: mean \u00b1 standard error"
    parts: list[RenderableType] = [Text(title, style="bold"), _tasks(rows, tasks[:SHOWN])]
    if len(tasks) > SHOWN:
        parts.append(Text(f"and {len(tasks) - SHOWN} more tasks, in means.parquet"))
    if whole:
        parts.append(_over_all(rows, whole))
    if told["against"]:
        parts.append(_versus(told["against"]))
    return Group(*parts, *(Text(f"note: {note}", style="yellow") for note in told["notes"]))


def _tasks(rows: ByTask, tasks: list[str]) -> Table:
    table = _table("task", "questions", "loss", "score")
    table.add_column("which is")
    for task in tasks:
        cells = rows[task]
        main = next((name for name in (*MAIN, *cells) if name in cells and not name.endswith("loss")), "")
        many = f"{max(cell['n'] for cell in cells.values()):,}"
        table.add_row(Text(task), many, _with_error(cells.get("loss")), _with_error(cells.get(main)), main)
    return table


def _table(first: str, *numbers: str) -> Table:
    table = Table(first, box=None, header_style="bold")
    for title in numbers:
        table.add_column(title, justify="right")
    return table


def _over_all(rows: ByTask, whole: list[str]) -> Table:
    table = Table("over all", "better", box=None, header_style="bold")
    for task in whole:
        table.add_column(task.removeprefix("(all ").removesuffix(")") + " weigh alike", justify="right")
    for measure, cell in rows[whole[0]].items():
        better = "higher" if cell["higher_is_better"] else "lower"
        table.add_row(Text(measure), better, *(_with_error(rows[task].get(measure)) for task in whole))
    return table


def _with_error(cell: MeanRow | None) -> str:
    if cell is None:
        return ""
    return f"{cell['mean']:.4g}" + (f" \u00b1 {cell['se']:.2g}" if cell["se"] is not None else "")


def _versus(against: AgainstFigures) -> Text:
    rate = "unknown" if against["wtr"] is None else f"{against['wtr']:.1%}"
    score = "" if against["rs"] is None else f", RS {against['rs']:.3f}"
    unread = f", {against['unread']:,} replies could not be read" if against["unread"] else ""
    return Text(f"against {against['run']}: won or tied {rate} of {against['n']:,} questions{score}{unread}")
