"""The sample pool as files in three dialects, with broken lines, an evaluation file that leaked, and the truth."""

import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from cuvee.demo.families import FAMILIES
from cuvee.demo.near import grams, normal
from cuvee.demo.planted import Planted, plant
from cuvee.demo.task import Task, pick
from cuvee.rng import stream

QUESTIONS, LEAKED = 60, 12  # evaluation questions in all; those that stand verbatim in the pool
ASKED = (
    "word-problem",
    "extraction",
    "conversion",
    "code",
    "grammar",
)  # checkable answers, and no long fixed sentences
SHARE_OF_FILE = {"alpaca": 0.45, "chat": 0.30, "pairs": 0.25}
RUN = 13  # no fresh question has this many words in a row in common with the pool


@dataclass(frozen=True, slots=True)
class Written:
    """Where the sample pool lies and what is in it.

    broken: lines of chat.jsonl that are not samples, beside the ``rows``. leaked: questions that the pool holds.
    """

    pool: Path
    questions: Path
    truth: Path
    rows: int
    broken: int
    leaked: int


def write(folder: Path, rows: int = 2000, *, seed: int = 0) -> Written:
    """Write ``plant(rows, seed=seed)`` under ``folder``; the same arguments give the same bytes.

    pool/alpaca.json: an indented array (45 % of rows, about). pool/chat.jsonl: messages and source (30 %), with three
    lines cut short and two rows without text. pool/pairs.jsonl.gz: prompt, completion, task (25 %).
    eval/questions.jsonl: id, question, answer; 12 of the 60 questions are the question of a faultless pool row.
    truth.jsonl: per pool row id, family, fault, original, and ``question``, the id of the question it leaks or null.
    """
    planted = plant(rows, seed=seed)
    questions, leaks = _questions(planted, stream(seed, "demo", "questions"))
    pool, eval_file, truth = folder / "pool", folder / "eval" / "questions.jsonl", folder / "truth.jsonl"
    for needed in (pool, eval_file.parent):
        needed.mkdir(parents=True, exist_ok=True)
    broken = _write_pool(pool, planted, stream(seed, "demo", "files"))
    eval_file.write_bytes(_lines(questions))
    truth.write_bytes(_lines([_fact(row, leaks.get(row.row["id"])) for row in planted]))
    return Written(pool, eval_file, truth, rows, broken, len(leaks))


def _write_pool(pool: Path, planted: Sequence[Planted], rng: np.random.Generator) -> int:
    """Write the three files; return the number of broken lines among those of chat.jsonl."""
    homes = rng.choice(list(SHARE_OF_FILE), size=len(planted), p=list(SHARE_OF_FILE.values())).tolist()
    rows = {home: [p.row for p, at in zip(planted, homes, strict=True) if at == home] for home in SHARE_OF_FILE}
    (pool / "alpaca.json").write_bytes(orjson.dumps(rows["alpaca"], option=orjson.OPT_INDENT_2) + b"\n")
    chat = [orjson.dumps(_chat(row)) for row in rows["chat"]]
    broken = list(_broken(rng))
    for line in broken:
        chat.insert(int(rng.integers(len(chat))), line)
    (pool / "chat.jsonl").write_bytes(b"\n".join(chat) + b"\n")
    pairs = _lines([_pair(row) for row in rows["pairs"]])
    (pool / "pairs.jsonl.gz").write_bytes(gzip.compress(pairs, mtime=0))
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
        task = FAMILIES[pick(rng, ASKED)].make(rng)
        line = orjson.dumps(_chat({"id": f"broken-{at}", **task._asdict(), "task": "unknown"}))
        yield line[: int(len(line) * rng.uniform(0.3, 0.9))]
    yield orjson.dumps({"id": "broken-3", "messages": [], "source": "demo-chat", "task": "unknown"})
    yield orjson.dumps({"id": "broken-4", "source": "demo-chat", "task": "unknown"})


def _questions(planted: Sequence[Planted], rng: np.random.Generator) -> tuple[list[dict[str, str]], dict[str, str]]:
    """Return the questions in random order, and pool row id -> question id for those that leaked.

    Leaked are faultless rows that no other row repeats. Fresh questions differ from every pool row: no 13 words in a
    row in common, and not the same 3-grams.
    """
    repeated = {p.original for p in planted}
    fit = [p.row for p in planted if p.fault is None and p.family in ASKED and p.row["id"] not in repeated]
    leaked = [fit[at] for at in sorted(rng.permutation(len(fit))[:LEAKED].tolist())]
    held = [(_asked(row["instruction"], row["input"]), row["output"], row["id"]) for row in leaked]
    held += [(_asked(*task[:2]), task.output, "") for task in _fresh(planted, QUESTIONS - len(held), rng)]
    questions, leaks = [], {}
    for number, at in enumerate(rng.permutation(len(held)).tolist(), 1):
        question, answer, row_id = held[at]
        questions.append({"id": f"question-{number:02d}", "question": question, "answer": answer})
        if row_id:
            leaks[row_id] = questions[-1]["id"]
    return questions, leaks


def _fresh(planted: Sequence[Planted], count: int, rng: np.random.Generator) -> list[Task]:
    asked = [_asked(p.row["instruction"], p.row["input"]) for p in planted]
    known_runs, known = {run for text in asked for run in _runs(text)}, {grams(text) for text in asked}
    fresh: list[Task] = []
    while len(fresh) < count:
        task = FAMILIES[ASKED[len(fresh) % len(ASKED)]].make(rng)
        question = _asked(*task[:2])
        if grams(question) not in known and known_runs.isdisjoint(_runs(question)):
            fresh.append(task)
            known.add(grams(question))
    return fresh


def _runs(text: str) -> Iterator[str]:
    words = normal(text).split()
    return (" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1))


def _lines(rows: Sequence[Mapping[str, object]]) -> bytes:
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
