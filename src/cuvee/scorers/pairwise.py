"""Two answers to the same question, judged by a chat model in both orders; DiverseEvol's RS and WTR (arXiv 2311.08182)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cuvee import names
from cuvee.scorers.prompting import QuestionKind, messages, ratings, verdict

if TYPE_CHECKING:
    from cuvee.models.chat import Chat

WAYS = {
    "preference": QuestionKind("preference", (), 1, 10),
    "ratings": QuestionKind("ratings", ("Answer A", "Answer B"), 1, 10, least=0),
}
EMPTY = "[the assistant said nothing]"  # what a judge is shown of an empty answer
COMPARED = pa.schema(
    [
        ("question", pa.int64()),
        ("forward", pa.string()),
        ("backward", pa.string()),
        ("verdict", pa.string()),
        ("left", pa.float32()),
        ("right", pa.float32()),
    ]
)
_TURNED = {"win": "loss", "loss": "win", "tie": "tie"}
Pair = tuple[float, float] | None  # ratings of (left, right)


def compare(
    questions: Sequence[str],
    left: Sequence[str | None],
    right: Sequence[str | None],
    client: "Chat",
    *,
    by: str = "preference",
) -> pa.Table:
    """Return a table with one row per question, in order; see ``COMPARED``.

    Each pair is judged twice, left first (forward) and right first (backward). forward, backward, verdict: "win", "tie"
    or "loss" of the left answer; null where either order could not be read, or an answer is None. by: "preference" asks
    which is better; the verdict is what both orders say, and a tie where they disagree. "ratings" asks for a number from 1 to
    10 for each (0 is read too); left and right are the means over both orders, and the higher mean wins, as published: orders
    that disagree are not a tie for that. With "preference" left and right are null.

    Raises ConfigError for another ``by``, ServiceError as ``client.ask`` does, ValueError for unequal lengths.
    """
    kind = names.find(WAYS, by, "way to compare")
    rows = list(zip(questions, left, right, strict=True))
    there = [(at, q, a, b) for at, (q, a, b) in enumerate(rows) if a is not None and b is not None]
    talks = [messages(kind, question=q, first=a or EMPTY, second=b or EMPTY) for _, q, a, b in there]
    talks += [messages(kind, question=q, first=b or EMPTY, second=a or EMPTY) for _, q, a, b in there]
    replies = [None if reply is None else reply.text for reply in client.ask(talks, label=f"comparing by {by}")]
    told = dict.fromkeys(range(len(rows)), (None, None, None, None, None))
    for (at, *_), one, two in zip(there, replies[: len(there)], replies[len(there) :], strict=True):
        told[at] = _row(kind, one, two)  # type: ignore[assignment]
    columns = list(zip(*told.values(), strict=True)) if rows else [()] * 5
    return pa.table([list(told), *map(list, columns)], schema=COMPARED)


def rs(left: npt.ArrayLike, right: npt.ArrayLike) -> float:
    """Return the sum of the left ratings over the sum of the right ones: above 1 the left side is better.

    left, right: (n,) ratings of the same questions, 0 or more, NaN where there is none; a question that misses either is left
    out on both sides. NaN where none is left, or where the right ones add up to 0.
    """
    ours, theirs = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    both = np.isfinite(ours) & np.isfinite(theirs)
    total = theirs[both].sum()
    return float(ours[both].sum() / total) if total else float("nan")


def wtr(verdicts: Sequence[str | None]) -> float:
    """Return the share of questions won or tied, in [0, 1], among those with a verdict; NaN where there is none."""
    known = [verdict for verdict in verdicts if verdict is not None]
    return sum(verdict != "loss" for verdict in known) / len(known) if known else float("nan")


def _row(kind: QuestionKind, one: str | None, two: str | None) -> tuple[str | float | None, ...]:
    if kind.ratings:
        forward, backward = _pair(kind, one), _pair(kind, two)
        backward = backward and (backward[1], backward[0])
        said = _winner(forward), _winner(backward)
        if not (forward and backward):
            return (*said, None, None, None)
        left, right = ((f + b) / 2 for f, b in zip(forward, backward, strict=True))
        return (*said, _winner((left, right)), left, right)
    first = {"A": "win", "B": "loss", "tie": "tie", None: None}
    said = first[verdict(one or "")], _TURNED.get(first[verdict(two or "")] or "")
    return (*said, _agreed(*said), None, None)


def _pair(kind: QuestionKind, reply: str | None) -> Pair:
    first, second = ratings(kind, reply or "")
    return None if first is None or second is None else (first, second)


def _winner(pair: Pair) -> str | None:
    return None if pair is None else "win" if pair[0] > pair[1] else "loss" if pair[0] < pair[1] else "tie"


def _agreed(forward: str | None, backward: str | None) -> str | None:
    if forward is None or backward is None:
        return None
    return forward if forward == backward else "tie"
