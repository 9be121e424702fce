from pathlib import Path
from typing import Any

import pytest

from cuvee import render
from cuvee.errors import CuveeError
from cuvee.models import causal

TALK = [
    {"role": "system", "content": "Be short.", "extra": None},
    {"role": "user", "content": "How many legs has a spider?", "extra": None},
    {"role": "assistant", "content": "\n8 legs.", "extra": None},
    {"role": "user", "content": "And an ant?", "extra": None},
    {"role": "assistant", "content": "6.", "extra": None},
]


@pytest.fixture(scope="module")
def tokenizer(tiny_model: Path) -> Any:
    return causal.tokenizer_of(tiny_model)


@pytest.fixture(params=["own", "default", "chatml"])
def any_template(request: pytest.FixtureRequest, tiny_model: Path) -> Any:
    tokenizer = causal.tokenizer_of(tiny_model)
    if request.param == "default":
        tokenizer.chat_template = render.DEFAULT_TEMPLATE
    if request.param == "chatml":
        tokenizer.chat_template = (
            "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}<|system|>Help.<|end|>\n"
            "{% endif %}{{ '<|' + message['role'] + '|>\n' + message['content'] + '<|end|>\n' }}{% endfor %}"
            "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
        )
    return tokenizer


def test_what_counts_is_every_answer_and_its_end_mark(any_template: Any) -> None:
    encoded = render.encode(TALK, any_template)
    assert any_template.decode(encoded.ids[encoded.answer]) == "\n8 legs.<|end|>6.<|end|>"


def test_the_text_is_the_template_s(any_template: Any) -> None:
    whole = any_template.apply_chat_template([{k: t[k] for k in ("role", "content")} for t in TALK], tokenize=False)
    assert any_template.decode(render.encode(TALK, any_template).ids) == whole


def test_generation_starts_from_exactly_the_ids_that_training_has_before_the_answer(any_template: Any) -> None:
    for turns in (TALK[:3], TALK, TALK[1:3]):
        encoded = render.encode(turns, any_template)
        prompt = render.encode_prompt(turns, any_template)
        assert encoded.ids[: len(prompt)].tolist() == prompt.tolist()
        assert encoded.answer[len(prompt)]
        assert not encoded.answer[len(prompt) - 1]


def test_the_header_ends_the_prompt(any_template: Any) -> None:
    mark = render.header(TALK, any_template)
    assert render.encode_prompt(TALK, any_template)[-len(mark) :].tolist() == mark.tolist()
    assert "ssistant" in any_template.decode(mark)


def test_truncation_is_counted_on_either_side(tokenizer: Any) -> None:
    whole = render.encode(TALK, tokenizer)
    right = render.encode(TALK, tokenizer, max_length=10)
    left = render.encode(TALK, tokenizer, max_length=10, side="left")
    assert right.ids.tolist() == whole.ids[:10].tolist()
    assert left.ids.tolist() == whole.ids[-10:].tolist()
    assert right.cut == left.cut == len(whole) - 10
    assert render.encode(TALK, tokenizer, max_length=10_000).cut == 0


def test_many_at_once_are_as_one_at_a_time(tokenizer: Any) -> None:
    talks = [TALK, TALK[:3], TALK[1:3]]
    together = render.encode_all(talks, tokenizer)
    for encoded, talk in zip(together, talks, strict=True):
        assert encoded.ids.tolist() == render.encode(talk, tokenizer).ids.tolist()


def test_a_tool_call_without_content_and_an_answer_without_a_question(tokenizer: Any) -> None:
    calls = [TALK[1], {"role": "assistant", "content": None, "extra": '{"tool_calls": []}'}]
    assert tokenizer.decode(render.encode(calls, tokenizer).ids[-1:]) == "<|end|>"
    alone = render.encode([{"role": "assistant", "content": "Hello.", "extra": None}], tokenizer)
    assert tokenizer.decode(alone.ids[alone.answer]) == "Hello.<|end|>"


def test_what_a_template_refuses_is_one_line(tiny_model: Path) -> None:
    tokenizer = causal.tokenizer_of(tiny_model)
    tokenizer.chat_template = "{{ raise_exception('roles must alternate') }}"
    with pytest.raises(CuveeError, match="roles must alternate"):
        render.encode(TALK, tokenizer)
