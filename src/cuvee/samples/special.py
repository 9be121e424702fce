"""Special tokens of chat templates where they stand as text: at the end of an answer, where they are taken off, and inside."""

import re
from dataclasses import replace

import orjson

from cuvee.loose_json import DECODER, dumps
from cuvee.samples.schema import Sample, Turn

ENDS = (
    "<|endoftext|> </s> <|im_end|> <eos> <|eot_id|> <|eom_id|> <|eot|> <|end_of_text|> <|end_of_turn|> <|end|> <|return|> <|eos|> "
    "<end_of_turn> <turn|> <｜end▁of▁sentence｜> <|END_OF_TURN_TOKEN|> <|endofresponse|> <|eos_token|>"
).split()
_STRIKE = "</s>"
# <|word|> in either kind of bars, and the marks that are written otherwise. No text of a language has them.
INSIDE = re.compile(
    r"<[|｜][^\s<>|｜]{1,40}[|｜]>|</?(?:start_of_turn|end_of_turn)>|<turn\|>|<\|turn>|<(?:bos|eos|pad|unk)>|</s>|\A\s*<s>"
    r"|\[/?INST\]|<</?SYS>>|\[/?(?:SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS)\]|\[TOOL_CALLS\]"
)
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)


def unmarked(said: str) -> tuple[str, list[str]]:
    """Return an answer without the end marks at its tail, and these; white space before them stays.

    ``</s>`` is one only where no ``<s>`` opened before it: ``<s>struck out</s>`` is HTML.
    """
    end, struck, found = len(said), None, []
    while end and (said[end - 1] == ">" or said[end - 1].isspace()):
        tail = _before_blanks(said, end)
        mark = next((mark for mark in ENDS if said.endswith(mark, 0, tail)), None)
        if mark == _STRIKE and struck is None:
            struck = said.find("<s>")
        if mark is None or (mark == _STRIKE and struck is not None and 0 <= struck < tail):
            break
        found.append(mark)
        end = tail - len(mark)
    return said[:end], found


def stripped(sample: Sample) -> tuple[Sample, str]:
    """Return a sample whose answers have no end marks at their tail, and the marks with a blank between ("" for none)."""
    messages, found = _plain(sample.messages)
    rejected, more = _plain(sample.rejected)
    marks = dict.fromkeys([*found, *more])
    return (replace(sample, messages=messages, rejected=rejected), " ".join(marks)) if marks else (sample, "")


def _plain(turns: tuple[Turn, ...]) -> tuple[tuple[Turn, ...], list[str]]:
    plain, found = [], []
    for turn in turns:
        said, marks = unmarked(turn.content) if turn.role == "assistant" and turn.content else ("", [])
        plain.append(replace(turn, content=said) if marks else turn)
        found += marks
    return (tuple(plain), found) if found else (turns, [])


def _before_blanks(said: str, end: int) -> int:
    while end and said[end - 1].isspace():
        end -= 1
    return end


def inside(said: str) -> list[str]:
    """Return the special tokens of chat templates that stand in a text, in order."""
    if "<" not in said and "[" not in said:
        return []
    found = [mark.strip() for mark in INSIDE.findall(said)]
    return [mark for mark in found if mark != _STRIKE or "<s>" not in said]


def without(raw: bytes, answers: set[str]) -> bytes:
    """Return a raw row in which these answers have no end marks; every other byte stays as it is.

    answers: texts without their marks. A cell that holds JSON as text is looked into.
    """

    def mended(match: re.Match[bytes]) -> bytes:
        literal = match.group()
        try:
            said = DECODER.decode(literal.decode())
        except ValueError:
            return literal
        if said.lstrip()[:1] in ("[", "{") and any(mark in said for mark in ENDS) and _is_json(said):
            return dumps(without(said.encode(), answers).decode()).encode()
        plain, marks = unmarked(said)
        if not marks or plain not in answers:
            return literal
        tail = said[len(plain) :].encode() + b'"'
        return literal[: -len(tail)] + b'"' if literal.endswith(tail) else dumps(plain).encode()

    return _STRING.sub(mended, raw)


def _is_json(said: str) -> bool:
    try:
        orjson.loads(said)
    except orjson.JSONDecodeError:
        return False
    return True
