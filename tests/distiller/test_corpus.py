"""Kinds, examples, degradation and the offline corpus."""

from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.distiller.easy import easy

from cuvee.distiller import degrade, examples, offline, parse
from cuvee.distiller.examples import Example
from cuvee.distiller.kinds import KINDS, STAGES, find
from cuvee.distiller.offline import Recipe
from cuvee.distiller.rewards import form
from cuvee.errors import ConfigError, InputError

LONG = "Rust forms when iron meets 3 parts of water and air. It is brown. Because it flakes, new iron is laid bare. Oil helps."


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind_has_its_prompts(kind: object) -> None:
    assert hasattr(kind, "prompt")
    for stage, texts in zip(
        STAGES, ({"variants": "$v {x}"}, {"passage": "p"}, {"text": "t", "count": "3"}), strict=True
    ):
        assert all(value in find(kind.name).prompt(stage, **texts) for value in texts.values())  # type: ignore[attr-defined]


@pytest.mark.parametrize(("kind", "question", "answer"), [
    ("qa", "Why?", "So.\nAnd so."), ("tfq", "Iron rusts.", "True. It does."), ("para", "", LONG),
    ("mcq", "Which?\nA) a\nB) b\nC) c\nD) d", "B. It is b."), ("cs", "metals", "They shine."),
])  # fmt: skip
def test_what_a_kind_writes_it_reads(kind: str, question: str, answer: str) -> None:
    text = KINDS[kind].write(question, answer)
    row = KINDS[kind].read(text)
    assert row is not None and row[1] == answer
    assert KINDS[kind].write(row[0] if kind != "cs" else question, row[1]) == text or kind == "para"


def test_an_unknown_kind_names_the_known() -> None:
    with pytest.raises(ConfigError, match="kind"):
        find("poem")


@given(st.text(max_size=200), st.integers(0, 99))
def test_no_rule_fails_on_any_text(text: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for rule in degrade.RULES.values():
        rule(text, rng)
    degrade.noise(degrade.weaken(text, rng), rng)
    assert 0 <= degrade.kept(text, text) <= 1


def test_rules_do_what_they_say() -> None:
    rng = np.random.default_rng(1)
    assert set(degrade.sentences(degrade.drop(LONG, rng))) < set(degrade.sentences(LONG))
    assert "3" not in degrade.blur(LONG, rng)
    assert LONG.startswith(degrade.shorten(LONG, rng)) and not degrade.shorten(LONG, rng).endswith(".")
    assert "since" in degrade.reword(LONG.replace("Because", "because"), rng)
    assert degrade.noise(LONG, rng, 1.0) != LONG


def topics(n: int = 30) -> list[offline.Topic]:
    answer = (
        "Item {0} is made of {0} parts. It weighs {0} pounds. Many people use it. It was built in 19{0}. That is all."
    )
    return [
        offline.Topic(
            f"r{at}", f"What is item {at}?", answer.format(at), f"item {at}", ((at + 1) % n, (at + 2) % n, (at + 3) % n)
        )
        for at in range(n)
    ]


def test_the_offline_corpus_is_in_form_and_the_same_each_time() -> None:
    made = list(offline.corpus(topics(), Recipe(seed=4, merged=0.5)))
    assert made == list(offline.corpus(topics(), Recipe(seed=4, merged=0.5)))
    assert made != list(offline.corpus(topics(), Recipe(seed=5, merged=0.5)))
    for example, rated in made:
        assert form(example.kind, example.reply) == 1 and parse.read(KINDS[example.kind], example.reply).row
        assert len(example.variants) >= 2 and all(KINDS[example.kind].fits(text) for text in example.variants)
        assert all(row.rating == 5 or row.rating <= 3 for row in rated) and max(row.rating for row in rated) == 5
    assert {example.kind for example, _ in made} == set(KINDS)
    assert any(len(example.topics) == 2 for example, _ in made) and any(example.noisy for example, _ in made)
    two = next(example for example, _ in made if example.kind == "qa" and len(example.topics) == 2)
    assert two.answer.count("What is item") == 2 and two.answer.count("That is all") == 2


def test_a_corpus_comes_back_from_its_file_and_from_the_published_layout(tmp_path: Path) -> None:
    corpus, rated = easy(6)
    examples.write(corpus, tmp_path / examples.CORPUS)
    examples.write(rated, tmp_path / examples.RATED)
    assert examples.load(tmp_path) == corpus and examples.load_rated(tmp_path) == rated
    published = tmp_path / "mixture"
    published.mkdir()
    row = {
        "instruction": "Make one of these.",
        "input": "Q: a\nA: b\n\nQ: c\nA: d",
        "output": "Q: e\nA: f",
        "cot": "I think.",
    }
    (published / "qa_train.json").write_bytes(orjson.dumps([row]))
    (published / "mcq.jsonl").write_bytes(
        orjson.dumps({**row, "output": parse.written("well", "Q: x\nAnswer: y"), "cot": ""}) + b"\n"
    )
    mcq, qa = examples.load(published)
    assert (qa.kind, qa.variants, qa.think, qa.answer) == ("qa", ("Q: a\nA: b", "Q: c\nA: d"), "I think.", "Q: e\nA: f")
    assert (mcq.kind, mcq.answer) == ("mcq", "Q: x\nAnswer: y")
    assert {row.rating for row in examples.load_rated(published)} == {5.0, 2.0}


@pytest.mark.parametrize(("name", "text", "says"), [
    ("a.jsonl", "{}\n", "a.jsonl:1"), ("a.jsonl", "{", "a.jsonl:1"), ("a.json", "[1", "JSON array"),
    ("a.jsonl", "", "no example"),
    ("poem.jsonl", '{"instruction": "", "input": "a", "output": "b", "cot": ""}', "no kind in 'poem'"),
])  # fmt: skip
def test_what_is_no_corpus_says_where(name: str, text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=says):
        examples.load(tmp_path / name)


def test_examples_hold_a_prompt_and_a_reply() -> None:
    example = Example("x", "qa", ("Q: a\nA: b",), "so", "Q: c\nA: d")
    assert "Q: a\nA: b" in example.prompt and example.messages()[1]["content"] == example.reply
