"""The goal of a method that is told what to get better at: examples, one part to learn from and one to be judged on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cuvee import render, rng
from cuvee.adaptation.asked import GoalAsk
from cuvee.adaptation.reward import LOSS, Part, Reward
from cuvee.arrays import I64
from cuvee.cleaners import duplicates
from cuvee.cleaners.near_words import near
from cuvee.cleaners.tokens import tokens
from cuvee.errors import InputError
from cuvee.evaluation.question import Question
from cuvee.evaluation.reading import read_questions
from cuvee.intake.compare import Fallen
from cuvee.intake.ground import Ground
from cuvee.intake.read import read_inputs
from cuvee.intake.readable import as_asked, can_teach
from cuvee.intake.sources import ReadAsk
from cuvee.render import Encoded, Messages, Tokenizer
from cuvee.runs import Run, digest
from cuvee.samples.normal import fingerprint
from cuvee.samples.pool import BarePool
from cuvee.samples.schema import TURN, Turn

STAGE = "goal"
NEAR = 0.8  # Jaccard of word 3-grams from which a test row repeats one that is learnt from


@dataclass(frozen=True, kw_only=True)
class Goal:
    """validation: what the reward is taken from. test: what only the report sees. reward: what both are judged by.

    talks: the validation part as conversations, answers included. taught: those of them that have an answer, to learn from.

    fingerprints: of all rows of the goal's files. notes: what a reader must know.
    """

    validation: Part
    test: Part
    talks: list[Messages]
    taught: list[Encoded]
    reward: Reward
    fingerprints: frozenset[bytes]
    notes: list[str]
    fingerprint: str


def read_goal(run: Run, ask: GoalAsk, tokenizer: Tokenizer, *, longest: int, seed: int) -> Goal:
    """Read a goal and split it; which part a row falls into depends on its content and the seed only.

    The rows that are looked at after a step are a fixed sample. longest: tokens of a row that is read for its loss; a longer
    one loses the start of its prompt. A row stands once, and a test row that nearly repeats a validation row is left out.
    Raises InputError where a part is empty.
    """
    read = _rows(run, ask, tokenizer, longest) if ask.reward.measure == LOSS else _questions(ask)
    order = _order(read, ask, seed)
    k = min(max(1, ask.test.rows(len(order))), len(order) - 1)
    judged, learnt = order[:k], order[k:]
    apart, notes = _apart(read.table, learnt, judged), []
    if len(apart) < len(judged):
        out = len(judged) - len(apart)
        notes.append(f"{out:,} test rows of the goal nearly repeat a validation row and are left out")
    if not len(apart):
        raise InputError("every test row of the goal nearly repeats a validation row", "give a goal of more rows")
    seen = learnt[: ask.rows]
    talks: list[Messages] = read.table["messages"].take(pa.array(seen)).to_pylist()
    return Goal(
        validation=_part(read.parts, seen),
        talks=talks,
        taught=_taught([talk for talk in talks if talk[-1]["content"]], tokenizer, longest),
        test=_part(read.parts, apart),
        reward=ask.reward,
        fingerprints=frozenset(read.table["fingerprint"].to_pylist()),
        notes=notes,
        fingerprint=read.fingerprint,
    )


@dataclass(frozen=True)
class _GoalRows:
    """A goal's rows. table: columns messages, fingerprint. parts: what is judged of each, None where nothing can be."""

    table: pa.Table
    parts: Sequence[Encoded | Question | None]
    fingerprint: str


def _rows(run: Run, ask: GoalAsk, tokenizer: Tokenizer, longest: int) -> _GoalRows:
    """Return the goal's instruction rows; those without an answer that counts cannot be judged."""
    source = read_inputs(run, ReadAsk.exactly(ask.files))
    rows = as_asked(source.table, tokenizer, longest)
    return _GoalRows(source.table, [row if can_teach(row) else None for row in rows], source.fingerprint)


def _questions(ask: GoalAsk) -> _GoalRows:
    """Return the goal's questions as the reward puts them."""
    questions = read_questions(ask.files).questions
    talks = [one.messages if one.kind == "rows" else one.answered(one.right or "") for one in questions]
    prints = [fingerprint([Turn(turn["role"] or "", turn["content"]) for turn in talk]) for talk in talks]
    messages = pa.array([list(talk) for talk in talks], pa.list_(TURN))
    table = pa.table({"messages": messages, "fingerprint": pa.array(prints, pa.binary(16))})
    return _GoalRows(table, [ask.reward.judges(one) for one in questions], digest([one.hex() for one in prints]))


def _order(read: _GoalRows, ask: GoalAsk, seed: int) -> I64:
    """Return the rows that can be judged, each content once, in an order that depends on content and seed only."""
    keyed = rng.keyed(BarePool(read.table).keys, int(rng.stream(seed, STAGE).integers(2**62)))
    order = np.argsort(keyed, kind="stable")
    first = duplicates.exact(read.table["fingerprint"].take(pa.array(order)).to_pylist()) < 0
    order = np.array([row for row in order[first].tolist() if read.parts[row] is not None], dtype=np.int64)
    if len(order) < 2:
        what = "with an answer" if ask.reward.measure == LOSS else f"that {ask.reward.measure} can judge"
        raise InputError(f"the goal has {len(order)} rows {what}", "give at least 2: one to learn from, one to judge")
    return order


def _part(parts: Sequence[Encoded | Question | None], rows: I64) -> Part:
    taken = [parts[row] for row in rows.tolist()]
    return Part([one for one in taken if isinstance(one, Encoded)], [one for one in taken if isinstance(one, Question)])


def _taught(talks: list[Messages], tokenizer: Tokenizer, longest: int) -> list[Encoded]:
    rows = render.encode_all(talks, tokenizer, max_length=longest, tools=[None] * len(talks), side="left")
    return [row for row in rows if can_teach(row)]


def _apart(table: pa.Table, learnt: I64, judged: I64) -> I64:
    """Return the judged rows that repeat none of the learnt ones."""
    texts = render.plain_column(table["messages"].take(pa.array(np.concatenate([learnt, judged]))))
    found = near(tokens(texts), threshold=NEAR)
    keeper = found.keeper[len(learnt) :]
    return judged[(keeper < 0) | (keeper >= len(learnt))]


def without_goal(ground: Ground, goal: Goal) -> Ground:
    """Return the ground without rows that stand in the goal; those that hold its questions have fallen in cleaning."""
    prints = ground.pool.table["fingerprint"].to_pylist()
    fallen: Fallen = [
        (row, STAGE, "stands in the goal", None) for row, one in enumerate(prints) if one in goal.fingerprints
    ]
    return ground.without(fallen)
