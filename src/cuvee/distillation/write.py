"""Write: the distiller makes one row of every cluster of weak rows, greedily."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict

import orjson

from cuvee import disk, render
from cuvee.arrays import I64
from cuvee.distillation.asked import TRAINED, DistillAsk
from cuvee.distillation.fates import NO_ROOM, Aside, Draft, drafts, read
from cuvee.distillation.raters import KIND
from cuvee.distiller import examples
from cuvee.distiller.kinds import KINDS, Turns
from cuvee.distiller.writing import write as reply_to
from cuvee.evaluation.journal import Journal
from cuvee.models import causal, generation
from cuvee.models.generation import Written
from cuvee.progress import say
from cuvee.runs import Run, Step, digest, write_json

SHORTEST = 40  # characters that are left of a row's part at least, when a prompt is made to fit
Talk = list[dict[str, str]]


class SaidReply(TypedDict):
    """A reply in ``replies.json``: the fields of ``Written``."""

    text: str
    tokens: int
    ended: bool


def written(
    run: Run, ask: DistillAsk, ground: str, turns: list[Turns | None], clusters: list[I64]
) -> tuple[list[Draft | Aside], Step]:
    """Return what the distiller made of each cluster; one whose prompt does not fit is left out.

    ground: its fingerprint.
    """
    depends = {
        "ground": ground,
        "clusters": digest([rows.tolist() for rows in clusters]),
        "model": causal.version_of(ask.base),
        "sampling": vars(ask.sampling),
        "merging": ask.merging,
    }
    weak = [[pair for at in rows if (pair := turns[at])] for rows in clusters]
    step = run.step("distill", depends, lambda folder: _write(ask, weak, folder), resumable=True)
    said: list[SaidReply | None] = orjson.loads((step.path / "replies.json").read_bytes())
    made = [
        read(number, rows, Written(**reply), ask.merging) if reply else Aside(number, rows, "", NO_ROOM)
        for number, (rows, reply) in enumerate(zip(clusters, said, strict=True))
    ]
    if not step.reused:
        say(f"distilled {len(made):,} clusters: {len(drafts(made)):,} replies make a row, in {step.seconds:.1f} s")
    return made, step


def _write(ask: DistillAsk, weak: list[list[Turns]], folder: Path) -> None:
    """Write ``replies.json``: one reply per cluster, null where its prompt does not fit."""
    tokenizer, model = causal.tokenizer_of(ask.base), causal.load(ask.base)
    room = generation.room(model, ask.sampling)
    question = examples.asked if ask.merging == TRAINED else examples.asked_plainly
    talks = [talk(rows, lambda asked: len(render.encode_prompt(asked, tokenizer)), room, question) for rows in weak]
    journal = Journal(folder / "journal.jsonl")
    replies = iter(reply_to(model, [asked for asked in talks if asked], ask.sampling, journal).replies)
    write_json(folder / "replies.json", [vars(next(replies)) if asked else None for asked in talks])
    disk.remove(folder / "journal.jsonl")


def talk(
    rows: Sequence[Turns],
    count: Callable[[Talk], int],
    room: int,
    ask: Callable[[str, Sequence[str]], Talk] = examples.asked,
) -> Talk | None:
    """Return the conversation that asks for one row of these; None where it cannot be made to fit.

    ask: kind and texts -> the conversation. count: conversation -> its tokens. room: tokens that a prompt may have.
    The longest question or answer is halved, and marked with an ellipsis, until the prompt fits.
    """
    texts = [[question, answer] for question, answer in rows]
    while True:
        asked = ask(KIND, [KINDS[KIND].write(*pair) for pair in texts])
        if count(asked) <= room:
            return asked
        size, at, part = max((len(text), at, part) for at, pair in enumerate(texts) for part, text in enumerate(pair))
        if size <= SHORTEST:
            return None
        texts[at][part] = texts[at][part][: max(SHORTEST, size // 2) - 4].rstrip() + " ..."
