"""What evaluation items ask: every shape that evaluation files have, and the real ones."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cuvee.errors import InputError
from cuvee.samples.dialects import DIALECTS
from cuvee.samples.questions import evaluation_items, question_texts

ITEMS: dict[str, tuple[Any, list[str]]] = {
    "gsm8k": ({"question": "How many?", "answer": "3\n#### 3"}, ["How many?"]),
    "humaneval": ({"task_id": "H/0", "prompt": "def f():\n", "canonical_solution": "x", "test": "y"}, ["def f():\n"]),
    "bbh": ({"input": "True and False is", "target": "False"}, ["True and False is"]),
    "vicuna": ({"question_id": 1, "text": "Why?", "category": "x"}, ["Why?"]),
    "koala": ({"id": "k1", "prompt": "Tell me."}, ["Tell me."]),
    "wizardlm": ({"Instruction": "Prove it.", "Skill": "Math"}, ["Prove it."]),
    "mt-bench": ({"question_id": 1, "turns": ["First?", "Second.", "Third?"]}, ["First?\n\nThird?"]),
    "instruction and input": ({"instruction": "Add.", "input": "1 2"}, ["Add.\n\n1 2"]),
    "instruction and no input": ({"instruction": "Add.", "input": "N/A"}, ["Add."]),
    "self-instruct": (DIALECTS["self-instruct"].example, ["Give the opposite.\n\nhot", "Give the opposite.\n\nearly"]),
    "messages": (DIALECTS["messages"].example, ["How warm is Lyon?"]),
    "turns": (DIALECTS["turns"].example, ["Ping?"]),
}
REAL = {
    "gsm8k_test": 1319,
    "humaneval": 164,
    "vicuna": 80,
    "koala": 180,
    "wizardlm": 218,
    "self_instruct_user_252": 252,
}


@pytest.mark.parametrize("kind", ITEMS)
def test_texts(kind: str, tmp_path: Path) -> None:
    item, expected = ITEMS[kind]
    (tmp_path / "eval.json").write_text(json.dumps([item, item]))
    assert question_texts(tmp_path / "eval.json") == expected * 2


def test_the_answer_is_not_a_question(tmp_path: Path) -> None:
    (tmp_path / "eval.json").write_text(json.dumps([item for item, _ in ITEMS.values()]))
    asked = "\n".join(question_texts(tmp_path / "eval.json"))
    for answer in ("####", "canonical", "cold", "21 degrees", "Pong"):
        assert answer not in asked


def test_items_name_their_file(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text('{"question": "a"}\n')
    (tmp_path / "two.json").write_text('{"canary": "x", "examples": [{"input": "b", "target": "c"}]}')
    assert evaluation_items([tmp_path]) == [("one", "a"), ("two", "b")]
    assert evaluation_items([str(tmp_path / "t*.json")]) == [("two", "b")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"zebra": 1, "lion": 2}', "no question in it; its keys are zebra, lion"),
        ('{"question": " "}', "no question in it"),
        ("5", "a row must be an object"),
        ('{"question": ', "not JSON"),
        ('{"messages": [{"role": "nobody", "content": "x"}]}', "has the role 'nobody'"),
        ('{"turns": 5}', "holds a number"),
    ],
)
def test_an_item_without_a_question_is_named(row: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "eval.jsonl").write_text(f'{{"question": "a"}}\n\n{row}\n{{"question": "b"}}\n')
    with pytest.raises(InputError, match=reason) as problem:
        question_texts(tmp_path / "eval.jsonl")
    assert problem.value.message.startswith(f"{tmp_path}/eval.jsonl:3: ") and problem.value.hint


def test_the_real_evaluation_sets(real_pool: Path) -> None:
    items = evaluation_items([real_pool.parent / "eval"])
    assert len(items) == 8724
    counts = Counter(name for name, _ in items)
    assert {name: counts[name] for name in REAL} == REAL
    assert len(counts) == len(REAL) + 27
    assert all(said.strip() for _, said in items)
