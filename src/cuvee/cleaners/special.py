"""Special tokens of chat templates where they stand as text: at the end of an answer, and inside."""

import re

_BARRED = ("endoftext", "im_end", "eot_id", "eom_id", "eot", "end_of_text", "end_of_turn", "end", "return", "eos")
ENDS = (
    *(
        "</s>",
        "<eos>",
        "<end_of_turn>",
        "<turn|>",
        "<｜end▁of▁sentence｜>",
        "<|END_OF_TURN_TOKEN|>",
        "<|endofresponse|>",
    ),
    *(f"<|{name}|>" for name in _BARRED),
)
_STRIKE = "</s>"
# <|word|> in either kind of bars, and the marks that are written otherwise. No text of a language has them.
INSIDE = re.compile(
    r"<[|｜][^\s<>|｜]{1,40}[|｜]>|</?(?:start_of_turn|end_of_turn)>|<turn\|>|<\|turn>|<(?:bos|eos|pad|unk)>|</s>|\A\s*<s>"
    r"|\[/?INST\]|<</?SYS>>|\[/?(?:SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS)\]|\[TOOL_CALLS\]"
)


def unmarked(said: str) -> tuple[str, list[str]]:
    """Return an answer without the end marks at its tail, and these; white space before them stays.

    ``</s>`` is one only where no ``<s>`` opened before it: ``<s>struck out</s>`` is HTML.
    """
    found: list[str] = []
    if not said or not (said[-1] == ">" or said[-1].isspace()):  # most
        return said, found
    end, struck = len(said), None
    while end and (said[end - 1] == ">" or said[end - 1].isspace()):
        tail = _before_blanks(said, end)
        mark = next(mark for mark in ENDS if said.endswith(mark, 0, tail)) if said.endswith(ENDS, 0, tail) else None
        if mark == _STRIKE and struck is None:
            struck = said.find("<s>")
        if mark is None or (mark == _STRIKE and struck is not None and 0 <= struck < tail):
            break
        found.append(mark)
        end = tail - len(mark)
    return said[:end], found


def _before_blanks(said: str, end: int) -> int:
    while end and said[end - 1].isspace():
        end -= 1
    return end


def inside(said: str) -> list[str]:
    """Return the special tokens of chat templates that stand in a text, in order."""
    if "<" not in said and "[" not in said:
        return []
    found = [mark.strip() for mark in INSIDE.findall(said)]
    html = "<s>" in said and all(mark in ("<s>", _STRIKE) for mark in found)
    return [] if html else found
