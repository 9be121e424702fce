"""What all arms share: the pool as the model reads it, and the questions."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from cuvee import render
from cuvee.errors import InputError
from cuvee.evaluation import exact
from cuvee.intake.ground import CHOSEN_BY, Ground, prepare
from cuvee.intake.hold_out import HeldOut, hold_out, labels_of
from cuvee.intake.read import read_inputs
from cuvee.intake.score import score
from cuvee.intake.sources import ReadAsk
from cuvee.models import causal
from cuvee.proof.arms import goals_of
from cuvee.proof.asked import ProofAsk
from cuvee.proof.questions import refuse_questions
from cuvee.runs import Run, digest
from cuvee.samples.pool import BarePool


@dataclass(frozen=True)
class ProofField:
    """What all arms share. encoded: token ids of every row of the pool; held: of the questions, with their ids and tasks.
    asked: those of them that the model answers, where that is wanted."""

    ground: Ground
    encoded: list[render.Encoded]
    held: list[render.Encoded]
    ids: list[str]
    tasks: list[str]
    asked: exact.ExactQuestions | None
    notes: list[str]


def _field(run: Run, wanted: ProofAsk) -> ProofField:
    """Read, clean, embed, hold out and render; rows without an answer that counts are left out, and counted."""
    ground = prepare(run, wanted.ground)
    if wanted.on:
        held = _given(run, wanted)
    else:
        ground, held = hold_out(ground, wanted.held_out, seed=wanted.ground.seed)
    if goals := goals_of(wanted.arms):
        refuse_questions(goals, held.rows, wanted.ground.rules.contamination)
    ground = _scored(run, ground, wanted)
    tokenizer, longest = causal.tokenizer_of(wanted.base), wanted.training.max_length
    encoded = render.encode_all(ground.pool.table["messages"].to_pylist(), tokenizer, max_length=longest)
    empty = [row for row, one in enumerate(encoded) if not one.answer[1:].any()]
    scores = ground.pool.scores
    ground = ground.without([(row, "prove", f"no answer within {longest} tokens", None) for row in empty])
    if empty:
        stand = np.setdiff1d(np.arange(len(encoded)), empty)
        ground = replace(ground, pool=ground.pool.with_scores(**{name: x[stand] for name, x in scores.items()}))
    if len(empty) == len(encoded):
        raise InputError(f"no row has an answer within {longest} tokens", "raise --max-length")
    tests = render.encode_all(held.rows["messages"].to_pylist(), tokenizer, max_length=longest, side="left")
    asked = [at for at, one in enumerate(tests) if one.answer[1:].any()]
    if not asked:
        raise InputError("nothing is held out to judge the arms on", "raise --held-out, or name files with --on")
    kept = [one for one in encoded if one.answer[1:].any()]
    ids = held.rows["id"].to_pylist()
    cut = sum(one.cut > 0 for one in kept)
    notes = [f"{cut:,} rows are longer than {longest} tokens and lose their end"] if cut else []
    if len(asked) < len(tests):
        notes.append(f"{len(tests) - len(asked):,} held-out rows have no answer within {longest} tokens")
    questions = [tests[at] for at in asked]
    talks = held.rows["messages"].take(pa.array(asked)).to_pylist()
    return ProofField(
        ground, kept, questions, [ids[at] for at in asked], [held.labels[at] for at in asked],
        _answered(wanted, talks, questions, tokenizer), notes,
    )  # fmt: skip


def _answered(
    wanted: ProofAsk, talks: list[render.Messages], held: list[render.Encoded], tokenizer: Any
) -> exact.ExactQuestions | None:
    """Return the questions for exact_match. Raises InputError where too few have a short answer."""
    if "exact_match" not in wanted.metrics:
        return None
    asked = exact.ask(talks, held, tokenizer, wanted.typed["max_new_tokens"])
    if len(asked.rows) < 2:
        raise InputError(
            f"{len(asked.rows)} of {len(held):,} questions have an answer of at most {wanted.typed['max_new_tokens']} tokens",
            "raise --max-new-tokens, or judge by --metrics loss",
        )
    return asked


def _given(run: Run, wanted: ProofAsk) -> HeldOut:
    """Return the rows of the evaluation files; the pool's rows that hold one of them have left in cleaning."""
    source = read_inputs(run, ReadAsk.exactly(wanted.on))
    rows = source.table.select(CHOSEN_BY)
    return HeldOut(rows, labels_of(BarePool(rows)))


def _scored(run: Run, ground: Ground, wanted: ProofAsk) -> Ground:
    """Return the ground with the scores that the arms choose by; a score by a language model is that of the base."""
    scores = sorted({name for arm in wanted.arms for name in arm.scores})
    if not scores:
        return ground
    pool, scored = score(run, ground.pool, scores, ground.fingerprint, wanted.ground.asked)
    return replace(ground, pool=pool, fingerprint=digest([ground.fingerprint, scored.fingerprint]))
