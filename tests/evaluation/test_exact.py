"""Exact match: which questions are put, and that greedy answers of a real tiny model are judged one by one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cuvee.evaluation import exact
from cuvee.evaluation.question import Question
from cuvee.evaluation.table import judged
from cuvee.models import causal
from cuvee.render import encode_all, encode_prompt
from cuvee.training import sft
from cuvee.training.settings import Training


def talk(question: str, answer: str) -> list[dict[str, Any]]:
    return [
        {"role": "user", "content": question, "extra": None},
        {"role": "assistant", "content": answer, "extra": None},
    ]


TALKS = [
    talk("Is it day?", "yes"),
    talk("Tell me all.", "word " * 60),
    talk("2 + 2?", "2 + 2 = 4\n#### 4"),
    talk("?", ""),
]


def test_only_short_answers_are_asked_for(tiny_model: Path) -> None:
    tokenizer = causal.tokenizer_of(tiny_model)
    asked = exact.ask(TALKS, encode_all(TALKS, tokenizer, max_length=400, side="left"), tokenizer, 24)
    assert asked.rows.tolist() == [0, 2]
    assert [(one.kind, one.right) for one in asked.questions] == [("match", "yes"), ("number", "2 + 2 = 4\n#### 4")]
    prompts = [encode_prompt(talk, tokenizer).tolist() for talk in (TALKS[0], asked.questions[0].messages)]
    assert prompts[0] == prompts[1]


def test_tools_go_with_the_question_and_are_no_part_of_the_answer(tiny_model: Path) -> None:
    tokenizer = causal.tokenizer_of(tiny_model)
    tokenizer.chat_template = "{% if tools %}" + "many tools " * 40 + "{% endif %}" + tokenizer.chat_template
    tools = ['[{"type": "function"}]', None, None, None]
    encoded = encode_all(TALKS, tokenizer, max_length=400, tools=tools, side="left")
    asked = exact.ask(TALKS, encoded, tokenizer, 24, tools=tools)
    assert asked.rows.tolist() == [0, 2]
    assert [one.tools for one in asked.questions] == [tools[0], None]


def test_a_cut_question_is_not_asked(tiny_model: Path) -> None:
    tokenizer = causal.tokenizer_of(tiny_model)
    long = [talk("many words " * 100, "yes")]
    assert not len(exact.ask(long, encode_all(long, tokenizer, max_length=64, side="left"), tokenizer, 24).rows)


def test_a_model_that_learnt_two_answers_gives_them_and_no_third(tiny_model: Path, tmp_path: Path) -> None:
    model = causal.load(tiny_model)
    learnt = [talk("Is it day?", "yes"), talk("What is 2 + 2?", "#### 4")]
    talks = [*learnt, talk("Is it day?", "no"), talk("Tell me all.", "word " * 60)]
    encoded = encode_all(talks, model.tokenizer, max_length=400, side="left")
    how = Training(steps=60, epochs=None, lr=1e-2, batch=2, max_length=400)
    taught = sft.train(model, encoded[:2], how, tmp_path / "taught", seed=0).model
    asked = exact.ask(talks, encoded, model.tokenizer, 12)
    found = exact.matches(taught, asked)
    assert found[:3].tolist() == [1.0, 1.0, 0.0]
    assert np.isnan(found[3])


@pytest.mark.parametrize(
    ("text", "right", "value"),
    [
        ("so it is 1,234\n#### 1234", "other words\n#### 1,234", 1.0),
        ("1234", "#### 1234", 0.0),
        ("The answer is Paris.", "paris", 1.0),
        ("Paris or Rome", "Paris", 0.0),
        ("#### Heading\ntext", "#### Heading\ntext", 1.0),
    ],
)
def test_gsm8k_is_compared_behind_its_mark_and_all_else_as_it_is(text: str, right: str, value: float) -> None:
    question = Question("t", "1", "rows", tuple(talk("?", right)), right).put()
    assert judged(question, text)["exact_match"] == value
