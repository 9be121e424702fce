import random

import pytest

from cuvee.cleaners.flags import flag_lists, flags, repeated, truncated

Rows = list[tuple[str, str]]


def test_each_flag() -> None:
    prompts = ["q", "q", " \n", "q"]
    responses = ["", None, "A good answer.", "It was a dark night. " * 6]
    assert flag_lists(flags(prompts, responses)).to_pylist() == [
        ["empty-answer"],
        [],
        ["no-question"],
        ["repeated-text"],
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The three causes of the war were trade, land and the",
        "Put the eggs into water, then heat the water, and,",
        "There are many reasons. First of all, the price of the bread",
        "Here is the code:\n```python\ndef add(a, b):\n    return a",
        "You should look at the following list of all the things (",
        "I think so. The most important things to buy are:",
    ],
)
def test_cut(text: str) -> None:
    assert truncated(text)


@pytest.mark.parametrize(
    "text",
    [
        "positive",
        "Paris and London",
        "Here is the code:\n```python\nprint(1)\n```",
        "- apples\n- pears\n- plums and cherries\n- bread with butter and some jam",
        "def add(a, b):\n    total = a + b\n    return total",
        "I hope to hear from you soon. It was good to see you.\n\nYours sincerely,\nJane Austen",
        "He said that it was done. #### 72",
        "What a day it was. See the rest at our page. #travel #sun #summer",
        "",
    ],
)
def test_whole(text: str) -> None:
    assert not truncated(text)


def test_repetition_needs_half_the_text() -> None:
    line = "Please tell me more about it.\n"
    assert repeated(line * 5)
    assert not repeated(line * 3)
    assert not repeated(line * 4 + "Quite another sentence, of which there is only one here. " * 1 + "word " * 60)


def test_precision_and_recall_on_real_answers(rows_of: dict[str, Rows]) -> None:
    """Whole answers of Alpaca: 0.3 % flagged. The same, of 20 words or more, cut between two words: 86 % found."""
    answers = [answer.strip() for _, answer in rows_of["alpaca_random_9k"] if answer.strip()]
    assert sum(map(truncated, answers)) / len(answers) < 0.005
    rng = random.Random(0)
    cut = []
    for answer in answers:
        words = answer.split(" ")
        if len(words) >= 20 and answer[-1] in ".!?":
            part = " ".join(words[: rng.randint(max(8, len(words) // 3), len(words) - 1)]).rstrip()
            if part[-1] not in '.!?"':  # a cut between two sentences cannot be seen
                cut.append(truncated(part))
    assert len(cut) > 3_000
    assert sum(cut) / len(cut) > 0.83


def test_code_lists_and_labels_of_real_data_are_left_alone(rows_of: dict[str, Rows]) -> None:
    for name, least in {"gsm8k_train": 0.001, "gpteacher_toolformer": 0.001, "t0_50k": 0.005}.items():
        answers = [answer for _, answer in rows_of[name]]
        assert sum(map(truncated, answers)) / len(answers) <= least, name
