"""End marks of chat templates at the tail of answers, taken off: of samples, and of raw rows."""

import json
import re
from dataclasses import replace

import orjson

from cuvee.cleaners.special import ENDS, unmarked
from cuvee.loose_json import DECODER, dumps
from cuvee.samples.schema import Sample, Turn

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)


def stripped(sample: Sample) -> tuple[Sample, str]:
    """Return a sample whose answers have no end marks at their tail, and the marks with a blank between ("" for none)."""
    messages, found = _plain(sample.messages)
    rejected, more = _plain(sample.rejected) if sample.rejected else (sample.rejected, [])
    if not found and not more:
        return sample, ""
    return replace(sample, messages=messages, rejected=rejected), " ".join(dict.fromkeys([*found, *more]))


def _plain(turns: tuple[Turn, ...]) -> tuple[tuple[Turn, ...], list[str]]:
    plain, found = list(turns), []
    for at, turn in enumerate(turns):
        if turn.role == "assistant" and turn.content:
            said, marks = unmarked(turn.content)
            if marks:
                plain[at] = Turn(turn.role, said, turn.extra)
                found += marks
    return (tuple(plain), found) if found else (turns, found)


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
        return _cut(literal, plain, said[len(plain) :])

    return _STRING.sub(mended, raw)


def _cut(literal: bytes, plain: str, tail: str) -> bytes:
    """Return a JSON string without its tail, however that was escaped; plain: what it then says."""
    for written in (tail, dumps(tail)[1:-1], json.dumps(tail)[1:-1]):
        end = written.encode() + b'"'
        if literal.endswith(end):
            return literal[: -len(end)] + b'"'
    for at in range(len(literal) - 2, max(0, len(literal) - 12 * len(tail) - 2), -1):
        try:
            if DECODER.decode((literal[:at] + b'"').decode()) == plain:
                return literal[:at] + b'"'
        except ValueError:
            continue
    return dumps(plain).encode()


def _is_json(said: str) -> bool:
    try:
        orjson.loads(said)
    except orjson.JSONDecodeError:
        return False
    return True
