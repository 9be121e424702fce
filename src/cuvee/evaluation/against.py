"""Another evaluation and a judge: the open answers of two models are compared, question by question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cuvee import names
from cuvee.commands import pairs
from cuvee.errors import ConfigError
from cuvee.evaluation import winrate
from cuvee.evaluation.question import Question
from cuvee.intake import judge as judging
from cuvee.intake.judge import Judging
from cuvee.progress import say
from cuvee.runs import Run, digest
from cuvee.scorers import pairwise


@dataclass(frozen=True)
class Against:
    """run: folder of the other evaluation. Who judges: a chat model behind a server, or a function."""

    run: Path
    asked: Judging | None
    function: winrate.Compare | None


def bind(typed: Mapping[str, Any]) -> Against | None:
    """Return what to compare with, None where nothing is asked. Raises ConfigError for what is missing or cannot be."""
    server = bool(typed["base_url"] or typed["judge_model"])
    if not typed["against"] and not typed["judge"] and not server:
        return None
    if not typed["against"] or bool(typed["judge"]) == server:
        hint = "--against RUN with --base-url URL --judge-model NAME, or with --judge package.module:function"
        raise ConfigError("a win rate needs another run and one judge", hint)
    asked = judging.server_of(typed, pairs(typed["judge_settings"], "judge-settings")) if server else None
    return Against(Path(typed["against"]), asked, None if server else names.find({}, typed["judge"], "judge"))


def compare(run: Run, against: Against, questions: Sequence[Question], ours: Mapping[int, str]) -> dict[str, Any]:
    """Return run, n, unread, wtr and rs, and what was used; publishes comparisons.parquet, one row per question.

    ours: answers by question number. A server's replies stand in the store: another call asks for what is missing only.
    """
    theirs = winrate.their_answers(against.run)
    used: dict[str, Any] = {}
    if against.asked:
        with judging.opened(against.asked) as judge:
            assert judge is not None
            table = winrate.judged(questions, ours, theirs, partial(pairwise.compare, client=judge.chat, by="ratings"))
            used = {"judge": judging.used(judge, against.asked)}
    else:
        assert against.function is not None
        table = winrate.judged(questions, ours, theirs, against.function)
    step = run.step("judge", {"table": digest(table.to_pylist())}, partial(_write, table))
    say(f"judged    the open answers beside those of {against.run}")
    run.publish(step, ["comparisons.parquet"])
    return {"run": str(against.run), **winrate.summary(table), **used}


def _write(table: pa.Table, folder: Path) -> None:
    pq.write_table(table, folder / "comparisons.parquet")
