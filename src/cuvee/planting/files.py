"""The sample pool as files in three dialects, with broken lines, an evaluation file that leaked, and the truth."""

import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from cuvee import disk
from cuvee.planting.families import FAMILIES
from cuvee.planting.planted import Planted, plant
from cuvee.planting.tables import TABLES
from cuvee.planting.task import Task, pick
from cuvee.rng import stream

LEAKED = 12  # of the 60 evaluation questions: they stand verbatim in the pool
LEAK_FAMILY = "general"
SHARE_OF_FILE = {"alpaca": 0.45, "chat": 0.30, "pairs": 0.25}


@dataclass(frozen=True, slots=True)
class WrittenFiles:
    """Where the sample pool lies and what is in it.

    broken: lines of chat.jsonl that are not samples, beside the ``rows``. leaked: questions that the pool holds.
    """

    pool: Path
    questions: Path
    truth: Path
    rows: int
    broken: int
    leaked: int


def write(folder: Path, rows: int = 2000, *, seed: int = 0) -> WrittenFiles:
    """Write a planted pool, 12 leaked questions among its rows, under ``folder``; the same arguments, the same bytes.

    pool/alpaca.json: an indented array (45 % of rows, about). pool/chat.jsonl: messages and source (30 %), with three
    lines cut short and two rows without text. pool/pairs.jsonl.gz: prompt, completion, task (25 %).
    eval/questions.jsonl: 60 rows of id, question, answer; 12 are also faultless rows of the pool, of the family "general".
    truth.jsonl: per pool row id, family, fault, original, and ``question``, the id of the question it leaks or null.
    """
    questions, leaking = _questions(stream(seed, "demo", "questions"))
    leaked = {questions[at]["question"]: questions[at] for at in leaking}
    among = [(LEAK_FAMILY, Task(row["question"], "", row["answer"])) for row in leaked.values()]
    planted = plant(rows, seed=seed, among=among)
    pool, eval_file, truth = folder / "pool", folder / "eval" / "questions.jsonl", folder / "truth.jsonl"
    for needed in (pool, eval_file.parent):
        disk.folder(needed)
    broken = _write_pool(pool, planted, stream(seed, "demo", "files"))
    disk.write(eval_file, _lines(questions))
    disk.write(truth, _lines([_fact(row, leaked.get(row.row["instruction"], {}).get("id")) for row in planted]))
    return WrittenFiles(pool, eval_file, truth, rows, broken, len(leaked))


def _write_pool(pool: Path, planted: Sequence[Planted], rng: np.random.Generator) -> int:
    """Write the three files; return the number of broken lines among those of chat.jsonl."""
    homes = rng.choice(list(SHARE_OF_FILE), size=len(planted), p=list(SHARE_OF_FILE.values())).tolist()
    rows = {home: [p.row for p, at in zip(planted, homes, strict=True) if at == home] for home in SHARE_OF_FILE}
    disk.write(pool / "alpaca.json", orjson.dumps(rows["alpaca"], option=orjson.OPT_INDENT_2) + b"\n")
    chat = [orjson.dumps(_chat(row)) for row in rows["chat"]]
    broken = list(_broken(rng))
    for line in broken:
        chat.insert(int(rng.integers(len(chat))), line)
    disk.write(pool / "chat.jsonl", b"\n".join(chat) + b"\n")
    pairs = _lines([_pair(row) for row in rows["pairs"]])
    disk.write(pool / "pairs.jsonl.gz", gzip.compress(pairs, mtime=0))
    return len(broken)


def _fact(row: Planted, question: str | None) -> dict[str, str | None]:
    at = row.row["id"]
    return {"id": at, "family": row.family, "fault": row.fault, "original": row.original, "question": question}


def _chat(row: Mapping[str, str]) -> dict[str, object]:
    asked = {"role": "user", "content": _asked(row["instruction"], row["input"])}
    turns = [asked, {"role": "assistant", "content": row["output"]}]
    return {"id": row["id"], "messages": turns, "source": "demo-chat", "task": row["task"]}


def _pair(row: Mapping[str, str]) -> dict[str, str]:
    prompt = _asked(row["instruction"], row["input"])
    return {"id": row["id"], "prompt": prompt, "completion": row["output"], "task": row["task"]}


def _asked(instruction: str, said: str) -> str:
    return f"{instruction}\n\n{said}" if said else instruction


def _broken(rng: np.random.Generator) -> Iterator[bytes]:
    """Yield three lines of JSON that stop short, and two rows without text."""
    for at in range(3):
        task = FAMILIES[pick(rng, tuple(FAMILIES))].make(rng)
        line = orjson.dumps(_chat({"id": f"broken-{at}", **task._asdict(), "task": "unknown"}))
        yield line[: int(len(line) * rng.uniform(0.3, 0.9))]
    yield orjson.dumps({"id": "broken-3", "messages": [], "source": "demo-chat", "task": "unknown"})
    yield orjson.dumps({"id": "broken-4", "source": "demo-chat", "task": "unknown"})


def _questions(rng: np.random.Generator) -> tuple[list[dict[str, str]], list[int]]:
    """Return the questions in random order, and the positions of those that leak."""
    order = rng.permutation(len(TABLES.questions)).tolist()
    rows = [
        {"id": f"question-{number:02d}", "question": TABLES.questions[at][0], "answer": TABLES.questions[at][1]}
        for number, at in enumerate(order, 1)
    ]
    return rows, rng.permutation(len(rows))[:LEAKED].tolist()


def _lines(rows: Sequence[Mapping[str, object]]) -> bytes:
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
