"""What the items of an evaluation set ask: the texts that a training row must not hold."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cuvee.errors import InputError
from cuvee.samples import containers
from cuvee.samples.dialects import Dialect, detect, marked
from cuvee.samples.dialects.cells import asked, text
from cuvee.samples.dialects.turns import turns
from cuvee.samples.schema import Turn

ASKED = ("question", "prompt", "text", "instruction", "Instruction", "inputs", "input", "problem", "query")
SPOKEN = ("messages", "conversations", "conversation", "turns")


def question_texts(path: str | Path) -> list[str]:
    """Return the text of each evaluation item of one file, in order; answers are not needed and not returned.

    An item with several instances has one text each. Raises InputError that names file and line of an item without any.
    """
    return [said for _, said in _items(path)]


def evaluation_items(paths: Sequence[str | Path]) -> list[tuple[str, str]]:
    """Return (name of the evaluation set, text of the item) of every item in files, folders or globs."""
    return [(containers.stem(path), said) for path in containers.expand(paths) for _, said in _items(path)]


def answered(paths: Sequence[str | Path]) -> bool:
    """Return whether some row of evaluation files has an answer beside its question."""
    return any(
        raw.value is not None and _dialect(raw.value) is not None
        for path in containers.expand(paths)
        for raw in containers.rows(path)
    )


def _items(path: str | Path) -> list[tuple[int, str]]:
    found = []
    for raw in containers.rows(path):
        where = f"{path}:{raw.line}"
        if raw.value is None:
            raise InputError(f"{where}: {raw.error}", "an evaluation file must be readable as a whole")
        try:
            said_in_it = texts(raw.value)
        except InputError as wrong:
            raise InputError(f"{where}: {wrong.message}", "mend the row or take it out") from wrong
        if not said_in_it:
            keys = ", ".join(map(str, raw.value)) if isinstance(raw.value, dict) else "none"
            raise InputError(
                f"{where}: no question in it; its keys are {keys}", f"known are {', '.join(ASKED + SPOKEN)}"
            )
        found += [(raw.line, said) for said in said_in_it]
    return found


def texts(row: object) -> list[str]:
    """Return what one row asks: one text per instance, none where it asks nothing."""
    dialect = _dialect(row)
    if dialect is not None:
        return [said for one in dialect.parse(row) if (said := _users(one.messages))]
    return _bare(row)


def is_bare(row: object) -> bool:
    """Return whether a row is a question without an answer: no dialect knows it, and it asks something."""
    return _dialect(row) is None and bool(_bare(row))


def _dialect(row: object) -> Dialect | None:
    """Return the dialect that knows a row; a text without marks of a prompt format is a question."""
    found = detect(row)
    plain = found is marked.TEXT and isinstance(row, Mapping) and marked.marked(str(row["text"])) is None
    return None if plain else found


def _bare(row: object) -> list[str]:
    if isinstance(row, Mapping):
        for key in SPOKEN:
            if row.get(key) is not None:
                return [_users(turns(row[key], key))]
        for key in ASKED:
            if text(row.get(key)).strip():
                return [asked(row[key], row.get("input") if key == "instruction" else None)]
    return []


def _users(messages: Sequence[Turn]) -> str:
    return "\n\n".join(turn.content for turn in messages if turn.role == "user" and turn.content)
