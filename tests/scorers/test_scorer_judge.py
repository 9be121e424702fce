"""Ratings and comparisons by a chat model: what is asked, what is read of the reply, what becomes null."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.chat_server import ChatServer, error

from cuvee.models.chat import Chat, Server
from cuvee.samples.pool import BarePool
from cuvee.samples.schema import TURN
from cuvee.scorers import SCORERS
from cuvee.scorers.judge import KINDS, Judge, compare, rs, wtr
from cuvee.scorers.prompting import CUT, LONGEST, ratings, verdict
from cuvee.store import Store


def pool(*pairs: tuple[str, str | None]) -> BarePool:
    talks = [[{"role": "user", "content": q}, {"role": "assistant", "content": a}] for q, a in pairs]
    return BarePool(pa.table({"messages": pa.array(talks, pa.list_(TURN))}))


@pytest.fixture
def judge(chat_server: ChatServer, tmp_path: Path) -> Iterator[Judge]:
    with Chat(Server(chat_server.url, "judge", backoff=0.01, tries=2), Store(tmp_path)) as chat:
        yield Judge(chat)


@pytest.mark.parametrize(
    ("reply", "rating"),
    [
        ("Rating: 4", 4), ("It is fine.\n\n**Rating:** 4/6", 4), ("Rating = 4.5 (good)", 4.5), ("4", 4), ("Rating: <4>", 4),
        ("Rating: 2\nno, rather\nRating: 5", 5), ('{"rating": 4}', 4), ("<think>Rating: 3</think>Rating: 1", 1),
        ("rating: 6 out of 6", 6),
        ("", None), ("good", None), ("Rating: 4-5", None), ("Rating: 4 or 5", None), ("Rating: 7", None), ("Rating: 0", None),
        ("Rating: -3", None), ("Rating: 8/10", None), ("Rating: four", None), ("It has 3 parts.", None),
        ("<think>Rating: 3</think>", None), ("<think>Rating: 3", None), ("Rating: 3\nRating: none", None),
    ],
)  # fmt: skip
def test_a_rating_is_read_or_null_and_never_guessed(reply: str, rating: float | None) -> None:
    assert ratings(KINDS["quality"], reply) == [rating]


def test_four_ratings_are_read_each_by_its_name() -> None:
    assert ratings(KINDS["mixup"], "Rarity: 3\n- **Complexity**: 5/10\nOverall: 11") == [3, 5, None, None]
    assert ratings(KINDS["mixup"], "7") == [None] * 4


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("Verdict: A", "A"), ("**Verdict:** b.", "B"), ("so\nverdict: Tie", "tie"), ("Verdict: Answer B", "B"),
        ("Verdict: A\nVerdict: B", "B"), ("Verdict: A or B", None), ("A", None), ("", None), ("Verdict: Apple", None),
    ],
)  # fmt: skip
def test_a_verdict_is_read_or_null(reply: str, said: str | None) -> None:
    assert verdict(reply) == said


def test_each_row_is_asked_about_and_what_cannot_be_read_is_null_and_counted(
    judge: Judge, chat_server: ChatServer, tmp_path: Path
) -> None:
    def answer(body: dict[str, Any], number: int) -> Any:
        text = body["messages"][-1]["content"]
        if "broken" in text:
            return error(500)
        return "I would rather not say" if "odd" in text else f"Rating: {1 + text.count('!')}"

    chat_server.answer = answer
    rows = pool(("a $question", "yes!!"), ("b", "odd"), ("c", "broken"), ("d", None), ("e", "x" * (LONGEST + 5)))
    scores = SCORERS["judge-quality"].function(rows, judge=judge)
    np.testing.assert_array_equal(scores, np.array([3, np.nan, np.nan, np.nan, 1], dtype=np.float32))
    counts = judge.counts["judge-quality"]
    assert (counts.asked, counts.unparsable, counts.unanswered, counts.cut) == (4, 1, 1, 1)
    assert len(counts.notes("judge-quality")) == 2
    shown = chat_server.questions()
    assert any("a $question" in text and "yes!!" in text for text in shown)
    assert any(text.count("x" * LONGEST + CUT) == 1 and "x" * (LONGEST + 1) not in text for text in shown)
    judge.chat._replies.close()
    assert any(b"I would rather not say" in path.read_bytes() for path in tmp_path.rglob("*.arrow"))


def test_complexity_is_of_the_instruction_alone(judge: Judge, chat_server: ChatServer) -> None:
    chat_server.answer = lambda body, number: "Rating: 6"
    SCORERS["judge-complexity"].function(pool(("same", "uno"), ("same", "duo")), judge=judge)
    assert len(chat_server.asked) == 1 and "uno" not in chat_server.questions()[0]


def test_four_ratings_cost_one_question(judge: Judge, chat_server: ChatServer) -> None:
    chat_server.answer = lambda body, number: "Rarity: 1\nComplexity: 2\nInformativeness: 3\nOverall: 10"
    names = [f"judge-mixup-{name}" for name in ("rarity", "complexity", "informativeness", "overall")]
    rows = pool(("q", "a"), ("r", "b"))
    assert [SCORERS[name].function(rows, judge=judge).tolist() for name in names] == [[1, 1], [2, 2], [3, 3], [10, 10]]
    assert len(chat_server.asked) == 2


def halves(body: dict[str, Any]) -> tuple[str, str]:
    text = body["messages"][-1]["content"]
    first, second = (text.split(f"[answer {name} starts]\n")[1].split(f"\n[answer {name} ends]")[0] for name in "AB")
    return first, second


def test_a_preference_is_what_both_orders_say(judge: Judge, chat_server: ChatServer) -> None:
    def answer(body: dict[str, Any], number: int) -> str:
        first, second = halves(body)
        if "mute" in first + second:
            return "both are nice"
        if "same" in first + second:
            return "Verdict: A"  # always the first: it cannot tell them apart
        return "Verdict: tie" if len(first) == len(second) else f"Verdict: {'A' if len(first) > len(second) else 'B'}"

    chat_server.answer = answer
    questions = [f"q{number}" for number in range(6)]
    left = ["longer", "l", "even", "same 1", "mute", None]
    right = ["short", "longer", "edge", "same 2", "x", "y"]
    table = compare(questions, left, right, judge.chat)
    assert table["verdict"].to_pylist() == ["win", "loss", "tie", "tie", None, None]
    assert table["forward"].to_pylist() == ["win", "loss", "tie", "win", None, None]
    assert table["backward"].to_pylist() == ["win", "loss", "tie", "loss", None, None]
    assert table["left"].null_count == 6 and table["question"].to_pylist() == list(range(6))
    assert wtr(table["verdict"].to_pylist()) == 3 / 4
    assert len(chat_server.asked) == 10


def test_ratings_of_two_answers_are_means_over_both_orders(judge: Judge, chat_server: ChatServer) -> None:
    def answer(body: dict[str, Any], number: int) -> str:
        first, second = (int(text) for text in halves(body))
        return f"Answer A: {first + 1}/10\nAnswer B: {second}"  # it favours what stands first by one

    chat_server.answer = answer
    table = compare(["q", "r", "s"], ["8", "5", "10"], ["4", "5", "2"], judge.chat, by="ratings")
    assert table["verdict"].to_pylist() == ["win", "tie", None]  # 10 + 1 is off the scale
    assert table["left"].to_pylist() == [8.5, 5.5, None] and table["right"].to_pylist() == [4.5, 5.5, None]
    assert rs(table["left"].to_numpy(), table["right"].to_numpy()) == pytest.approx(14 / 10)
    assert compare([], [], [], judge.chat).num_rows == 0


def test_orders_that_disagree_are_no_tie_where_the_mean_rating_says_more(judge: Judge, chat_server: ChatServer) -> None:
    def answer(body: dict[str, Any], number: int) -> str:
        first, _ = halves(body)
        return "Answer A: 9\nAnswer B: 5" if first == "ours" else "Answer A: 7\nAnswer B: 6"

    chat_server.answer = answer
    table = compare(["q"], ["ours"], ["theirs"], judge.chat, by="ratings")
    assert (table["forward"].to_pylist(), table["backward"].to_pylist()) == (["win"], ["loss"])
    assert (table["verdict"].to_pylist(), table["left"].to_pylist(), table["right"].to_pylist()) == (
        ["win"],
        [7.5],
        [6.0],
    )


def test_an_empty_answer_is_shown_as_one_and_a_zero_is_read(judge: Judge, chat_server: ChatServer) -> None:
    def answer(body: dict[str, Any], number: int) -> str:
        first, second = halves(body)
        rated = [0 if "said nothing" in text else 8 for text in (first, second)]
        return f"Answer A: {rated[0]}\nAnswer B: {rated[1]}"

    chat_server.answer = answer
    table = compare(["q"], [""], ["theirs"], judge.chat, by="ratings")
    assert (table["verdict"].to_pylist(), table["left"].to_pylist(), table["right"].to_pylist()) == (
        ["loss"],
        [0.0],
        [8.0],
    )


def test_rs_and_wtr_by_hand() -> None:
    assert rs([8, 6, np.nan, 4], [4, 6, 9, np.nan]) == 14 / 10
    assert wtr(["win", "tie", "loss", None, "loss"]) == 0.5
    assert np.isnan(rs([np.nan], [1])) and np.isnan(wtr([None])) and np.isnan(wtr([]))
