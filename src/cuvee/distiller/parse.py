"""What a distiller says: reasoning, then the new row. What cannot be read is told apart by why."""

import re
from dataclasses import dataclass

from cuvee.distiller.kinds import RowKind, Turns

_BLOCKS = re.compile(r"\s*<think>(?P<think>.*?)</think>\s*<answer>(?P<answer>.*?)</answer>\s*", re.DOTALL)
MARKS = ("<think>", "</think>", "<answer>", "</answer>")


@dataclass(frozen=True)
class Said:
    """A reply, read. why: "" where it makes a row, else what is wrong; the rest is what could be read all the same."""

    why: str
    think: str = ""
    answer: str = ""
    row: Turns | None = None


def ordered(reply: str) -> bool:
    """Return whether a reply is exactly one think block followed by exactly one answer block, and nothing besides."""
    return _BLOCKS.fullmatch(reply) is not None and all(reply.count(mark) == 1 for mark in MARKS)


def answer_of(reply: str) -> str | None:
    """Return what stands in the one answer block of a reply, whatever stands around it; None where there is not one."""
    if reply.count("<answer>") != 1 or reply.count("</answer>") != 1:
        return None
    before, _, rest = reply.partition("<answer>")
    inside, closed, _ = rest.partition("</answer>")
    return inside.strip() if closed and "</answer>" not in before else None


def read(kind: RowKind, reply: str) -> Said:
    """Return the row that a reply makes, or why it makes none."""
    if not reply.strip():
        return Said("the reply is empty")
    found = _BLOCKS.fullmatch(reply)
    if found is None or not ordered(reply):
        return Said("no think block followed by an answer block", answer=answer_of(reply) or "")
    think, answer = found["think"].strip(), found["answer"].strip()
    if not kind.fits(answer):
        return Said(f"the answer does not have the form of {kind.name}", think, answer)
    row = kind.read(answer)
    return Said("" if row else f"the answer makes no row of {kind.name}", think, answer, row)


def written(think: str, answer: str) -> str:
    """Return the reply that a distiller should give."""
    return f"<think>\n{think.strip()}\n</think>\n<answer>\n{answer.strip()}\n</answer>"
