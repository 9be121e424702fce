"""One input file, as batches of samples; what cannot be read is put aside with file, line and reason."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from cuvee import names
from cuvee.errors import ConfigError, InputError
from cuvee.loose_json import dumps
from cuvee.samples import containers
from cuvee.samples.columns import Columns, Place
from cuvee.samples.dialects import DIALECTS, Dialect, detect
from cuvee.samples.dialects.cells import beyond
from cuvee.samples.normal import fingerprint
from cuvee.samples.raw import ROW_BYTES, Raw, Value
from cuvee.samples.schema import Sample
from cuvee.samples.special import stripped

CANONICAL = {  # the names that ``columns`` may give, and the dialect that they ask for
    **dict.fromkeys(("instruction", "input", "output", "history"), "alpaca"),
    **dict.fromkeys(("prompt", "completion"), "prompt-completion"),
    "messages": "messages",
    **dict.fromkeys(("system", "task", "source", "id", "license", "tools"), None),
}
TOKENISED = ("input_ids", "token_ids", "attention_mask")
SPLIT = "a row of several instances became one sample per instance"
BATCH_ROWS = 4_096
BATCH_BYTES = 1 << 24
SHAPES = 10_000  # sets of keys and types whose dialect is remembered at one time, and reasons that are counted
REASON = 500  # characters; a row may have a million keys


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that could not be read: where it lies, why, and its bytes."""

    file: str
    line: int
    reason: str
    raw: bytes


def read(  # noqa: PLR0913 (each is an option of the verbs that read, under the same name)
    file: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    dialect: str | None = None,
    strict: bool = False,
    row_bytes: int = ROW_BYTES,
    keep_special: bool = False,
) -> "Reading":
    """Return the reading of one file (or saved folder, or "hub:..." id); nothing is read before ``batches()`` runs.

    columns: what a row calls it, by what it is: {"instruction": "q", "output": "a"}. dialect: read every row as this one
    instead of telling it row by row. strict: raise at the first row that cannot be read. row_bytes: of a row, at most; a
    longer one cannot be read, and is not held either. keep_special: leave end marks of chat templates at the tail of answers.
    Raises ConfigError for an unknown dialect or column name.
    """
    for name in columns or {}:
        if name not in CANONICAL:
            raise ConfigError(
                f"columns: unknown name {name!r}", f"known: {', '.join(CANONICAL)}; write instruction=q,output=a"
            )
    chosen = names.find(DIALECTS, dialect, "dialect") if dialect else _asked_for(columns or {})
    how = Manner(dict(columns or {}), chosen, strict, row_bytes, keep_special)
    return Reading(str(file), how)


def _asked_for(columns: Mapping[str, str]) -> Dialect | None:
    return next((DIALECTS[wanted] for name in columns if (wanted := CANONICAL[name])), None)


@dataclass(frozen=True)
class Manner:
    """How a file is read; see ``read``."""

    columns: dict[str, str]
    dialect: Dialect | None
    strict: bool
    row_bytes: int
    keep_special: bool


class Reading:
    """A file being read. The counts are complete once ``batches()`` has run through.

    rows: rows met, readable or not. quarantined: those that were not, unless ``aside`` takes them instead, one by one.
    dialects: samples per dialect. notes: what a user should know, with the number of rows it holds for.
    """

    def __init__(self, file: str, how: Manner) -> None:
        self.file = file
        self.rows = 0
        self.quarantined: list[Quarantined] = []
        self.aside: Callable[[Quarantined], None] = self.quarantined.append
        self.refused = 0
        self.dialects: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()
        self._columns, self._dialect = how.columns, how.dialect
        self._strict, self._row_bytes, self._keep_special = how.strict, how.row_bytes, how.keep_special
        self._stem = containers.stem(file)
        self._detected: dict[Hashable, Dialect | None] = {}
        self._keys: dict[str, None] = {}  # met, in order
        self._missing = set(how.columns.values())
        self._reasons: Counter[str] = Counter()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield batches of schema ``SAMPLE``, in the file's order.

        Ids are the user's ("id#0", "id#1", ... where one row holds several samples), else the first 16 hex digits of the
        fingerprint; they may repeat. Raises InputError "file:line: reason" for an unreadable row when strict, and in any
        case where rows were there and none could be read.
        """
        batch = Columns()
        for raw in containers.rows(self.file, self._row_bytes):
            self.rows += 1
            if raw.note:
                self.notes[raw.note] += 1
            try:
                self._add(raw, batch)
            except InputError as wrong:
                self._refuse(raw, wrong)
            except RecursionError:
                self._refuse(raw, InputError("nested too deep"))
            if len(batch) >= BATCH_ROWS or batch.bytes >= BATCH_BYTES:
                yield batch.pop()
        if len(batch):
            yield batch.pop()
        self._conclude()

    def _add(self, raw: Raw, batch: Columns) -> None:
        if raw.value is None:
            raise InputError(raw.error or "it cannot be read")
        row = self._renamed(raw.value)
        dialect = self._dialect or self._tell(row)
        if dialect is not DIALECTS["turns"] and not isinstance(row, dict):
            raise InputError(f"the row is a list, which {dialect.name} does not know")
        samples = dialect.parse(row)
        pieces = [raw.raw]
        if len(samples) > 1 and dialect.split and isinstance(raw.value, dict):
            pieces = [dumps(one).encode() for one in dialect.split(raw.value)]
            self.notes[SPLIT] += 1
        along = beyond(row, dialect) if isinstance(row, dict) else {}
        told = dumps(along) if along else None
        for at, (one, piece) in enumerate(zip(samples, pieces, strict=True)):
            plain, marks = (one, "") if self._keep_special or dialect.verbatim else stripped(one)
            printed = fingerprint(plain.messages)
            where = self._place(plain, printed, raw.line, at if len(samples) > 1 else None)
            batch.add(plain, Place(*where, dialect.name, piece, printed, told, marks or None))
        self.dialects[dialect.name] += len(samples)
        if dialect.note:
            self.notes[dialect.note] += 1

    def _place(self, one: Sample, printed: bytes, line: int, at: int | None) -> tuple[str, str, str, int]:
        """Return id, source, file and line. at: which of a row's samples it is, None where it is the only one."""
        name = printed.hex()[:16] if one.id is None else one.id if at is None else f"{one.id}#{at}"
        return name, self._stem if one.source is None else one.source, self.file, line

    def _renamed(self, row: Value) -> Value:
        if not self._columns or not isinstance(row, dict):
            return row
        self._missing.difference_update(row)
        named = {name: row[column] for name, column in self._columns.items() if column in row}
        return {**{key: value for key, value in row.items() if key not in self._columns.values()}, **named}

    def _tell(self, row: Value) -> Dialect:
        shape = tuple([(key, type(value)) for key, value in row.items()]) if isinstance(row, dict) else list
        try:
            dialect = self._detected[shape]
        except KeyError:
            if len(self._detected) >= SHAPES:
                self._detected.clear()
            dialect = self._detected[shape] = detect(row)
            if isinstance(row, dict) and len(self._keys) < 50:
                self._keys.update(dict.fromkeys(map(str, row)))
        if dialect is None:
            raise InputError(_unknown(row))
        return dialect

    def _refuse(self, raw: Raw, wrong: InputError) -> None:
        if self._strict:
            raise InputError(
                f"{self.file}:{raw.line}: {wrong.message}", wrong.hint or "without --strict it is put aside"
            ) from wrong
        if isinstance(raw.value, dict) and len(self._keys) < 50:
            self._keys.update(dict.fromkeys(map(str, raw.value)))
        reason = wrong.message if len(wrong.message) <= REASON else wrong.message[:REASON] + " ..."
        self.refused += 1
        if len(self._reasons) < SHAPES:
            self._reasons[reason] += 1
        self.aside(Quarantined(self.file, raw.line, reason, raw.raw))

    def put_aside(self, reason: str) -> None:
        """Count the file itself, which is damaged, as one row that cannot be read."""
        self.rows += 1
        self.notes[reason] += 1
        self._refuse(Raw(1, b"", None), InputError(reason))

    def _conclude(self) -> None:
        if not self.rows:
            self.notes[f"{self.file} holds no rows"] += 1
        elif self.refused == self.rows:
            reason, _ = self._reasons.most_common(1)[0]
            raise InputError(f"nothing in {self.file} can be read as instruction data: {reason}", self._hint())
        elif self._missing:
            self.notes[f"{self.file} has no column {', '.join(sorted(self._missing))}"] += 1

    def _hint(self) -> str:
        if any(key in self._keys for key in TOKENISED):
            return "it is already tokenised; give the text that it was made from"
        if not self._keys:
            return "each row must be a JSON object, or a list of turns"
        return f"its keys are {', '.join(self._keys)}; say which is which: --columns instruction=q,output=a"


def _unknown(row: Value) -> str:
    keys = ", ".join(map(str, row)) or "none"
    if any(key in row for key in TOKENISED):
        return f"it is already tokenised ({keys})"
    return f"no dialect has these keys: {keys}"
