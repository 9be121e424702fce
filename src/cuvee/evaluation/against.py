"""Another evaluation and a judge: the open answers of two models are compared, question by question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NotRequired, TypedDict

import pyarrow as pa

from cuvee import disk, names
from cuvee.errors import ConfigError
from cuvee.evaluation import winrate
from cuvee.evaluation.question import Question
from cuvee.intake import judge as judging
from cuvee.intake.judge import JudgeOptions, Judging
from cuvee.progress import say
from cuvee.runs import Run, digest
from cuvee.scorers import pairwise


@dataclass(frozen=True, kw_only=True)
class AgainstOptions:
    """Another evaluation and a judge, as typed: a server, or a function by name."""

    against: Path | None
    judge: str
    server: JudgeOptions


@dataclass(frozen=True)
class Against:
    """run: folder of the other evaluation. by: who judges, a chat model behind a server or a function."""

    run: Path
    by: Judging | winrate.Compare


def bind(options: AgainstOptions) -> Against | None:
    """Return what to compare with, None where nothing is asked. Raises ConfigError for what is missing or cannot be."""
    server = bool(options.server.base_url or options.server.judge_model)
    if not options.against and not options.judge and not server:
        return None
    if not options.against or bool(options.judge) == server:
        hint = "--against RUN with --base-url URL --judge-model NAME, or with --judge package.module:function"
        raise ConfigError("a win rate needs another run and one judge", hint)
    functions: Mapping[str, winrate.Compare] = {}
    by = judging.server_of(options.server) if server else names.find(functions, options.judge, "judge")
    return Against(Path(options.against), by)


class Compared(TypedDict):
    """n: questions that both answered. unread: judgements that could not be read. judge: what a server used."""

    run: str
    n: int
    unread: int
    wtr: float | None
    rs: float | None
    judge: NotRequired[Mapping[str, object]]


def compare(run: Run, against: Against, questions: Sequence[Question], ours: Mapping[int, str]) -> Compared:
    """Return the win rate and what it took; publishes comparisons.parquet, one row per question.

    ours: answers by question number. A server's replies stand in the store: another call asks for what is missing only.
    """
    theirs = winrate.their_answers(against.run)
    used: Mapping[str, object] | None = None
    if isinstance(against.by, Judging):
        with judging.session(against.by) as judge:
            table = winrate.judged(questions, ours, theirs, partial(pairwise.compare, client=judge.chat, by="ratings"))
            used = judging.used(judge, against.by)
    else:
        table = winrate.judged(questions, ours, theirs, against.by)
    step = run.step("judge", {"table": digest(table.to_pylist())}, partial(_write, table))
    say(f"judged    the open answers beside those of {against.run}")
    run.publish(step, ["comparisons.parquet"])
    told = winrate.summary(table)
    found = Compared(run=str(against.run), n=told["n"], unread=told["unread"], wtr=told["wtr"], rs=told["rs"])
    if used:
        found["judge"] = used
    return found


def _write(table: pa.Table, folder: Path) -> None:
    disk.save_table(folder / "comparisons.parquet", table)
