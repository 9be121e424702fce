"""The questions that decide a proof: no method may have learned from them."""

import pyarrow as pa

from cuvee import render
from cuvee.cleaners import contamination
from cuvee.cleaners.tokens import tokens
from cuvee.errors import InputError
from cuvee.samples.questions import evaluation_items


def refuse_questions(goals: list[str], rows: pa.Table, threshold: float) -> None:
    """Raise InputError where one of these rows, the questions that decide, holds a question of a goal that a method sees."""
    items = [text for _, text in evaluation_items(goals)]
    held = contamination.contamination(tokens(render.plain_column(rows["messages"])), items, threshold=threshold).item
    if (held >= 0).any():
        raise InputError(
            f"{int((held >= 0).sum()):,} questions that decide the proof stand in a goal: {', '.join(goals)}",
            "split the goal from the questions: a method may not learn from what it is judged on",
        )
