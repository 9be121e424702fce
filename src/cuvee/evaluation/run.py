"""Evaluate: read the questions, let the model read and write, judge, and publish one row per question and the means."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from cuvee import disk
from cuvee.evaluation import evaluating, programs
from cuvee.evaluation.against import compare
from cuvee.evaluation.asked import EvaluateAsk, EvaluateOptions, bind
from cuvee.evaluation.journal import Journal
from cuvee.evaluation.programs import ProgramVerdict
from cuvee.evaluation.published import notes_of, publish
from cuvee.evaluation.question import GENERATED
from cuvee.evaluation.reading import Read, read_questions
from cuvee.evaluation.table import Answer, MeasureReading, table
from cuvee.evaluation.work import Work
from cuvee.models import causal
from cuvee.models.speed import ModelWork
from cuvee.progress import say
from cuvee.result import Result
from cuvee.runs import Claim, Step, open_run

LETTERS = 4  # of a token, about


def run_evaluate(options: EvaluateOptions, *, out: Path, dry_run: bool, replace: bool) -> Result:
    """Do what ``cuvee.verbs.evaluate`` says."""
    ask = bind(options)
    read = _questions(ask)
    if dry_run:
        return _plan(ask, read, Path(out))
    with open_run(Path(out), Claim("evaluate", ask.typed, replace)) as run:
        return _evaluate(Work(run, ask, read))


def _questions(ask: EvaluateAsk) -> Read:
    if not ask.on:
        return Read()
    return read_questions(ask.on, limit=ask.limit, seed=ask.seed, columns=ask.columns, dialect=ask.dialect)


def _plan(ask: EvaluateAsk, read: Read, out: Path) -> Result:
    kinds = Counter(question.kind for question in read.questions)
    written = 0 if ask.settings.loss_only else sum(kinds[kind] for kind in GENERATED)
    readings = sum(max(1, len(evaluating.candidates(one))) for one in read.questions if one.right is not None)
    most = ask.settings.sampling.max_new_tokens
    steps = [f"read {readings:,} answers with {ask.model}"]
    steps += [f"let it write {written:,} answers of at most {most} tokens"] * (written > 0)
    steps += [f"run {kinds['code']} programs in the sandbox"] * bool(ask.settings.run_code and kinds["code"])
    steps += [f"ask lm-eval's {', '.join(ask.tasks)}"] * bool(ask.tasks) + [f"publish to {out}"]
    files = [{"file": file["file"], "rows": file["questions"]} for file in read.files]
    work = _work(ask, read)
    seconds = round(work.seconds(causal.folder_of(ask.model)))
    plan = {"files": files, "steps": steps, "rows": len(read.questions), "tokens": work.tokens, "seconds": seconds}
    return Result(out, {"plan": {**plan, "notes": notes_of(read)}})


def _work(ask: EvaluateAsk, read: Read) -> ModelWork:
    """Return about what the model reads and writes; lm-eval's own tasks are not counted."""
    letters = written = 0
    for one in read.questions:
        asked = sum(len(turn["content"] or "") for turn in one.messages)
        known = evaluating.candidates(one) or [one.right or ""]
        letters += sum(asked + len(text) for text in known) if one.right is not None else 0
        if one.kind in GENERATED and not ask.settings.loss_only:
            letters, written = letters + asked, written + ask.settings.sampling.max_new_tokens
    return ModelWork(read=letters / LETTERS, written=written)


def _evaluate(work: Work) -> Result:
    questions, ask = work.read.questions, work.ask
    readings = _losses(work) if questions else []
    answers, verdicts = ({}, {}) if ask.settings.loss_only else _written(work)
    told = table(questions, readings, answers, verdicts)
    if ask.tasks:
        told = pa.concat_tables([told, _lm_eval(work)], promote_options="default")
    texts = {row: one.text for row, one in answers.items()}
    against = compare(work.run, ask.against, questions, texts) if ask.against else None
    return publish(work, told, against)


def _losses(work: Work) -> list[list[MeasureReading]]:
    def make(folder: Path) -> None:
        journal = Journal(folder / "journal.jsonl")
        found = evaluating.read(work.model, work.read.questions, journal, work.ask.settings.batch_tokens)
        _keep(folder, [[[one.total, one.tokens, one.cut] for one in row] for row in found])

    step = work.run.step("losses", work.depends, make, resumable=True)
    _tell(step, "read", f"the right answers of {len(work.read.questions):,} questions")
    return [[MeasureReading(*one) for one in row] for row in _kept(step)]


def _written(work: Work) -> tuple[dict[int, Answer], dict[int, ProgramVerdict]]:
    questions, settings = work.read.questions, work.ask.settings
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
    disk.write(folder / "results.json", orjson.dumps(rows))
    disk.remove(folder / "journal.jsonl")


def _kept(step: Step) -> list[Any]:
    found: list[Any] = orjson.loads((step.path / "results.json").read_bytes())
    return found


def _tell(step: Step, verb: str, what: str) -> None:
    if not step.reused:
        say(f"{verb:<9} {what}, in {step.seconds:.1f} s")


def _lm_eval(work: Work) -> pa.Table:
    from cuvee.evaluation import lm_eval_bridge

    ask = work.ask

    def make(folder: Path) -> None:
        told, samples = lm_eval_bridge.run(work.model, ask.tasks, limit=ask.limit, chat=ask.chat, seed=ask.seed)
        disk.save_table(folder / "table.parquet", told)
        lines = [orjson.dumps(one, default=str, option=orjson.OPT_NON_STR_KEYS) + b"\n" for one in samples]
        disk.write(folder / "lm_eval_samples.jsonl", b"".join(lines))

    depends = {**work.depends, "tasks": ask.tasks, "chat": ask.chat, "data": lm_eval_bridge.data_of(ask.tasks)}
    step = work.run.step("lm-eval", depends, make)
    work.run.publish(step, ["lm_eval_samples.jsonl"])
    _tell(step, "lm-eval", ", ".join(ask.tasks))
    return pq.read_table(step.path / "table.parquet")
