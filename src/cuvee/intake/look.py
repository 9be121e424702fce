"""Look: what the rules of cleaning need of every row, row by row; in steps of some thousand rows, so that new rows cost only
themselves, and all workers have a part."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.ipc as ipc

from cuvee import disk, render
from cuvee.arrays import I64, U8
from cuvee.cleaners.filed import Filed, Writing
from cuvee.cleaners.flags import flags as answer_flags
from cuvee.cleaners.siblings import endings
from cuvee.cleaners.tokens import tokens
from cuvee.engines import Shard, chosen
from cuvee.intake.read import Source
from cuvee.progress import bar
from cuvee.runs import Cost, Run, measured

Array = TypeVar("Array", I64, U8)
ROWS = 20_000  # of a step
BATCH = 4_096  # rows that are Python objects at one time
SPEED = 10_000.0  # rows a second of one core, about


@dataclass(frozen=True)
class Looked:
    """What was seen of n rows. words, answers: of the whole text, and of the answer alone. lengths: (n,) tokens.

    ends: (n,) as ``cleaners.siblings`` says, flags: (n,) as ``cleaners.flags``.
    """

    words: Filed
    answers: Filed
    lengths: I64
    ends: U8
    flags: U8


@dataclass(frozen=True)
class Rows:
    """Rows ``start`` to ``stop`` of a file of samples. fingerprint: of the step that wrote it."""

    path: Path
    fingerprint: str
    start: int
    stop: int
    tokenizer: str | None

    def __len__(self) -> int:
        return self.stop - self.start

    def depends(self) -> dict[str, object]:
        """Return what decides what is seen."""
        return {"read": self.fingerprint, "rows": [self.start, self.stop], "tokenizer": self.tokenizer}


def look(run: Run, source: Source, tokenizer: str | None) -> list[Path]:
    """Return the folders, for ``seen``, of what is seen of all rows; what is missing is looked at by the command's engine."""
    parts = _parts(source, tokenizer)
    missing = [(part, folder) for part in parts if (folder := run.missing("look", part.depends()))]
    shards = [Shard(str(part.path), (part, folder), len(part) / SPEED, part.start) for part, folder in missing]
    left = sum(len(part) for part, _ in missing)
    with bar("looking", sum(map(len, parts)), done=sum(map(len, parts)) - left) as advance:

        def finished(number: int, cost: Cost) -> None:
            part, folder = missing[number]
            run.put(folder, cost)
            advance(len(part))

        chosen().each(_afresh, shards, finished=finished)
    return [run.step("look", part.depends(), partial(_look, part)).path for part in parts]


def seen(folders: Sequence[Path]) -> Looked:
    """Return what stands in these folders, one after the other."""
    return Looked(
        Filed([folder / "words" for folder in folders]),
        Filed([folder / "answers" for folder in folders]),
        _whole([np.load(folder / "lengths.npy") for folder in folders], np.dtype(np.int64)),
        _whole([np.load(folder / "ends.npy") for folder in folders], np.dtype(np.uint8)),
        _whole([np.load(folder / "flags.npy") for folder in folders], np.dtype(np.uint8)),
    )


def _parts(source: Source, tokenizer: str | None) -> list[Rows]:
    found = []
    for path, fingerprint in source.parts:
        rows = _table(path).num_rows
        found += [Rows(path, fingerprint, start, min(start + ROWS, rows), tokenizer) for start in range(0, rows, ROWS)]
    return found


def _table(path: Path) -> pa.Table:
    return ipc.open_file(pa.memory_map(str(path))).read_all()


def _afresh(given: tuple[Rows, Path]) -> Cost:
    """Look into a folder, whatever an earlier try left there; return what that cost."""
    part, folder = given
    disk.remove_folder(folder)
    return measured(partial(_look, part), disk.folder(folder))


def _look(part: Rows, folder: Path) -> None:
    count = render.token_counter(part.tokenizer)
    words, answers = Writing(folder / "words"), Writing(folder / "answers")
    lengths: list[I64] = []
    ends: list[U8] = []
    flags: list[U8] = []
    some = _table(part.path).select(["messages"]).slice(part.start, part.stop - part.start)
    for batch in some.to_batches(max_chunksize=BATCH):
        rows: Sequence[render.Messages] = batch.column(0).to_pylist()
        texts, said = [render.plain(turns) for turns in rows], [_answer(turns) for turns in rows]
        words.add(tokens(texts))
        answers.add(tokens(said))
        lengths.append(np.array(count(texts), dtype=np.int64))
        ends.append(endings(said))
        flags.append(answer_flags([render.prompt(turns) for turns in rows], said))
    words.close()
    answers.close()
    disk.save_array(folder / "lengths.npy", _whole(lengths, np.dtype(np.int64)))
    disk.save_array(folder / "ends.npy", _whole(ends, np.dtype(np.uint8)))
    disk.save_array(folder / "flags.npy", _whole(flags, np.dtype(np.uint8)))


def _whole(parts: Sequence[Array], kind: "np.dtype[np.generic]") -> Array:
    whole: Array = np.concatenate([np.empty(0, dtype=kind), *parts])
    return whole


def _answer(turns: render.Messages) -> str:
    """Return the answer as the flags read it: a turn that only calls tools does say something."""
    text = render.response(turns)
    calls = any(turn["role"] == "assistant" and turn["extra"] for turn in turns)
    return text or ("(tool call)." if calls else "")
