"""Clusters' prompts, what replies make, and new rows as samples."""

import numpy as np
import orjson
import pytest

from cuvee.distillation.clusters import members
from cuvee.distillation.fates import NO_RATING, WEAK, Aside, Draft, NewRow, judged, read
from cuvee.distillation.new_rows import table
from cuvee.distillation.write import Talk, talk
from cuvee.distiller import parse
from cuvee.models.generation import Written


def count(asked: Talk) -> int:
    return sum(len(turn["content"]) for turn in asked)


def test_a_prompt_is_made_to_fit_by_cutting_its_longest_parts() -> None:
    rows = [("Why?", "word " * 900), ("How?", "short")]
    whole = talk(rows, count, 10**6)
    assert whole and "word " * 900 in whole[0]["content"].replace("\n", " ")
    fitted = talk(rows, count, 1_200)
    assert fitted and count(fitted) <= 1_200 and "short" in fitted[0]["content"] and " ..." in fitted[0]["content"]
    assert talk(rows, count, 50) is None


def test_members_are_a_partition() -> None:
    labels = np.array([2, 0, 1, 0, 2, 2])
    assert [part.tolist() for part in members(labels)] == [[1, 3], [2], [0, 4, 5]]
    assert members(np.empty(0, dtype=np.int64)) == []


def drafted(reply: str) -> Draft | Aside:
    return read(3, np.array([5, 6]), Written(reply, 9, True))


def test_a_reply_makes_a_row() -> None:
    reply = parse.written("so", "Q: a\nA: b")
    made = drafted(reply)
    assert isinstance(made, Draft) and made.row == ("a", "b") and made.reply == reply and made.think == "so"


@pytest.mark.parametrize(
    ("reply", "why"),
    [("", "empty"), ("Q: a\nA: b", "no think block"), (parse.written("so", "hm"), "form of qa")],
)
def test_a_reply_that_makes_no_row_says_why(reply: str, why: str) -> None:
    made = drafted(reply)
    assert isinstance(made, Aside) and why in made.why and made.reply == reply


def test_a_draft_is_new_from_the_rating_that_is_good_on() -> None:
    draft = drafted(parse.written("so", "Q: a\nA: b"))
    assert isinstance(draft, Draft)
    assert isinstance(judged(draft, 4.0, 4.0), NewRow)
    for rating, why in ((3.9, WEAK), (None, NO_RATING)):
        fate = judged(draft, rating, 4.0)
        assert isinstance(fate, Aside) and fate.why == why and fate.rating == rating and fate.reply == draft.reply


def test_new_rows_are_samples_with_parents() -> None:
    row = table([("a", "b")], [["x", "y"]], ["qa"]).to_pylist()[0]
    assert row["parents"] == ["x", "y"] and row["source"] == "distilled" and row["task"] == "qa"
    assert orjson.loads(row["raw"])["messages"][1] == {"role": "assistant", "content": "b"}
