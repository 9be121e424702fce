"""What "the same" means: the normal form of a text, and the fingerprint of a conversation."""

import re
import unicodedata
from collections.abc import Sequence

import orjson
import xxhash

from cuvee.samples.schema import Turn

# Controls that are no white space, soft hyphen, zero-width and direction marks, variation selectors, byte-order mark, tags.
INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e01ef]"
)
# Runs in which many marks may stand one after another (no mark is a letter, but two that become marks), longer than any
# language has (Unicode Standard Annex 15, stream-safe text: 30).
MARKS = re.compile(r"(?:[^\w\s\x00-\x7f]|[\uff9e\uff9f]){31,}+")
INVISIBLE_ASCII = dict.fromkeys([*range(0x09), *range(0x0E, 0x1C), 0x7F])
SAID_BESIDE_TEXT = ("tool_calls", "function_call", "images", "image", "videos", "video", "audios", "audio")


def normalise(text: str) -> str:
    """Return NFKC, lower case, without control and zero-width characters, each run of white space one blank.

    Two texts with the same normal form are exact duplicates (normalised). Idempotent.
    """
    if text.isascii():
        lowered = text.lower()
        plain = " ".join(lowered.split())
        return plain if plain.isprintable() else " ".join(lowered.translate(INVISIBLE_ASCII).split())
    composed = nfkc(INVISIBLE.sub("", text))
    # Lower case can leave a character and a mark that compose: the second round makes the form stable.
    return " ".join(nfkc(composed.lower()).split())


def nfkc(text: str) -> str:
    """Return the NFKC of a text, in linear time: Python puts a run of marks in order by exchanging neighbours."""
    return unicodedata.normalize("NFKC", MARKS.sub(_in_order, text))


def _in_order(run: re.Match[str]) -> str:
    """Return a run of marks taken apart and in canonical order: its NFKC is that of the run as it was."""
    taken: list[str] = []
    marks: list[str] = []
    for sign in "".join(unicodedata.normalize("NFKD", sign) for sign in run[0]):
        if unicodedata.combining(sign):
            marks.append(sign)
        else:
            taken += [*sorted(marks, key=unicodedata.combining), sign]
            marks = []
    return "".join([*taken, *sorted(marks, key=unicodedata.combining)])


def fingerprint(messages: Sequence[Turn]) -> bytes:
    """Return 16 bytes: xxh3-128 over the role and the normalised content of every turn, in order.

    What a turn says beside its text counts too: tool calls, and parts that are no text (images, audio).
    """
    pieces: list[str] = []
    for turn in messages:
        pieces.append(f"{turn.role}\x1f{normalise(turn.content or '')}")
        if turn.extra:
            pieces.extend(_beside(turn))
    return xxhash.xxh3_128_digest("\x1e".join(pieces).encode("utf-8", "replace"))


def _beside(turn: Turn) -> list[str]:
    said: dict[str, object] = {key: turn.extra[key] for key in SAID_BESIDE_TEXT if key in turn.extra}
    parts = turn.extra.get("parts")
    if isinstance(parts, list):
        said["parts"] = [part for part in parts if isinstance(part, dict) and part.get("type") != "text"]
    return [f"\x1f{key}\x1f{_canonical(value)}" for key, value in sorted(said.items()) if value]


def _canonical(value: object) -> str:
    import json

    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # integers beyond 64 bits, lone surrogates
        return json.dumps(value, sort_keys=True, separators=(",", ":"))
