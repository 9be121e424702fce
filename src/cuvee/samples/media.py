"""Images, videos and audio of a row: files in order, and a mark in the text where each stands, as LLaMA-Factory reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cuvee.loose_json import loads
from cuvee.samples.schema import SampleRow, TurnRow

KINDS = {"images": "image", "videos": "video", "audios": "audio"}
MARKS = {name: f"<{kind}>" for name, kind in KINDS.items()}
ELSEWHERE = ("data:", "http:", "https:", "gs:", "s3:")  # what no file of this machine is called
File = str | list[str]  # a video may be a list of frames


@dataclass(frozen=True)
class Media:
    """contents: the text of each turn with its marks. files: images, videos, audios -> names, as many as marks.

    wrong: why they cannot be told so ("" where they can).
    """

    contents: list[str | None]
    files: dict[str, list[File]]
    wrong: str = ""


def extra(turn: TurnRow) -> dict[str, object]:
    """Return the turn's other keys with their values, parsed from the column ``extra``."""
    found = loads(turn["extra"]) if turn["extra"] else {}
    return found if isinstance(found, dict) else {}


def media(row: SampleRow) -> Media | None:
    """Return what a row holds beside text, None where it holds nothing.

    Files are named in a column (images, image, ...) or in parts of a content; a column without marks in the text has its
    marks put before the first question. A name is made absolute where the file lies beside the one that was read.
    """
    if not any(turn["extra"] for turn in row["messages"]):
        return None
    extras = [extra(turn) for turn in row["messages"]]
    listed = _listed(extras)
    if not listed and not any(has_parts(rest) for rest in extras):
        return None
    told = [_told(turn, rest) for turn, rest in zip(row["messages"], extras, strict=True)]
    contents: list[str | None] = [content for content, _ in told]
    inline = [part for _, parts in told for part in parts]
    files: dict[str, list[File]] = {}
    for name, mark in MARKS.items():
        given = listed.get(name, [])
        own = [value for kind, value in inline if kind == name]
        named = [value for value in own if value is not None]
        marks = sum((content or "").count(mark) for content in contents)
        if given and not marks:
            contents = _before_question(row["messages"], contents, mark * len(given))
        elif (given and (named or marks != len(given))) or (not given and len(named) != marks):
            return Media([], {}, f"name {len(given) + len(named)} {name} where {marks} stand")
        found = [_file(value) for value in given or named]
        files[name] = [_absolute(value, row) for value in found if value is not None]
        if len(files[name]) < len(found):
            return Media([], {}, f"hold {name} that are no files")
    return Media(contents, {name: found for name, found in files.items() if found})


def has_parts(rest: Mapping[str, object]) -> bool:
    """Return whether some part of a content is no text."""
    parts = rest.get("parts")
    return isinstance(parts, list) and any(isinstance(part, dict) and not _is_text(part) for part in parts)


def _is_text(part: Mapping[str, object]) -> bool:
    return part.get("type", "text") in ("text", "input_text", "output_text") and not any(
        kind in part for kind in KINDS.values()
    )


def _listed(extras: Sequence[Mapping[str, object]]) -> dict[str, list[object]]:
    """Return what the columns hold: they travel with the first question."""
    found: dict[str, list[object]] = {}
    for name, kind in KINDS.items():
        for rest in extras:
            value = rest.get(name) or rest.get(kind)
            if value:
                found[name] = value if isinstance(value, list) else [value]
                break
    return found


def _told(turn: TurnRow, rest: Mapping[str, object]) -> tuple[str | None, list[tuple[str, object]]]:
    """Return a turn's text with marks, and of each mark what it stands for (None where a column tells)."""
    parts = rest.get("parts")
    if not isinstance(parts, list) or not has_parts(rest):
        return turn["content"], []
    text, found, joint = "", [], ""
    for part in parts:
        if isinstance(part, str) or (isinstance(part, dict) and _is_text(part)):
            said = part if isinstance(part, str) else str(part.get("text") or "")
            text, joint = text + joint + said, "\n"
            continue
        name = next((name for name, kind in KINDS.items() if kind in str(part.get("type")) or kind in part), "")
        if not name:
            return text, [("images", 0)]  # what no trainer knows: counted as wrong, since no mark stands for it
        text, joint = text + MARKS[name], ""
        found.append((name, _named(part, KINDS[name])))
    return text, found


def _named(part: Mapping[str, object], kind: str) -> object:
    """Return what a part names; None where it only marks a place."""
    for key in (f"{kind}_url", kind, "url", "path", f"input_{kind}"):
        if part.get(key) is not None:
            return part[key]
    return None


def _file(value: object) -> File | None:
    """Return a name, a URL, or the names of a video's frames; None where a value holds the bytes themselves, or nothing."""
    if isinstance(value, dict):
        value = None if value.get("bytes") else value.get("url") or value.get("path") or value.get("file")
    if isinstance(value, list):
        frames = [_file(one) for one in value]
        return [one for one in frames if isinstance(one, str)] if all(isinstance(one, str) for one in frames) else None
    return value if isinstance(value, str) and value else None


def _absolute(value: File, row: SampleRow) -> File:
    if isinstance(value, list):
        return [str(_absolute(one, row)) for one in value]
    name = value.removeprefix("file://")
    if name.startswith(ELSEWHERE) or len(name) > 1_000:
        return value
    beside = Path(row["file"]).parent / name
    return str(beside.absolute()) if beside.is_file() else value


def _before_question(turns: Sequence[TurnRow], contents: list[str | None], marks: str) -> list[str | None]:
    at = next(at for at, turn in enumerate(turns) if turn["role"] == "user")
    return [*contents[:at], marks + (contents[at] or ""), *contents[at + 1 :]]
