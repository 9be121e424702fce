"""The goal of a method that is told what to get better at: examples, one part to learn from and one to be judged on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from cuvee import render, rng
from cuvee.adaptation.reward import LOSS, Part, Reward
from cuvee.arrays import I64
from cuvee.budget import Budget
from cuvee.cleaners import duplicates
from cuvee.cleaners.tokens import tokens
from cuvee.errors import InputError
from cuvee.evaluation.question import Question
from cuvee.evaluation.reading import read_questions
from cuvee.intake.compare import Fallen
from cuvee.intake.ground import Ground
from cuvee.intake.read import read_inputs
from cuvee.intake.sources import ReadAsk
from cuvee.render import Encoded
from cuvee.runs import Run, digest
from cuvee.samples.normal import fingerprint
from cuvee.samples.pool import BarePool
from cuvee.samples.schema import TURN, Turn

STAGE = "goal"
NEAR = 0.8  # Jaccard of word 3-grams from which a test row repeats one that is learnt from


@dataclass(frozen=True)
class Goal:
    """validation: what the reward is taken from. test: what only the report sees. reward: what both are judged by.

    fingerprints: of all rows of the goal's files. notes: what a reader must know.
    """

    validation: Part
    test: Part
    reward: Reward
    fingerprints: frozenset[bytes]
    notes: list[str]
    fingerprint: str


def read_goal(
    run: Run, paths: list[str], tokenizer: Any, reward: Reward, *, test: Budget, most: int, longest: int, seed: int
) -> Goal:
    """Read a goal and split it; which part a row falls into depends on its content and the seed only.

    test: how much of it is the test part. most: rows of the validation part that are looked at after a step; a fixed sample.
    longest: tokens of a row that is read for its loss; a longer one loses the start of its prompt. A row stands once, and a
    test row that nearly repeats a validation row is left out. Raises InputError where a part is empty.
    """
    read = _rows if reward.measure == LOSS else _questions
    table, parts, fingerprint = read(run, paths, tokenizer, reward, longest)
    order = np.argsort(rng.keyed(BarePool(table).keys, int(rng.stream(seed, STAGE).integers(2**62))), kind="stable")
    order = order[duplicates.exact(table["fingerprint"].take(pa.array(order)).to_pylist()) < 0].astype(np.int64)
    order = np.array([row for row in order.tolist() if parts[row] is not None], dtype=np.int64)
    if len(order) < 2:
        what = "with an answer" if reward.measure == LOSS else f"that {reward.measure} can judge"
        raise InputError(f"the goal has {len(order)} rows {what}", "give at least 2: one to learn from, one to judge")
    k = min(max(1, test.rows(len(order))), len(order) - 1)
    judged, learnt = order[:k], order[k:]
    apart, notes = _apart(table, learnt, judged), []
    if len(apart) < len(judged):
        notes.append(
            f"{len(judged) - len(apart):,} test rows of the goal nearly repeat a validation row and are left out"
        )
    if not len(apart):
        raise InputError("every test row of the goal nearly repeats a validation row", "give a goal of more rows")
    prints = frozenset(table["fingerprint"].to_pylist())
    return Goal(_part(parts, learnt[:most]), _part(parts, apart), reward, prints, notes, fingerprint)


Read = tuple[
    pa.Table, Sequence[Encoded | Question | None], str
]  # columns messages, fingerprint; what is judged; a digest


def _rows(run: Run, paths: list[str], tokenizer: Any, reward: Reward, longest: int) -> Read:
    """Return the goal's instruction rows, None for those without an answer that counts."""
    source = read_inputs(run, ReadAsk.exactly(paths))
    table = source.table
    rows = render.encode_all(
        table["messages"].to_pylist(), tokenizer, max_length=longest, tools=table["tools"].to_pylist(), side="left"
    )
    return table, [row if row.answer[1:].any() else None for row in rows], source.fingerprint


def _questions(run: Run, paths: list[str], tokenizer: Any, reward: Reward, longest: int) -> Read:
    """Return the goal's questions as the reward puts them, None for those that it cannot judge."""
    found = read_questions(paths).questions
    talks = [one.messages if one.kind == "rows" else one.answered(one.right or "") for one in found]
    prints = [fingerprint([Turn(turn["role"] or "", turn["content"]) for turn in talk]) for talk in talks]
    messages = pa.array([list(talk) for talk in talks], pa.list_(TURN))
    table = pa.table({"messages": messages, "fingerprint": pa.array(prints, pa.binary(16))})
    return table, [reward.judges(one) for one in found], digest([print_.hex() for print_ in prints])


def _part(parts: Sequence[Encoded | Question | None], rows: I64) -> Part:
    taken = [parts[row] for row in rows.tolist()]
    return Part([one for one in taken if isinstance(one, Encoded)], [one for one in taken if isinstance(one, Question)])


def _apart(table: pa.Table, learnt: I64, judged: I64) -> I64:
    """Return the judged rows that repeat none of the learnt ones."""
    texts = render.plain_column(table["messages"].take(pa.array(np.concatenate([learnt, judged]))))
    found = duplicates.near(tokens(texts), threshold=NEAR)
    keeper = found.keeper[len(learnt) :]
    return judged[(keeper < 0) | (keeper >= len(learnt))]


def without_goal(ground: Ground, goal: Goal) -> Ground:
    """Return the ground without rows that stand in the goal; those that hold its questions have fallen in cleaning."""
    prints = ground.pool.table["fingerprint"].to_pylist()
    fallen: Fallen = [
        (row, STAGE, "stands in the goal", None) for row, one in enumerate(prints) if one in goal.fingerprints
    ]
    return ground.without(fallen)
