"""New rows as samples: each once, with the ids of the weak rows that it was made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import orjson
import pyarrow as pa

from cuvee.distillation.fates import TWIN, Aside, NewRow, aside
from cuvee.distiller.kinds import Turns
from cuvee.intake.ground import Ground
from cuvee.samples.normal import fingerprint
from cuvee.samples.schema import SAMPLE, Turn

SOURCE = "distilled"


@dataclass(frozen=True)
class Distinct:
    """What is new. became: cluster -> its new row. aside: clusters that became none, those that repeat the pool too."""

    rows: list[NewRow]
    became: Mapping[int, int]
    aside: list[Aside]


def distinct(fates: Sequence[NewRow | Aside], ground: Ground) -> Distinct:
    """Return the new rows, each once.

    Where two clusters became the same row, that row has the weak rows of both as parents. A cluster that only says again
    what stands in the pool became none.
    """
    pool = set(ground.pool.table["fingerprint"].to_pylist())
    place: dict[bytes, int] = {}
    rows: list[NewRow] = []
    became: dict[int, int] = {}
    without: list[Aside] = []
    for fate in fates:
        if isinstance(fate, Aside):
            without.append(fate)
            continue
        printed = _printed(fate.draft.row)
        if printed in pool:
            without.append(aside(fate.draft, TWIN, fate.rating))
            continue
        at = became[fate.draft.cluster] = place.setdefault(printed, len(rows))
        if at == len(rows):
            rows.append(fate)
        else:
            rows[at] = _joined(rows[at], fate)
    return Distinct(rows, became, without)


def _joined(first: NewRow, other: NewRow) -> NewRow:
    """Return the first row, with the weak rows of both as parents."""
    parents = np.sort(np.concatenate([first.draft.rows, other.draft.rows]))
    return replace(first, draft=replace(first.draft, rows=parents))


def table(rows: Sequence[Turns], parents: Sequence[list[str]], tasks: Sequence[str | None]) -> pa.Table:
    """Return new rows as a table of samples: id by content, source "distilled", ``parents`` the ids of the weak rows."""
    samples = [_sample(row, ids, task) for row, ids, task in zip(rows, parents, tasks, strict=True)]
    return pa.Table.from_pylist(samples, schema=SAMPLE)


def samples_of(new: Sequence[NewRow], ground: Ground) -> pa.Table:
    """Return new rows as samples: a task that all weak rows of one share is its own."""
    ids, tasks = ground.pool.table["id"].to_pylist(), ground.pool.table["task"].to_pylist()
    return table(
        [one.draft.row for one in new],
        [[ids[at] for at in one.draft.rows] for one in new],
        [_shared([tasks[at] for at in one.draft.rows]) for one in new],
    )


def _shared(tasks: list[str | None]) -> str | None:
    return tasks[0] if len(set(tasks)) == 1 else None


def _sample(row: Turns, parents: list[str], task: str | None) -> dict[str, object]:
    turns, printed = _turns(row), _printed(row)
    name = f"{SOURCE}-{printed.hex()[:16]}"
    raw = {"id": name, "messages": turns, "source": SOURCE, "parents": parents}
    return {
        "id": name,
        "source": SOURCE,
        "task": task,
        "license": None,
        "file": None,
        "line": None,
        "dialect": "messages",
        "messages": [{**turn, "extra": None} for turn in turns],
        "tools": None,
        "raw": orjson.dumps(raw),
        "fingerprint": printed,
        "parents": parents,
    }


def _turns(row: Turns) -> list[dict[str, str]]:
    question, answer = row
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def _printed(row: Turns) -> bytes:
    """Return the fingerprint of a row's content."""
    return fingerprint([Turn(turn["role"], turn["content"]) for turn in _turns(row)])
