"""What a distiller says: reasoning, then the new row. What cannot be read is told apart by why."""

from dataclasses import dataclass

from cuvee.distiller.kinds import RowKind, Turns

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
    return _blocks(reply) is not None


def _blocks(reply: str) -> tuple[str, str] | None:
    """Return think and answer of a reply that is one block of each, and nothing besides; None for any other."""
    whole = reply.strip()
    if any(whole.count(mark) != 1 for mark in MARKS):
        return None
    before, _, think_on = whole.partition("<think>")
    think, _, between = think_on.partition("</think>")
    blank, _, answer_on = between.partition("<answer>")
    answer, closed, after = answer_on.partition("</answer>")
    return (think, answer) if closed and not (before or blank.strip() or after) else None


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
    found = _blocks(reply)
    if found is None:
        return Said("no think block followed by an answer block", answer=answer_of(reply) or "")
    think, answer = (part.strip() for part in found)
    if not kind.fits(answer):
        return Said(f"the answer does not have the form of {kind.name}", think, answer)
    row = kind.read(answer)
    return Said("" if row else f"the answer makes no row of {kind.name}", think, answer, row)


def read_plain(kind: RowKind, reply: str) -> Said:
    """Return the row that a reply without blocks makes, from where the kind's form begins, or why it makes none."""
    start = reply.find("Q:")
    row = kind.read(reply[start:]) if start >= 0 else None
    return Said(
        "" if row else f"the reply does not have the form of {kind.name}",
        answer=reply[max(0, start) :].strip(),
        row=row,
    )


def written(think: str, answer: str) -> str:
    """Return the reply that a distiller should give."""
    return f"<think>\n{think.strip()}\n</think>\n<answer>\n{answer.strip()}\n</answer>"
