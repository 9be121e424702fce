"""Evaluation files -> questions. What a file is, is told from its content; what cannot be read is put aside, with a reason."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from cuvee import rng
from cuvee.errors import InputError
from cuvee.evaluation.kinds import id_of, shape_of
from cuvee.evaluation.question import Question, said
from cuvee.samples import containers, questions
from cuvee.samples.read import Quarantined, read
from cuvee.store import content_key


@dataclass
class Read:
    """questions: of all files, in order. aside: rows that are no questions. files: what each file was taken for."""

    questions: list[Question] = field(default_factory=list)
    aside: list[Quarantined] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)


def read_questions(
    files: Sequence[str | Path],
    *,
    limit: int | None = None,
    seed: int = 0,
    columns: Mapping[str, str] | None = None,
    dialect: str | None = None,
) -> Read:
    """Return the questions of files, folders, globs or hub ids.

    limit: questions per file at most, drawn by their content, so that each model and each order of rows meets the same.
    columns, dialect: how instruction rows are read; naming either reads every file as instruction rows.
    Raises InputError where a file is not there or nothing in it can be read.
    """
    found = Read()
    for path in containers.expand(files):
        mine, aside = _file(str(path), columns or {}, dialect)
        if not mine:
            reason = aside[0].reason if aside else "it holds no rows"
            raise InputError(f"nothing in {path} can be read as an evaluation: {reason}", "see docs/evaluation.md")
        drawn = _drawn(mine, limit, seed)
        kinds = dict(Counter(question.kind for question in drawn))
        told = {"file": str(path), **containers.identity(path), "questions": len(drawn), "of": len(mine)}
        found.files.append({**told, "aside": len(aside), "kinds": kinds})
        found.questions += drawn
        found.aside += aside
    found.questions = _unique(found.questions)
    return found


def _file(path: str, columns: Mapping[str, str], dialect: str | None) -> tuple[list[Question], list[Quarantined]]:
    if columns or dialect:
        return _rows(path, columns, dialect)
    raws = list(containers.rows(path))
    shape = shape_of([raw.value for raw in raws])
    task = containers.stem(path)
    made, aside = [], []
    if shape is None:
        return _open(path, raws, task) if _is_open(raws) else _rows(path, columns, dialect)
    for raw in raws:
        try:
            if not isinstance(raw.value, Mapping):
                raise InputError(raw.error or "it is a list of turns among questions of another kind")
            made.append(shape.make(raw.value, task, id_of(raw.value, f"{task}:{raw.line}")))
        except InputError as wrong:
            aside.append(Quarantined(path, raw.line, wrong.message, raw.raw))
    return made, aside


def _is_open(raws: Sequence[containers.Raw]) -> bool:
    """Return whether no row has an answer: each is a question, and no dialect makes a conversation of it."""
    values = [raw.value for raw in raws if raw.value is not None]
    return bool(values) and all(questions.is_bare(value) for value in values)


def _open(path: str, raws: Sequence[containers.Raw], task: str) -> tuple[list[Question], list[Quarantined]]:
    made, aside = [], []
    for raw in raws:
        if raw.value is None:
            aside.append(Quarantined(path, raw.line, raw.error or "it cannot be read", raw.raw))
            continue
        for asked in questions.texts(raw.value):
            made.append(Question(task, id_of(raw.value, f"{task}:{raw.line}"), "open", (said("user", asked),)))
    return made, aside


def _rows(path: str, columns: Mapping[str, str], dialect: str | None) -> tuple[list[Question], list[Quarantined]]:
    """Any instruction rows: held-out loss, under the row's own task where it names one."""
    reading, made, aside = read(path, columns=columns, dialect=dialect), [], []
    for batch in reading.batches():
        for row in batch.select(["id", "task", "messages", "tools", "file", "line", "raw"]).to_pylist():
            turns = row["messages"]
            if not turns or turns[-1]["role"] != "assistant" or not (turns[-1]["content"] or turns[-1]["extra"]):
                aside.append(Quarantined(row["file"], row["line"], "it has no answer", row["raw"]))
                continue
            task = row["task"] or containers.stem(path)
            made.append(Question(task, row["id"], "rows", tuple(turns), right=turns[-1]["content"], tools=row["tools"]))
    return made, [*reading.quarantined, *aside]


def _drawn(made: list[Question], limit: int | None, seed: int) -> list[Question]:
    if limit is None or len(made) <= limit:
        return made
    contents = [content_key(f"{one.prompt}{one.right}")[:8] for one in made]
    keys = np.frombuffer(b"".join(contents), dtype="<u8").astype(np.uint64)
    salt = int(rng.stream(seed, "evaluate", "limit").integers(2**62))
    rows = np.sort(np.argsort(rng.keyed(keys, salt), kind="stable")[:limit])
    return [made[row] for row in rows]


def _unique(made: list[Question]) -> list[Question]:
    """Make (task, id) unique by "~2", "~3", ..."""
    met: Counter[tuple[str, str]] = Counter()
    named = []
    for one in made:
        met[one.task, one.id] += 1
        times = met[one.task, one.id]
        named.append(one if times == 1 else replace(one, id=f"{one.id}~{times}"))
    return named
