"""A model before questions: it reads the right answers, it writes its own, and both are judged; one row per question."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from cuvee.evaluation import heldout, programs
from cuvee.evaluation.journal import Journal
from cuvee.evaluation.question import GENERATED, Question
from cuvee.evaluation.sandbox import Limits
from cuvee.evaluation.table import Answer, MeasureReading, table
from cuvee.models import generation
from cuvee.models.causal import Causal
from cuvee.models.generation import Sampling
from cuvee.progress import bar
from cuvee.render import Ids, Messages, encode_prompt

CHUNK = {"cpu": 60_000, "cuda": 4_000_000}  # characters that are read between two entries of the journal


@dataclass(frozen=True)
class EvaluationSettings:
    """How questions are put. batch_tokens: of a batch, padding included; None: by device. loss_only: nothing is written.
    run_code: whether code that the model wrote is run, within ``limits``.
    """

    sampling: Sampling = field(default_factory=Sampling)
    batch_tokens: int | None = None
    loss_only: bool = False
    run_code: bool = False
    limits: Limits = field(default_factory=Limits)


def evaluate(
    causal: Causal,
    questions: Sequence[Question],
    settings: EvaluationSettings | None = None,
    *,
    folder: Path | None = None,
) -> pa.Table:
    """Return the table of ``evaluation.table``, one row per question, in their order.

    folder: keeps what is done, batch by batch, so that a killed call goes on; only for the same model, questions and settings.
    """
    wanted = settings or EvaluationSettings()
    readings = read(causal, questions, Journal(folder and folder / "losses.jsonl"), wanted.batch_tokens)
    if wanted.loss_only:
        return table(questions, readings, {}, {})
    answers = write(
        causal, questions, Journal(folder and folder / "answers.jsonl"), wanted.sampling, wanted.batch_tokens
    )
    verdicts = programs.judge(questions, answers, wanted.limits) if wanted.run_code else {}
    return table(questions, readings, answers, verdicts)


def read(
    causal: Causal, questions: Sequence[Question], journal: Journal, batch_tokens: int | None = None
) -> list[list[MeasureReading]]:
    """Return per question what the model makes of its right answer, or of each of its options; empty where it has none."""
    found: list[list[MeasureReading]] = [[] for _ in questions]
    chunks = _chunks(questions, CHUNK[_kind(causal)])
    for number, rows in enumerate(chunks):
        if number not in journal.done:
            label = f"reading answers, part {number + 1} of {len(chunks)},"
            journal.add(number, _read_chunk(causal, [questions[row] for row in rows], batch_tokens, label))
        for row, told in zip(rows, journal.done[number], strict=True):
            found[row] = [MeasureReading(*one) for one in told]
    return found


def candidates(question: Question) -> tuple[str, ...]:
    """Return the answers that are read to the model: the options, or the right answer where there is one."""
    return question.options or (() if question.right is None else (question.right,))


def _read_chunk(
    causal: Causal, questions: list[Question], batch_tokens: int | None, label: str
) -> list[list[tuple[float | None, int, int]]]:
    talks: list[Messages] = []
    tools: list[str | None] = []
    for question in questions:
        if question.kind == "rows":
            talks.append(question.messages)
        else:
            talks += [question.answered(text) for text in candidates(question)]
        tools += [question.tools] * (len(talks) - len(tools))
    rows = heldout.encoded(causal, talks, tools)
    told = heldout.losses(causal, rows, batch_tokens=batch_tokens, label=label)
    every = iter(
        (None if np.isnan(total) else float(total), int(tokens), int(cut))
        for total, tokens, cut in zip(told.total, told.tokens, told.cut, strict=True)
    )
    return [[next(every) for _ in range(_many(question))] for question in questions]


def _many(question: Question) -> int:
    return 1 if question.kind == "rows" else len(candidates(question))


def _chunks(questions: Sequence[Question], characters: int) -> list[list[int]]:
    """Return numbers of the questions that have an answer to read, rows of like length together, longest first."""
    lengths = [_length(question) for question in questions]
    order = [int(row) for row in np.argsort(-np.array(lengths), kind="stable") if _many(questions[row])]
    chunks: list[list[int]] = []
    size = 0
    for row in order:
        if not chunks or size + lengths[row] * _many(questions[row]) > characters:
            chunks.append([])
            size = 0
        chunks[-1].append(row)
        size += lengths[row] * _many(questions[row])
    return chunks


def _length(question: Question) -> int:
    return sum(len(turn["content"] or "") for turn in question.messages) + len(question.right or "")


def write(
    causal: Causal,
    questions: Sequence[Question],
    journal: Journal,
    sampling: Sampling,
    batch_tokens: int | None = None,
) -> dict[int, Answer]:
    """Return the answers that the model writes, by row number, to the questions that want one."""
    rows = [row for row, question in enumerate(questions) if question.kind in GENERATED]
    prompts = [encode_prompt(questions[row].messages, causal.tokenizer, tools=questions[row].tools) for row in rows]
    longest = generation.room(causal, sampling) if rows else 0
    tokens = batch_tokens or generation.BATCH_TOKENS[_kind(causal)]
    parts = generation.plan([min(len(ids), longest) for ids in prompts], sampling.max_new_tokens, tokens)
    keys = [f"{questions[row].task}\x1f{questions[row].id}" for row in rows]
    found: dict[int, Answer] = {}
    kept = sum(len(part) for number, part in enumerate(parts) if number in journal.done)
    with bar("answering", len(rows), unit="answers", done=kept) as advance:
        for number, part in enumerate(parts):
            if number not in journal.done:
                mine, names = [prompts[at] for at in part], [keys[at] for at in part]
                journal.add(number, _write_batch(causal, mine, names, sampling, longest))
                advance(len(part))
            found |= {rows[at]: Answer(*told) for at, told in zip(part, journal.done[number], strict=True)}
    return found


def _write_batch(
    causal: Causal, prompts: Sequence[Ids], keys: Sequence[str], sampling: Sampling, longest: int
) -> list[tuple[str, int, bool, int]]:
    """Return text, tokens, whether it ended, and tokens cut of the answer to each prompt. keys: of their draws."""
    written = generation.write(causal, [ids[-longest:] for ids in prompts], sampling, keys=keys)
    return [
        (one.text, one.tokens, one.ended, max(0, len(ids) - longest)) for one, ids in zip(written, prompts, strict=True)
    ]


def _kind(causal: Causal) -> str:
    return "cuda" if causal.device.startswith("cuda") else "cpu"
