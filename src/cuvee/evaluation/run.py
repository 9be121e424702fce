"""Evaluate: read the questions, let the model read and write, judge, and publish one row per question and the means."""

from collections import Counter
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from cuvee.commands import Mistakes, listed, pairs, paths
from cuvee.errors import ConfigError
from cuvee.evaluation import evaluating, programs
from cuvee.evaluation.against import Against, compare
from cuvee.evaluation.against import bind as bind_against
from cuvee.evaluation.evaluating import EvaluationSettings
from cuvee.evaluation.journal import Journal
from cuvee.evaluation.means import QUESTIONS, TASKS, Mean, as_table, means
from cuvee.evaluation.programs import ProgramVerdict
from cuvee.evaluation.question import GENERATED, Question
from cuvee.evaluation.reading import Read, read_questions
from cuvee.evaluation.table import Answer, MeasureReading, table
from cuvee.models import causal
from cuvee.models.causal import Causal
from cuvee.models.generation import Sampling
from cuvee.models.needs import need
from cuvee.progress import say
from cuvee.render import plain
from cuvee.result import Result
from cuvee.runs import Run, Step, digest, open_run, sha256, write_json
from cuvee.samples import containers

BESIDE = (
    "chat_template.jinja",
    "tokenizer_config.json",
    "generation_config.json",
    "config.json",
)  # change what is said


@dataclass(frozen=True)
class EvaluateAsk:
    """A checked ``cuvee evaluate``."""

    model: str
    on: list[str]
    limit: int | None
    settings: EvaluationSettings
    tasks: list[str]  # of lm-eval
    chat: bool
    against: Against | None
    columns: dict[str, str]
    dialect: str | None
    device: str | None
    precision: str | None
    seed: int
    typed: dict[str, Any]


@dataclass
class Work:
    """What the steps share: the run, what is wanted, the questions, and the model, loaded when it is first needed."""

    run: Run
    wanted: EvaluateAsk
    read: Read

    @cached_property
    def model(self) -> Causal:
        """The loaded model."""
        return causal.load(self.wanted.model, device=self.wanted.device, dtype=self.wanted.precision)

    @cached_property
    def depends(self) -> dict[str, Any]:
        """What every result depends on: the model's files, where and how precisely it runs, and the questions."""
        wanted = self.wanted
        folder = causal.folder_of(wanted.model)
        beside = [(folder / name).read_bytes().hex() for name in BESIDE if (folder / name).is_file()]
        return {
            "model": [causal.version_of(folder), digest(beside), wanted.device, wanted.precision],
            "questions": [[file["sha256"], file["file"]] for file in self.read.files],
            "reading": [wanted.limit, wanted.columns, wanted.dialect, wanted.seed],
            "batch": wanted.settings.batch_tokens,
        }


def run_evaluate(*, out: Path, dry_run: bool, **typed: Any) -> Result:
    """Do what ``cuvee.verbs.evaluate`` says."""
    wanted = bind(typed)
    read = _questions(wanted)
    if dry_run:
        return _plan(wanted, read, Path(out))
    with open_run(Path(out)) as run:
        return _evaluate(Work(run, wanted, read))


def bind(typed: dict[str, Any]) -> EvaluateAsk:
    """Check everything that can be checked without reading the data or the model. Raises ConfigError for all mistakes."""
    wrong = Mistakes()
    writes = {name: typed[name] for name in ("max_new_tokens", "temperature", "top_p", "seed")}
    sampling = wrong.check(lambda: Sampling(**writes))
    columns = wrong.check(lambda: pairs(typed["columns"], "columns")) or {}
    wrong.check(lambda: _positive(typed, "limit", "batch_tokens"))
    wrong.check(lambda: _together(typed))
    against = wrong.check(lambda: bind_against(typed))
    folder = wrong.check(lambda: causal.folder_of(typed["model"]))
    wrong.stop()
    need("torch", "transformers")
    return EvaluateAsk(
        model=typed["model"] if folder else "",
        on=paths(typed["on"]),
        limit=typed["limit"],
        settings=EvaluationSettings(sampling, typed["batch_tokens"], typed["loss_only"], typed["run_code"]),
        tasks=listed(typed["lm_eval"]),
        chat=not typed["lm_eval_plain"],
        against=against,
        columns={key: str(value) for key, value in columns.items()},
        dialect=typed["dialect"],
        device=typed["device"],
        precision=typed["precision"],
        seed=typed["seed"],
        typed={key: str(value) if isinstance(value, Path) else value for key, value in typed.items()},
    )


def _positive(typed: dict[str, Any], *asked: str) -> None:
    for name in asked:
        if typed[name] is not None and typed[name] < 1:
            raise ConfigError(f"{name.replace('_', '-')} is {typed[name]}", "give at least 1")


def _together(typed: dict[str, Any]) -> None:
    if not typed["on"] and not typed["lm_eval"]:
        raise ConfigError("nothing to evaluate on", "--on FILES, or --lm-eval TASKS")
    if typed["loss_only"] and (typed["run_code"] or typed["against"]):
        raise ConfigError("with --loss-only the model writes nothing", "leave out --run-code and --against, or it")


def _questions(wanted: EvaluateAsk) -> Read:
    if not wanted.on:
        return Read()
    return read_questions(
        wanted.on, limit=wanted.limit, seed=wanted.seed, columns=wanted.columns, dialect=wanted.dialect
    )


def _plan(wanted: EvaluateAsk, read: Read, out: Path) -> Result:
    kinds = Counter(question.kind for question in read.questions)
    written = 0 if wanted.settings.loss_only else sum(kinds[kind] for kind in GENERATED)
    readings = sum(max(1, len(evaluating.candidates(one))) for one in read.questions if one.right is not None)
    most = wanted.settings.sampling.max_new_tokens
    steps = [f"read {readings:,} answers with {wanted.model}"]
    steps += [f"let it write {written:,} answers of at most {most} tokens"] * (written > 0)
    steps += [f"run {kinds['code']} programs in the sandbox"] * bool(wanted.settings.run_code and kinds["code"])
    steps += [f"ask lm-eval's {', '.join(wanted.tasks)}"] * bool(wanted.tasks) + [f"publish to {out}"]
    files = [{"file": file["file"], "rows": file["questions"]} for file in read.files]
    return Result(out, {"plan": {"files": files, "steps": steps, "notes": _notes(read)}})


def _evaluate(work: Work) -> Result:
    questions, wanted = work.read.questions, work.wanted
    readings = _losses(work) if questions else []
    answers, verdicts = ({}, {}) if wanted.settings.loss_only else _written(work)
    told = table(questions, readings, answers, verdicts)
    if wanted.tasks:
        told = pa.concat_tables([told, _lm_eval(work)], promote_options="default")
    texts = {row: one.text for row, one in answers.items()}
    against = compare(work.run, wanted.against, questions, texts) if wanted.against else None
    return _publish(work, told, against)


def _losses(work: Work) -> list[list[MeasureReading]]:
    def make(folder: Path) -> None:
        journal = Journal(folder / "journal.jsonl")
        found = evaluating.read(work.model, work.read.questions, journal, work.wanted.settings.batch_tokens)
        _keep(folder, [[[one.total, one.tokens, one.cut] for one in row] for row in found])

    step = work.run.step("losses", work.depends, make, resumable=True)
    _tell(step, "read", f"the right answers of {len(work.read.questions):,} questions")
    return [[MeasureReading(*one) for one in row] for row in _kept(step)]


def _written(work: Work) -> tuple[dict[int, Answer], dict[int, ProgramVerdict]]:
    questions, settings = work.read.questions, work.wanted.settings
    if not any(question.kind in GENERATED for question in questions):
        return {}, {}

    def write(folder: Path) -> None:
        journal = Journal(folder / "journal.jsonl")
        found = evaluating.write(work.model, questions, journal, settings.sampling, settings.batch_tokens)
        _keep(folder, [[row, one.text, one.tokens, one.ended, one.cut] for row, one in found.items()])

    step = work.run.step("answers", {**work.depends, "how": asdict(settings.sampling)}, write, resumable=True)
    answers = {row: Answer(*told) for row, *told in _kept(step)}
    _tell(step, "wrote", f"{len(answers):,} answers")
    if not settings.run_code or not any(question.program for question in questions):
        return answers, {}

    def judge(folder: Path) -> None:
        found = programs.judge(questions, answers, settings.limits, Journal(folder / "journal.jsonl"))
        _keep(folder, [[row, one.passed, one.reason] for row, one in found.items()])

    depends = {"answers": step.fingerprint, "limits": asdict(settings.limits)}
    ran = work.run.step("code", depends, judge, resumable=True)
    verdicts = {row: ProgramVerdict(*told) for row, *told in _kept(ran)}
    _tell(ran, "ran", f"{len(verdicts):,} programs")
    return answers, verdicts


def _keep(folder: Path, rows: list[Any]) -> None:
    (folder / "results.json").write_bytes(orjson.dumps(rows))
    (folder / "journal.jsonl").unlink(missing_ok=True)


def _kept(step: Step) -> list[Any]:
    found: list[Any] = orjson.loads((step.path / "results.json").read_bytes())
    return found


def _tell(step: Step, verb: str, what: str) -> None:
    if not step.reused:
        say(f"{verb:<9} {what}, in {step.seconds:.1f} s")


def _lm_eval(work: Work) -> pa.Table:
    from cuvee.evaluation import lm_eval_bridge

    wanted = work.wanted

    def make(folder: Path) -> None:
        told, samples = lm_eval_bridge.run(
            work.model, wanted.tasks, limit=wanted.limit, chat=wanted.chat, seed=wanted.seed
        )
        pq.write_table(told, folder / "table.parquet")
        lines = [orjson.dumps(one, default=str, option=orjson.OPT_NON_STR_KEYS) + b"\n" for one in samples]
        (folder / "lm_eval_samples.jsonl").write_bytes(b"".join(lines))

    depends = {**work.depends, "tasks": wanted.tasks, "chat": wanted.chat, "data": lm_eval_bridge.data_of(wanted.tasks)}
    step = work.run.step("lm-eval", depends, make)
    work.run.publish(step, ["lm_eval_samples.jsonl"])
    _tell(step, "lm-eval", ", ".join(wanted.tasks))
    return pq.read_table(step.path / "table.parquet")


def _publish(work: Work, told: pa.Table, against: dict[str, Any] | None) -> Result:
    found = means(told, seed=work.wanted.seed)
    summary = _summary(work, told, found, against)

    def make(folder: Path) -> None:
        pq.write_table(told, folder / "questions.parquet")
        pq.write_table(as_table(found), folder / "means.parquet")
        (folder / "answers.jsonl").write_bytes(b"".join(_lines(work.read.questions, told)))
        write_json(folder / "summary.json", summary)

    step = work.run.step("table", {"steps": [one.fingerprint for one in work.run.steps]}, make)
    files = work.run.publish(step, ["questions.parquet", "means.parquet", "answers.jsonl", "summary.json"])
    files += [
        path for name in ("comparisons.parquet", "lm_eval_samples.jsonl") if (path := work.run.path / name).exists()
    ]
    work.run.finish(
        {
            "verb": "evaluate",
            "settings": work.wanted.typed,
            "seed": work.wanted.seed,
            "inputs": work.read.files,
            "model": {"name": work.wanted.model, "files": work.depends["model"]},
            "outputs": [{"file": one.name, "bytes": one.stat().st_size, "sha256": sha256(one)} for one in files],
            "notes": summary["evaluation"]["notes"],
            "against": against,
        }
    )
    return Result(work.run.path, summary, files)


def _lines(questions: list[Question], told: pa.Table) -> list[bytes]:
    """Return one JSON line per written answer: what was asked, and what the model said."""
    lines = []
    for question, answer in zip(questions, told["answer"].to_pylist(), strict=False):
        if question.kind in GENERATED and answer is not None:
            row = {"task": question.task, "id": question.id, "question": plain(question.messages), "answer": answer}
            lines.append(orjson.dumps(row) + b"\n")
    return lines


def _summary(work: Work, told: pa.Table, found: list[Mean], against: dict[str, Any] | None) -> dict[str, Any]:
    notes = _notes(work.read)
    cut = sum(1 for tokens in told["cut"].to_pylist() if tokens)
    notes += [f"{cut:,} questions are longer than the model reads: the start of their prompt is cut"] * bool(cut)
    unended = sum(ended is False for ended in told["ended"].to_pylist())
    most = work.wanted.settings.sampling.max_new_tokens
    notes += [f"{unended:,} answers were stopped at {most} tokens: --max-new-tokens allows more"] * bool(unended)
    waiting = told.filter(pa.compute.equal(told["kind"], "code")).num_rows
    notes += [f"{waiting:,} programs were written and not run: --run-code"] * bool(
        waiting and not work.wanted.settings.run_code and not work.wanted.settings.loss_only
    )
    return {
        "title": "evaluate",
        "evaluation": {
            "model": work.wanted.model,
            "questions": told.num_rows,
            "means": found,
            "overall": [row for row in found if row["task"] in (QUESTIONS, TASKS)],
            "against": against and {name: value for name, value in against.items() if name != "judge"},
            "notes": notes,
        },
    }


def _notes(read: Read) -> list[str]:
    by_file = Counter((row.file, row.reason) for row in read.aside)
    return [
        f"{containers.stem(file)}: {rows:,} rows are no questions and were put aside: {reason}"
        for (file, reason), rows in by_file.most_common()
    ]
