"""Clusters of weak rows -> prompts, and replies -> new rows or the reason why not. Nothing vanishes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa

from cuvee.arrays import I64
from cuvee.distiller import examples, parse
from cuvee.distiller.kinds import KINDS, Turns
from cuvee.models.generation import Written
from cuvee.samples.normal import fingerprint
from cuvee.samples.schema import SAMPLE, Turn

KIND = "qa"  # the form that the rows of a pool are shown in
SHORTEST = 40  # characters that are left of a row's part at least, when a prompt is made to fit
SOURCE = "distilled"


@dataclass(frozen=True)
class New:
    """What became of one cluster. rows: the numbers of its weak rows. why: "" for a new row that is good enough."""

    cluster: int
    rows: I64
    reply: str
    why: str
    think: str = ""
    row: Turns | None = None
    rating: float | None = None

    @property
    def text(self) -> str:
        """The new row in its kind's form."""
        return "" if self.row is None else KINDS[KIND].write(*self.row)


def members(labels: I64) -> list[I64]:
    """Return the places of each cluster's rows, ascending."""
    order = labels.argsort(kind="stable")
    cuts = (labels[order][1:] != labels[order][:-1]).nonzero()[0] + 1
    parts: list[I64] = []
    for start, end in zip([0, *cuts.tolist()], [*cuts.tolist(), len(order)], strict=True):
        if end > start:
            parts.append(order[start:end])
    return parts


def talk(rows: Sequence[Turns], count: Callable[[list[dict[str, Any]]], int], room: int) -> list[dict[str, Any]] | None:
    """Return the conversation that asks for one row of these; None where it cannot be made to fit.

    count: conversation -> its tokens. room: tokens that a prompt may have. The longest question or answer is halved, and
    marked with an ellipsis, until the prompt fits.
    """
    texts = [[question, answer] for question, answer in rows]
    while True:
        asked = examples.asked(KIND, [KINDS[KIND].write(*pair) for pair in texts])
        if count(asked) <= room:
            return asked
        size, at, part = max((len(text), at, part) for at, pair in enumerate(texts) for part, text in enumerate(pair))
        if size <= SHORTEST:
            return None
        texts[at][part] = texts[at][part][: max(SHORTEST, size // 2) - 4].rstrip() + " ..."


def read(cluster: int, rows: I64, said: Written) -> New:
    """Return what a reply makes: a new row that is not rated yet, or why it makes none."""
    found = parse.read(KINDS[KIND], said.text)
    why = found.why if said.ended or not found.why else f"{found.why}: the reply did not come to its end"
    return New(cluster, rows, said.text, why, found.think, found.row)


def messages(row: Turns) -> list[dict[str, Any]]:
    """Return a new row as turns."""
    question, answer = row
    return [
        {"role": "user", "content": question, "extra": None},
        {"role": "assistant", "content": answer, "extra": None},
    ]


def table(made: Sequence[New], parents: Sequence[list[str]], tasks: Sequence[str | None]) -> pa.Table:
    """Return new rows as a table of samples: id by content, source "distilled", ``parents`` the ids of the weak rows."""
    rows = []
    for one, ids, task in zip(made, parents, tasks, strict=True):
        assert one.row is not None
        turns = messages(one.row)
        plain = [{"role": turn["role"], "content": turn["content"]} for turn in turns]
        printed = fingerprint([Turn(turn["role"], turn["content"]) for turn in turns])
        name = f"{SOURCE}-{printed.hex()[:16]}"
        raw = {"id": name, "messages": plain, "source": SOURCE, "parents": ids}
        rows.append(
            {
                "id": name, "source": SOURCE, "task": task, "license": None, "file": None, "line": None, "dialect": "messages",
                "messages": turns, "tools": None, "raw": orjson.dumps(raw), "fingerprint": printed, "parents": ids,
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SAMPLE)
