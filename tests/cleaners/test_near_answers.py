"""A near duplicate has the same answer too."""

from cuvee.cleaners.near_words import near
from cuvee.cleaners.tokens import tokens

PASSAGE = " ".join(f"Mason{number} came from the coast in {1900 + number} and stayed." for number in range(12))
ASKED = ["When was it built?", "When was it built?", "Who built it?"]
ANSWERS = ["in 1931", "in 1931", "a guild of masons"]


def test_the_same_passage_under_another_question_stays() -> None:
    words = tokens([f"{PASSAGE} {question}" for question in ASKED])
    assert near(words, threshold=0.8).keeper.tolist() == [-1, 0, 0]
    assert near(words, threshold=0.8, answers=tokens(ANSWERS)).keeper.tolist() == [-1, 0, -1]


def test_rows_without_an_answer_agree() -> None:
    words = tokens([PASSAGE, PASSAGE])
    assert near(words, threshold=0.8, answers=tokens(["", ""])).keeper.tolist() == [-1, 0]
