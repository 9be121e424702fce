"""The goal of an arm: rows like those that the model shall become good at."""

import numpy as np
import pyarrow as pa

from cuvee import rng
from cuvee.errors import InputError
from cuvee.intake.readable import questions
from cuvee.models import causal
from cuvee.proof.kinds import ArmAsk
from cuvee.render import Encoded
from cuvee.samples.inputs import expand
from cuvee.samples.pool import BarePool
from cuvee.samples.read import read
from cuvee.store import Keys, content_key


def goal_rows(ask: ArmAsk, goal: str, most: int, draw: int) -> list[Encoded]:
    """Return the token ids of a goal's rows that have an answer, at most ``most`` of them, drawn with ``draw``.

    Raises InputError where none has one.
    """
    batches = [batch for path in expand([goal]) for batch in read(str(path), strict=True).batches()]
    table = pa.Table.from_batches(batches)
    chance = int(rng.stream(draw, "goal").integers(2**62))
    order = np.argsort(rng.keyed(BarePool(table).keys, chance), kind="stable")
    tokenizer = causal.tokenizer_of(ask.base)
    try:
        rows = questions(table.take(pa.array(order)), tokenizer, ask.training.max_length).rows
    except InputError as wrong:
        raise InputError(f"{goal} has no row with an answer", "name another goal") from wrong
    return rows[:most]


def encoded_keys(rows: list[Encoded]) -> Keys:
    """Return what each row's numbers are remembered by: its tokens, and which of them are an answer."""
    texts = (f"{row.ids.tobytes().hex()} {row.answer.tobytes().hex()}" for row in rows)
    return np.array([content_key(text) for text in texts], dtype="S16")
