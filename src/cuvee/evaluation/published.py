"""What an evaluation leaves behind: one row per question, the means, what the model said, and what a judge said."""

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from cuvee import commands, disk
from cuvee.evaluation.against import Compared
from cuvee.evaluation.means import QUESTIONS, TASKS, Mean, as_table, means
from cuvee.evaluation.question import GENERATED, Question
from cuvee.evaluation.reading import Read
from cuvee.evaluation.table import MEASURES
from cuvee.evaluation.work import Work
from cuvee.render import plain
from cuvee.reports import evaluation as page
from cuvee.reports.frame import costs_of
from cuvee.result import Result
from cuvee.result.proofs import EvaluationFigures
from cuvee.runs import versions, write_json
from cuvee.samples import containers

FIRST = ("report.html", "questions.parquet", "means.parquet", "answers.jsonl", "summary.json")
JUDGED = ("exact_match", "number_match", "accuracy", "passed")  # measures of one question that are 1 or 0


def publish(work: Work, told: pa.Table, against: Compared | None) -> Result:
    """Publish a finished evaluation; return what the verb returns."""
    found = means(told, seed=work.ask.seed)
    summary = _summary(work, told, found, against)

    def make(folder: Path) -> None:
        disk.save_table(folder / "questions.parquet", told)
        disk.save_table(folder / "means.parquet", as_table(found))
        disk.write(folder / "answers.jsonl", b"".join(_lines(work.read.questions, told)))
        write_json(folder / "summary.json", summary)
        page.write(_seen(work, told, summary["evaluation"]), folder / "report.html", costs_of(work.run.steps))

    step = work.run.step("table", {"steps": [one.fingerprint for one in work.run.steps]}, make)
    work.run.publish(step, list(FIRST))
    work.run.conclude(
        "evaluate",
        work.ask.typed,
        seed=work.ask.seed,
        inputs=work.read.files,
        model={"name": work.ask.model, "files": work.depends["model"]},
        notes=summary["evaluation"]["notes"],
        against=against,
    )
    tables_first = sorted(
        work.run.published, key=lambda path: FIRST.index(path.name) if path.name in FIRST else len(FIRST)
    )
    return Result(work.run.path, summary, tables_first)


def _seen(work: Work, told: pa.Table, figures: EvaluationFigures) -> page.Evaluated:
    return page.Evaluated(
        told=figures,
        said=_said(work.read.questions, told),
        measures={name: measure.what for name, measure in MEASURES.items()},
        overall=(QUESTIONS, TASKS),
        command=commands.command("evaluate", work.ask.typed, work.run.path),
        typed=work.ask.typed,
        versions=versions(),
    )


def _said(questions: list[Question], told: pa.Table) -> list[page.ShownAnswer]:
    """Return what was asked and said; questions whose right answer was only read have no answer of the model."""
    found: list[page.ShownAnswer] = []
    for question, row in zip(questions, told.to_pylist(), strict=False):
        values = [row[name] for name in JUDGED if row.get(name) is not None]
        verdict = "" if not values else "right" if max(values) > 0 else "wrong"
        found.append(
            {
                "task": question.task,
                "id": question.id,
                "question": plain(question.messages),
                "answer": row["answer"] or "",
                "right": row["right"] or "",
                "verdict": verdict,
            }
        )
    return found


def _lines(questions: list[Question], told: pa.Table) -> list[bytes]:
    """Return one JSON line per written answer: what was asked, and what the model said."""
    lines = []
    for question, answer in zip(questions, told["answer"].to_pylist(), strict=False):
        if question.kind in GENERATED and answer is not None:
            row = {"task": question.task, "id": question.id, "question": plain(question.messages), "answer": answer}
            lines.append(orjson.dumps(row) + b"\n")
    return lines


def _summary(work: Work, told: pa.Table, found: list[Mean], against: Compared | None) -> dict[str, Any]:
    notes = notes_of(work.read)
    cut = sum(1 for tokens in told["cut"].to_pylist() if tokens)
    notes += [f"{cut:,} questions are longer than the model reads: the start of their prompt is cut"] * bool(cut)
    unended = sum(ended is False for ended in told["ended"].to_pylist())
    most = work.ask.settings.sampling.max_new_tokens
    notes += [f"{unended:,} answers were stopped at {most} tokens: --max-new-tokens allows more"] * bool(unended)
    waiting = told.filter(pa.compute.equal(told["kind"], "code")).num_rows
    notes += [f"{waiting:,} programs were written and not run: --run-code"] * bool(
        waiting and not work.ask.settings.run_code and not work.ask.settings.loss_only
    )
    return {
        "title": "evaluate",
        "evaluation": {
            "model": work.ask.model,
            "questions": told.num_rows,
            "means": found,
            "overall": [row for row in found if row["task"] in (QUESTIONS, TASKS)],
            "against": against and {name: value for name, value in against.items() if name != "judge"},
            "notes": notes,
        },
    }


def notes_of(read: Read) -> list[str]:
    """Return a line on what was put aside, by file and reason."""
    by_file = Counter((row.file, row.reason) for row in read.aside)
    return [
        f"{containers.stem(file)}: {rows:,} rows are no questions and were put aside: {reason}"
        for (file, reason), rows in by_file.most_common()
    ]
