"""Topics: the good rows of a pool, of which a corpus is made by rule."""

import numpy as np

from cuvee import render, rng
from cuvee.arrays import I64
from cuvee.distiller import offline
from cuvee.distiller.corpus.asked import DistillCorpusAsk
from cuvee.distiller.corpus.passages import NEAR
from cuvee.distiller.kinds import Turns
from cuvee.distiller.offline import Topic
from cuvee.errors import InputError
from cuvee.geometry.neighbours import neighbours
from cuvee.intake.ground import Ground

SUBJECT = 8  # words that name a topic


def topics(ground: Ground, ask: DistillCorpusAsk) -> list[Topic]:
    """Return the rows that can be made weak, each with its nearest. Raises InputError where there is none."""
    talks = ground.pool.table["messages"].to_pylist()
    turns = [(render.prompt(talk), render.response(talk) or "") for talk in talks]
    rows = _usable(ground, turns, ask)
    ids, tasks = ground.pool.table["id"].to_pylist(), ground.pool.table["task"].to_pylist()
    near, _ = neighbours(np.asarray(ground.pool.vectors[rows]), NEAR)
    subjects = [" ".join((tasks[at] or turns[at][0]).split()[:SUBJECT]) for at in rows]
    return offline.topics([ids[at] for at in rows], [turns[at] for at in rows], subjects, near)


def _usable(ground: Ground, turns: list[Turns], ask: DistillCorpusAsk) -> I64:
    usable = np.array([at for at, row in enumerate(turns) if offline.usable(*row)], dtype=np.int64)
    if not len(usable):
        raise InputError("no row of the pool has an answer of a length that can be made weak", "give other data")
    if ask.limit:
        drawn = np.argsort(rng.keyed(ground.pool.keys[usable], ask.recipe.seed), kind="stable")
        usable = np.sort(usable[drawn[: ask.limit]])
    return usable
