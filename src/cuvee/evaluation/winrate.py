"""Two models' answers to the same questions before a judge: RS and WTR (DiverseEvol, arXiv 2311.08182)."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypedDict

import pyarrow as pa
import pyarrow.parquet as pq

from cuvee.errors import InputError
from cuvee.evaluation.question import Question
from cuvee.render import plain

# questions, our answers, theirs -> one row per question, in order, with ``verdict`` ("win", "tie" or "loss" of ours), ``left``
# and ``right`` (scores, higher is better); null where the judge's reply could not be read. Judging in both orders is its part.
Compare = Callable[[Sequence[str], Sequence[str], Sequence[str]], pa.Table]
TOLD = ("verdict", "left", "right")
LOWEST = 0.0  # the rating of an empty answer, whatever a judge says of it (as in DiverseEvol's logs)


def their_answers(other: Path) -> dict[tuple[str, str], str]:
    """Return the answers to open questions in the run folder of another evaluation, by (task, prompt hash)."""
    path = other / "questions.parquet"
    if not path.is_file():
        raise InputError(f"{other} holds no questions.parquet", "name the run folder of another `cuvee evaluate`")
    rows = pq.read_table(path, columns=["task", "prompt", "kind", "answer"]).to_pylist()
    return {
        (row["task"], row["prompt"]): row["answer"]
        for row in rows
        if row["kind"] == "open" and row["answer"] is not None
    }


def judged(
    questions: Sequence[Question], ours: Mapping[int, str], theirs: Mapping[tuple[str, str], str], compare: Compare
) -> pa.Table:
    """Return task, id, verdict, left, right of every open question that was put to both.

    An empty answer is judged like any other and rated lowest; it never drops out. ours: answers by row number.
    Raises InputError where the two have no question in common.
    """
    rows = [at for at, one in enumerate(questions) if one.kind == "open" and at in ours and _key(one) in theirs]
    if not rows:
        raise InputError("the two runs have no answered question in common", "evaluate both models on one question set")
    mine = [questions[row] for row in rows]
    left, right = [ours[row] for row in rows], [theirs[_key(one)] for one in mine]
    told = compare([plain(one.messages) for one in mine], left, right)
    found = [_with_empty(*one) for one in zip(left, right, *(told[name].to_pylist() for name in TOLD), strict=True)]
    names = {"task": [one.task for one in mine], "id": [one.id for one in mine]}
    return pa.table({**names, **_columns(found)})


Judgement = tuple[str | None, float | None, float | None]  # verdict, left, right


def _columns(found: Sequence[Judgement]) -> dict[str, pa.Array]:
    verdicts, left, right = zip(*found, strict=True)
    return {
        "verdict": pa.array(verdicts, pa.string()),
        "left": pa.array(left, pa.float32()),
        "right": pa.array(right, pa.float32()),
    }


def _with_empty(ours: str, theirs: str, verdict: str | None, left: float | None, right: float | None) -> Judgement:
    """Return what was judged, an empty answer rated lowest: it ties with another empty one and loses to any other."""
    if ours.strip() and theirs.strip():
        return verdict, left, right
    if not ours.strip() and not theirs.strip():
        return "tie", LOWEST, LOWEST
    return ("loss", LOWEST, right) if not ours.strip() else ("win", left, LOWEST)


def _key(question: Question) -> tuple[str, str]:
    return question.task, question.prompt


class WinRate(TypedDict):
    """n: comparisons that could be read. unread: those that could not. wtr, rs: see ``summary``."""

    n: int
    unread: int
    wtr: float | None
    rs: float | None


def summary(table: pa.Table) -> WinRate:
    """Return n, unread, wtr and rs of a table of comparisons; None where nothing could be read.

    wtr: the share of questions won or tied. rs: the sum of our scores over the sum of theirs, where both have one.
    """
    verdicts = [verdict for verdict in table["verdict"].to_pylist() if verdict is not None]
    scores = [
        (left, right)
        for left, right in zip(table["left"].to_pylist(), table["right"].to_pylist(), strict=True)
        if left is not None and right is not None
    ]
    theirs = sum(right for _, right in scores)
    return {
        "n": len(verdicts),
        "unread": table.num_rows - len(verdicts),
        "wtr": sum(verdict != "loss" for verdict in verdicts) / len(verdicts) if verdicts else None,
        "rs": sum(left for left, _ in scores) / theirs if theirs else None,
    }
