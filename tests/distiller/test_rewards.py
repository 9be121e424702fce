"""The three rewards: format on fifty written cases, borders, weights of 0, independence of batch and order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuvee.distiller.bayes import Library, build
from cuvee.distiller.examples import Example, Rated
from cuvee.distiller.kinds import KINDS
from cuvee.distiller.rewards import NAMES, Rewards, Weighing, Weights, alignment, form, judge, quality
from cuvee.embedders.lexical import Lexical
from cuvee.errors import ConfigError, CuveeError

QA, MCQ = "Q: Why is the sky blue?\nA: Air scatters blue light most.", (
    "Q: Which is a metal?\nA) wood\nB) iron\nC) glass\nD) wool\nAnswer: B"
)  # fmt: skip
TFQ, CS, PARA = "Q: Iron is a metal.\nAnswer: True", "C: metals\nS: Iron rusts in wet air.", "Iron rusts in wet air."


def said(answer: str, think: str = "so") -> str:
    return f"<think>{think}</think><answer>{answer}</answer>"


CASES = [
    # all is well
    ("qa", said(QA), 1.0), ("mcq", said(MCQ), 1.0), ("tfq", said(TFQ), 1.0), ("cs", said(CS), 1.0), ("para", said(PARA), 1.0),
    ("qa", f"<think>\nso\n</think>\n<answer>\n{QA}\n</answer>\n", 1.0),
    ("qa", f"  <think></think>  <answer>{QA}</answer>", 1.0),
    ("qa", said("Q: a\n\nA: b"), 1.0), ("qa", said("Q: a A: b"), 1.0), ("qa", said("Q: a\nand more\nA: b\nand more"), 1.0),
    ("tfq", said("Answer: False"), 1.0), ("tfq", said("A statement.\nAnswer: False, since it is not."), 1.0),
    ("mcq", said(MCQ.replace("\n", "\n\n")), 1.0), ("cs", said("C: a S: b"), 1.0), ("para", said("one\n\ntwo"), 1.0),
    # the blocks are right, the form is not
    ("qa", said(PARA), 0.5), ("qa", said("Q: only a question?"), 0.5), ("qa", said("A: only an answer"), 0.5),
    ("qa", said("Q:\nA: b"), 0.5), ("qa", said("Q: a\nA:"), 0.5), ("qa", said(CS), 0.5), ("qa", said("q: a\na: b"), 0.5),
    ("qa", said(""), 0.5), ("para", said("   "), 0.5), ("cs", said(QA), 0.5), ("cs", said("C: a"), 0.5),
    ("mcq", said(QA), 0.5), ("mcq", said(MCQ.replace("D) wool\n", "")), 0.5), ("mcq", said(MCQ.replace("Answer: B", "")), 0.5),
    ("mcq", said(MCQ.replace("A) wood\nB) iron", "B) iron\nA) wood")), 0.5), ("tfq", said("True"), 0.5),
    ("tfq", said("Answer:"), 0.5),
    # the form is right, the blocks are not
    ("qa", f"<answer>{QA}</answer>", 0.5), ("qa", f"<think>so<answer>{QA}</answer>", 0.5),
    ("qa", f"so</think><answer>{QA}</answer>", 0.5), ("qa", f"<answer>{QA}</answer><think>so</think>", 0.5),
    ("qa", f"Sure! {said(QA)}", 0.5), ("qa", f"{said(QA)} I hope this helps.", 0.5),
    ("qa", f"<think>a</think><think>b</think><answer>{QA}</answer>", 0.5), ("para", "<think>a</think>b<answer>c</answer>", 0.5),
    # neither
    ("qa", "", 0.0), ("qa", "   ", 0.0), ("qa", QA, 0.0), ("para", PARA, 0.0), ("qa", "<think>so</think>", 0.0),
    ("qa", f"<think>so</think>{QA}", 0.0), ("qa", f"<think>so</think><answer>{QA}", 0.0),
    ("qa", f"<think>so</think><answer>{QA}</answer><answer>{QA}</answer>", 0.0), ("qa", f"<think>so</think>{QA}</answer>", 0.0),
    ("qa", f"</answer>{QA}<answer>", 0.0), ("qa", "<answer></answer>", 0.0),
    ("qa", f"<ANSWER>{QA}</ANSWER>", 0.0),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "reply", "reward"), CASES)
def test_format_on_written_cases(kind: str, reply: str, reward: float) -> None:
    assert form(kind, reply) == reward


def test_there_are_fifty_of_them() -> None:
    assert len(CASES) >= 50


def test_alignment_begins_at_its_threshold() -> None:
    assert alignment(0.8) == 1 and alignment(float(np.nextafter(0.8, 0))) == 0 and alignment(-1) == 0
    assert alignment(0.5, threshold=0.5) == 1


@pytest.fixture(scope="module")
def library() -> Library:
    good = [
        Rated(kind, f"Q: why {n}?\nA: because of {n} and the long story of {n}", 5) for n in range(20) for kind in KINDS
    ]
    weak = [Rated(kind, f"Q: eh {n}\nA: no idea", 1) for n in range(20) for kind in KINDS]
    return build([*good, *weak], Lexical(), "lexical")


def case(kind: str, row: str = "r", answer: str = "Q: why 3?\nA: because of 3 and the long story") -> Example:
    return Example(row, kind, (answer,), "", answer)


TEXTS = st.sampled_from(
    [
        "",
        "nothing",
        said(QA),
        said("Q: why 3?\nA: because of 3 and the long story of 3"),
        said("Q: eh 2\nA: no idea"),
        "<answer>x</answer>",
    ]
) | st.text(max_size=60)


@given(replies=st.lists(st.tuples(st.sampled_from(list(KINDS)), TEXTS), min_size=1, max_size=6), data=st.data())
def test_rewards_lie_in_0_to_1_and_do_not_know_their_batch(
    library: Library, replies: list[tuple[str, str]], data: st.DataObject
) -> None:
    rewards = Rewards(library)
    kinds, texts = [kind for kind, _ in replies], [text for _, text in replies]
    cases = [case(kind, str(at)) for at, kind in enumerate(kinds)]
    told = judge(rewards, cases, texts)
    assert all(0 <= value <= 1 for parts in told for value in parts.values())
    alone = [judge(Rewards(library), [one], [text])[0] for one, text in zip(cases, texts, strict=True)]
    assert told == alone
    order = data.draw(st.permutations(range(len(texts))))
    turned = judge(rewards, [cases[at] for at in order], [texts[at] for at in order])
    assert turned == [told[at] for at in order]


def test_the_total_is_the_weighted_sum_and_a_weight_of_0_computes_nothing(library: Library) -> None:
    reply = said("Q: why 3?\nA: because of 3 and the long story of 3")
    known = case("qa", answer="Q: why 3?\nA: because of 3 and the long story of 3")
    parts = Rewards(library).parts(known, reply)
    assert parts == {"quality": 1.0, "alignment": 1.0, "format": 1.0}
    assert Rewards(library).total("qa", parts) == pytest.approx(1.0)
    only = Rewards(library, Weighing(0.0, 0.0, 0.1))
    assert only.parts(known, reply) == {"format": 1.0}
    assert only.total("qa", {"format": 1.0}) == pytest.approx(0.1)
    assert Weights(0.5, 0.0, 0.1).used == ["quality", "format"]


def test_a_reward_that_cannot_be_computed_names_the_row_and_stops() -> None:
    empty = build([Rated("qa", "Q: a\nA: b", 5)], Lexical(), "lexical")
    with pytest.raises(CuveeError, match="quality reward of row r-17"):
        Rewards(empty).parts(case("mcq", "r-17", MCQ), said(MCQ))
    assert Rewards(empty, Weighing(0.0, 0.4, 0.1)).parts(case("mcq", "r-17", MCQ), said(MCQ))["format"] == 1


@pytest.mark.parametrize("weights", [(0, 0, 0), (-1, 1, 1)])
def test_weights_that_cannot_be(weights: tuple[float, float, float]) -> None:
    with pytest.raises(ConfigError):
        Weights(*weights)


def test_names() -> None:
    assert tuple(vars(Weights())) == NAMES and quality(4.2) == 1


def test_what_counts_is_as_published_by_kind_unless_it_is_named() -> None:
    usual = Weighing().by_kind()
    assert all(
        vars(usual[kind]) == {"quality": 0.8, "alignment": 0.0, "format": 0.2} for kind in ("mcq", "tfq", "para")
    )
    assert usual["qa"] == usual["cs"] == Weights(0.5, 0.4, 0.1)
    assert set(Weighing(0.0, 0.5, 0.5).by_kind().values()) == {Weights(0.0, 0.5, 0.5)}
    assert Weighing(quality=0.3).of("mcq") == Weights(0.3, 0.0, 0.2)


def test_ratings_that_tell_little_are_left_out_and_what_they_counted_goes_to_alignment() -> None:
    doubting = Weighing(doubted=frozenset({"qa", "mcq"}))
    assert doubting.of("qa") == Weights(0.0, 0.9, 0.1) and doubting.of("mcq") == Weights(0.0, 0.8, 0.2)
    assert doubting.of("tfq") == Weights(0.8, 0.0, 0.2)
    assert Weighing(quality=0.5, doubted=frozenset({"qa"})).of("qa") == Weights(0.5, 0.4, 0.1)  # it was asked for


def test_alignment_is_told_by_content_or_as_published_by_the_reference(library: Library) -> None:
    known = Example(
        "r", "qa", ("Q: x?\nA: red apples grow", "Q: x?\nA: green pears fall"), "", "Q: x?\nA: red apples, pears"
    )
    half, whole = said("Q: x?\nA: red apples"), said("Q: x?\nA: red apples. pears")
    by_content, by_reference = Rewards(library), Rewards(library, by="reference")
    assert by_content.part("alignment", known, whole) == 1.0
    assert by_content.part("alignment", known, half) == pytest.approx(2 / 3)
    assert by_reference.part("alignment", case("qa"), said(case("qa").answer)) == 1.0
    assert by_reference.part("alignment", case("qa"), said("Q: eh 2\nA: no idea")) == 0.0
