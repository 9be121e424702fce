"""What all arms share: the pool as the model reads it, and the questions."""

from dataclasses import dataclass, replace

import pyarrow as pa

from cuvee.errors import InputError
from cuvee.evaluation import exact
from cuvee.evaluation.exact import ExactQuestions
from cuvee.intake.ground import CHOSEN_BY, Ground, prepare
from cuvee.intake.hold_out import HeldOut, hold_out, labels_of
from cuvee.intake.read import read_inputs
from cuvee.intake.readable import HeldOutQuestions, questions, readable
from cuvee.intake.score import score
from cuvee.intake.sources import ReadAsk
from cuvee.models import causal
from cuvee.proof import confirming, grouping
from cuvee.proof.arms import goals_of
from cuvee.proof.asked import ProofAsk
from cuvee.proof.questions import refuse_questions
from cuvee.render import Encoded, Tokenizer
from cuvee.runs import Run, digest
from cuvee.samples.pool import BarePool


@dataclass(frozen=True, kw_only=True)
class ProofField:
    """What all arms share. encoded: token ids of every row of the pool; held: of the questions, with their ids, fingerprints
    and tasks; together: names of what moves together. asked: those of them that the model answers, where that is wanted."""

    ground: Ground
    encoded: list[Encoded]
    held: list[Encoded]
    ids: list[str]
    prints: list[bytes]
    tasks: list[str]
    together: list[str]
    asked: ExactQuestions | None
    notes: list[str]


def field_of(run: Run, ask: ProofAsk) -> ProofField:
    """Read, clean, embed, hold out and render; rows without an answer that counts are left out, and counted."""
    ground, held = _apart(run, ask)
    if goals := goals_of(ask.arms):
        refuse_questions(goals, held.rows, ask.pool.rules.contamination)
    tokenizer, longest = causal.tokenizer_of(ask.base), ask.training.max_length
    rows = readable(_scored(run, ground, ask), tokenizer, longest, stage="prove")
    tests = questions(held.rows, tokenizer, longest)
    ids, prints = held.rows["id"].to_pylist(), held.rows["fingerprint"].to_pylist()
    tasks = [held.labels[at] for at in tests.at]
    together = grouping.together(ask.together, _as_given(held, ground).take(pa.array(tests.at)), tasks)
    return ProofField(
        ground=rows.ground,
        encoded=rows.rows,
        held=tests.rows,
        ids=[ids[at] for at in tests.at],
        prints=[prints[at] for at in tests.at],
        tasks=tasks,
        together=together,
        asked=_answered(ask, held.rows, tests, tokenizer),
        notes=[*rows.notes, *tests.notes, *grouping.note(together)],
    )


def _apart(run: Run, ask: ProofAsk) -> tuple[Ground, HeldOut]:
    """Return what arms may learn from, and what they are judged on."""
    ground = prepare(run, ask.pool)
    if ask.earlier:
        ground = confirming.unused(ground, ask.earlier)
    if not ask.on:
        return hold_out(ground, ask.held_out, seed=ask.pool.seed)
    # the pool's rows that hold one of these have left in cleaning
    rows = read_inputs(run, ReadAsk.exactly(ask.on)).table.select([*CHOSEN_BY, "raw"])
    if ask.earlier:
        confirming.refuse_used(rows["fingerprint"].to_pylist(), ask.earlier)
    return ground, HeldOut(rows, labels_of(BarePool(rows)))


def _as_given(held: HeldOut, ground: Ground) -> pa.Table:
    """Return the held-out rows with what was read of them, byte for byte."""
    if "raw" in held.rows.column_names:
        return held.rows
    source = ground.source.table
    place = {name: row for row, name in enumerate(source["id"].to_pylist())}
    rows = pa.array([place[name] for name in held.rows["id"].to_pylist()])
    return held.rows.append_column("raw", source["raw"].take(rows))


def _scored(run: Run, ground: Ground, ask: ProofAsk) -> Ground:
    """Return the ground with the scores that the arms choose by; a score by a language model is that of the base."""
    scores = sorted({name for arm in ask.arms for name in arm.scores})
    if not scores:
        return ground
    pool, scored = score(run, ground, scores, ask.score_model)
    return replace(ground, pool=pool, fingerprint=digest([ground.fingerprint, scored.fingerprint]))


def _answered(ask: ProofAsk, held: pa.Table, tests: HeldOutQuestions, tokenizer: Tokenizer) -> ExactQuestions | None:
    """Return the questions for exact_match. Raises InputError where too few have a short answer."""
    if "exact_match" not in ask.judged_by.metrics:
        return None
    rows, most = held.take(pa.array(tests.at)), ask.judged_by.max_new_tokens
    talks, tools = rows["messages"].to_pylist(), rows["tools"].to_pylist()
    asked = exact.ask(talks, tests.rows, tokenizer, most, tools=tools)
    if len(asked.rows) < 2:
        raise InputError(
            f"{len(asked.rows)} of {len(talks):,} questions have an answer of at most {most} tokens",
            "raise --max-new-tokens, or judge by --metrics loss",
        )
    return asked
