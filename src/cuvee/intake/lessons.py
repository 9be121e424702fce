"""What a trainer will learn from each row: which tokens count after template, mask and cut, and what is wrong."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import numpy as np
import orjson
import pyarrow as pa

from cuvee import disk, progress
from cuvee.errors import CuveeError
from cuvee.models import causal
from cuvee.render import Tokenizer, chat, packing
from cuvee.render.words import WordCounts

FILE = "tokens.parquet"
ROWS = 8_000  # rendered at once
BATCH = 8  # rows of a batch whose padding is told

NOTHING = "nothing is learned: no token of an answer is left"
NO_ANSWER = "no answer: no turn of an assistant"
CUT = "the answer is cut by --max-length"
NO_END = "no end mark after the answer: the model does not learn to stop"
TWICE = "the begin mark stands twice"
CALLS = "the template drops tool calls"
TOOLS = "the template drops the tools' definitions"
SYSTEM = "the template drops the system turn"
TURNS = "the template drops or changes a turn"
MARKS = "a special token of the model stands inside a text"
EARLY = "an earlier answer is not learned: the template writes it otherwise once more turns follow"
UNRENDERED = "the template cannot render the row"
UNMARKED = (
    "the template has no generation marks: a trainer that asks it which tokens are the assistant's "
    "(assistant_only_loss of TRL) stops or masks every token; cuvee finds answers by rendering twice"
)
BEGINS = "the tokenizer adds a begin mark to a text whose template has written one: tell the trainer add_special_tokens=False"


class RowLesson(TypedDict):
    """A row. tokens: of the whole row; learned: those that the loss counts; cut: lost to the length; lost: of the answer."""

    id: str
    file: str
    line: int
    tokens: int
    learned: int
    cut: int
    lost: int
    faults: list[str]


@dataclass
class Lessons:
    """What a pool teaches a model. rows: in the pool's order. notes: what holds for all rows."""

    model: str
    longest: int
    rows: list[RowLesson] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, dict[str, object]]:
        """Return the sums with a plan of packing, and how many rows each fault has; what holds for all rows among them."""
        kept = np.array([row["tokens"] - row["cut"] for row in self.rows], dtype=np.int64)
        whole, learned = sum(row["tokens"] for row in self.rows), sum(row["learned"] for row in self.rows)
        lost = sum(row["lost"] for row in self.rows)
        full = packing.packed(kept, self.longest)
        faults = Counter(fault for row in self.rows for fault in row["faults"])
        sums: dict[str, object] = {
            "model": self.model,
            "max length": self.longest,
            "tokens": whole,
            "learned": f"{learned:,} ({share(learned, whole)})",
            "lost to the length": f"{share(sum(row['cut'] for row in self.rows), whole)}",
            "answers lost to it": f"{share(lost, learned + lost)}",
            f"padding in batches of {BATCH}": f"{packing.padding(kept, BATCH):.1%}",
            "packed": f"{len(full):,} sequences, {share(int(full.sum()), self.longest * len(full))} full",
        }
        return {
            "trainer": sums,
            "trainer's faults": {**dict.fromkeys(self.notes, len(self.rows)), **dict(faults.most_common())},
        }


def share(part: int, whole: int) -> str:
    """Return a share for people."""
    return f"{part / whole:.1%}" if whole else "0.0%"


def lessons(table: pa.Table, model: str, longest: int) -> Lessons:
    """Return what a model's tokenizer and template make of samples; no weights are loaded.

    table: columns id, file, line, messages, tools. longest: tokens of a row that are kept; 0: what the tokenizer reads.
    Raises ConfigError where there is no such model, or it has no tokenizer.
    """
    tokenizer = causal.tokenizer_of(causal.folder_of(model))
    known = tokenizer.model_max_length
    found = Lessons(model, longest or (known if known < 1_000_000 else 2_048))
    if "{% generation %}" not in tokenizer.chat_template.replace("{%-", "{%").replace("-%}", "%}"):
        found.notes.append(UNMARKED)
    if _begins_twice(tokenizer):
        found.notes.append(BEGINS)
    reader = _Reader(tokenizer, WordCounts(tokenizer), tuple(tokenizer.all_special_tokens))
    with progress.bar("tokens", table.num_rows) as advance:
        for batch in table.select(["id", "file", "line", "messages", "tools"]).to_batches(max_chunksize=ROWS):
            found.rows += _of(batch.to_pylist(), reader, found.longest)
            advance(batch.num_rows)
    return found


def write(found: Lessons, path: Path) -> None:
    """Write a line for each row, as Parquet."""
    disk.save_table(path, pa.Table.from_pylist([dict(row) for row in found.rows]))


class _AskedRow(TypedDict):
    id: str
    file: str
    line: int
    messages: list[dict[str, str | None]]
    tools: str | None


@dataclass(frozen=True)
class _Reader:
    """A tokenizer, its counts by words, and its special tokens."""

    tokenizer: Tokenizer
    words: WordCounts
    marks: tuple[str, ...]


@dataclass
class _Rendered:
    row: _AskedRow
    pieces: chat.Pieces
    faults: list[str]


def _of(rows: list[_AskedRow], reader: _Reader, longest: int) -> Iterator[RowLesson]:
    read = chat.pieces([row["messages"] for row in rows], reader.tokenizer, [row["tools"] for row in rows])
    rendered = [_rendered(row, pieces, reader) for row, pieces in zip(rows, read, strict=True)]
    counts = iter(reader.words.of([text for one in rendered for text, _ in one.pieces]))
    for one in rendered:
        yield _lesson(one, [(next(counts), counted) for _, counted in one.pieces], longest)


def _lesson(one: _Rendered, pieces: list[tuple[int, bool]], longest: int) -> RowLesson:
    tokens = sum(count for count, _ in pieces)
    answered = sum(count for count, counted in pieces if counted)
    learned, left = 0, longest
    for count, counted in pieces:
        learned += min(count, left) * counted
        left -= min(count, left)
    if pieces and pieces[0][1] and learned:  # the first token of a row follows nothing
        learned, answered = learned - 1, answered - 1
    faults = [*one.faults]
    if learned < answered:
        faults.append(CUT)
    if not learned and UNRENDERED not in faults:
        faults.append(NOTHING)
    row = one.row
    return RowLesson(
        id=row["id"],
        file=row["file"],
        line=row["line"],
        tokens=tokens,
        learned=learned,
        cut=max(0, tokens - longest),
        lost=answered - learned,
        faults=faults,
    )


def _rendered(row: _AskedRow, pieces: chat.Pieces | CuveeError, reader: _Reader) -> _Rendered:
    if isinstance(pieces, CuveeError):
        return _Rendered(row, [], [UNRENDERED])
    return _Rendered(row, pieces, list(_faults(row, pieces, reader)))


def _faults(row: _AskedRow, pieces: chat.Pieces, reader: _Reader) -> Iterator[str]:
    tokenizer = reader.tokenizer
    whole = "".join(text for text, _ in pieces)
    answers = [text for text, counted in pieces if counted]
    spoken = sum(turn["role"] == "assistant" for turn in row["messages"])
    if not spoken:
        yield NO_ANSWER
    elif not answers or not answers[-1].endswith(tokenizer.eos_token):
        yield NO_END
    if len(answers) < spoken:
        yield EARLY
    begin = tokenizer.bos_token
    if begin and whole.startswith(begin + begin):
        yield TWICE
    yield from _dropped(row, whole)
    if any(mark in (turn["content"] or "") for mark in reader.marks for turn in row["messages"]):
        yield MARKS


def _dropped(row: _AskedRow, whole: str) -> Iterator[str]:
    if any(name not in whole for turn in row["messages"] for name in _called(turn)):
        yield CALLS
    names = list(_named(orjson.loads(row["tools"]))) if row["tools"] else []
    if any(name not in whole for name in names):
        yield TOOLS
    gone = [turn for turn in row["messages"] if (turn["content"] or "").strip() not in whole]
    if any(turn["role"] == "system" for turn in gone):
        yield SYSTEM
    if any(turn["role"] != "system" for turn in gone):
        yield TURNS


def _called(turn: dict[str, str | None]) -> Iterator[str]:
    extra = orjson.loads(turn["extra"]) if turn["extra"] else {}
    yield from _named(extra.get("tool_calls") or [])


def _named(calls: Sequence[object]) -> Iterator[str]:
    """Yield the functions' names of tool calls, or of tools' definitions, in either of the two forms that there are."""
    for call in calls if isinstance(calls, list) else [calls]:
        inner = call.get("function", call) if isinstance(call, dict) else {}
        if isinstance(inner, dict) and isinstance(inner.get("name"), str):
            yield inner["name"]


def _begins_twice(tokenizer: Tokenizer) -> bool:
    """Return whether a trainer that tokenizes the rendered text as any other text doubles the begin mark."""
    begin = tokenizer.bos_token_id
    if begin is None:
        return False
    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    text = tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=False)
    return list(tokenizer(text)["input_ids"][:2]) == [begin, begin]
