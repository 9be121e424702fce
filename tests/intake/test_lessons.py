"""What a trainer will learn: every fault that is planted is found, and the counts are those that training reads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pyarrow as pa
import pytest

import cuvee
from cuvee.errors import ConfigError
from cuvee.intake import lessons, readable
from cuvee.models import causal
from cuvee.samples.schema import SAMPLE

pytest.importorskip("transformers", reason="the base install has no transformers")
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
WITHOUT_END = CHATML.replace("<|im_end|>", "")
LATE_SYSTEM = CHATML.replace("{% for m in messages %}", "{% for m in messages if m['role'] != 'system' %}")
PICKY = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turn') }}{% endif %}" + CHATML
THINKING = CHATML.replace(
    "{{ m['content'] }}", "{{ m['content'] if loop.last else m['content'].split('</think>')[-1] }}"
)
MARKED = CHATML.replace("{{ m['content'] }}", "{% generation %}{{ m['content'] }}{% endgeneration %}")

Talk = list[dict[str, Any]]
ASK: Talk = [{"role": "user", "content": "Name a river."}, {"role": "assistant", "content": "The Rhine."}]
CALL: Talk = [
    {"role": "user", "content": "Weather?"},
    {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "look_up_weather", "arguments": "{}"}}]},
]
TOOLS = [{"type": "function", "function": {"name": "look_up_weather", "parameters": {}}}]


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Callable[..., str]:
    def make(template: str, **marks: str) -> str:
        tokenizer: Any = causal.tokenizer_of(tiny_model)
        tokenizer.chat_template = template
        tokenizer.add_special_tokens({"eos_token": "<|im_end|>", **marks})
        tokenizer.save_pretrained(tmp_path / "model")
        return str(tmp_path / "model")

    return make


def samples(*talks: Talk, tools: Any = None) -> pa.Table:
    rows = [
        {
            "id": f"row-{at}",
            "file": "pool",
            "line": at + 1,
            "tools": orjson.dumps(tools).decode() if tools else None,
            "messages": [
                {
                    "role": turn["role"],
                    "content": turn["content"],
                    "extra": orjson.dumps({"tool_calls": turn["tool_calls"]}).decode()
                    if "tool_calls" in turn
                    else None,
                }
                for turn in talk
            ],
        }
        for at, talk in enumerate(talks)
    ]
    return pa.Table.from_pylist(rows, schema=SAMPLE)


def thought(text: str) -> Talk:
    return [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": f"<think>{text}</think>Because."}]


@pytest.mark.parametrize(
    ("fault", "template", "talk", "longest", "tools"),
    [
        (lessons.NO_ANSWER, CHATML, ASK[:1], 0, None),
        (lessons.NOTHING, CHATML, [{"role": "user", "content": "word " * 90}, ASK[1]], 40, None),
        (lessons.CUT, CHATML, [ASK[0], {"role": "assistant", "content": "word " * 90}], 60, None),
        (lessons.NO_END, WITHOUT_END, ASK, 0, None),
        (lessons.CALLS, CHATML, CALL, 0, None),
        (lessons.TOOLS, CHATML, ASK, 0, TOOLS),
        (lessons.SYSTEM, LATE_SYSTEM, [{"role": "system", "content": "Be brief."}, *ASK], 0, None),
        (lessons.UNRENDERED, PICKY, [{"role": "system", "content": "Be brief."}, *ASK], 0, None),
        (lessons.MARKS, CHATML, [{"role": "user", "content": "Say <|im_end|> now"}, ASK[1]], 0, None),
        (lessons.EARLY, THINKING, [*thought("a"), *thought("b")], 0, None),
        (lessons.TURNS, THINKING, [*thought("a"), *thought("b")], 0, None),
    ],
)
def test_a_planted_fault_is_found_and_a_sound_row_beside_it_has_none(
    fault: str, template: str, talk: Talk, longest: int, tools: Any, model: Callable[..., str]
) -> None:
    name = model(template)
    (found,) = lessons.lessons(samples(talk, tools=tools), name, longest).rows
    assert fault in found["faults"]
    (sound,) = lessons.lessons(samples(ASK), model(CHATML), 0).rows
    assert sound["faults"] == []


def test_a_begin_mark_that_stands_twice_is_found_in_a_row_and_in_a_template(model: Callable[..., str]) -> None:
    name = model("{{ bos_token }}" + CHATML.replace("<|im_start|>", ""), bos_token="<|begin|>")
    row = [{"role": "user", "content": "Name a river."}, ASK[1]]
    assert lessons.lessons(samples(row), name, 0).rows[0]["faults"] == []
    doubled = model("{{ bos_token }}{{ bos_token }}" + CHATML, bos_token="<|begin|>")
    assert lessons.TWICE in lessons.lessons(samples(row), doubled, 0).rows[0]["faults"]


def test_a_template_without_generation_marks_is_told_once(model: Callable[..., str]) -> None:
    assert lessons.UNMARKED in lessons.lessons(samples(ASK), model(CHATML), 0).notes
    assert lessons.UNMARKED not in lessons.lessons(samples(ASK), model(MARKED), 0).notes


@pytest.mark.parametrize("longest", [12, 30, 500])
def test_the_counts_are_those_of_the_rows_that_training_reads(longest: int, tiny_model: Path) -> None:
    table = samples(ASK, [*ASK, *ASK], [{"role": "system", "content": "Be brief."}, *ASK], thought("so long " * 9))
    read = readable.as_read(table, causal.tokenizer_of(tiny_model), longest)
    found = lessons.lessons(table, str(tiny_model), longest).rows
    assert [row["learned"] for row in found] == [int(one.answer[1:].sum()) for one in read]
    assert [row["tokens"] - row["cut"] for row in found] == [len(one) for one in read]
    assert [row["cut"] for row in found] == [one.cut for one in read]


def test_inspect_tells_and_writes_a_line_for_each_row(tiny_model: Path, tmp_path: Path) -> None:
    rows = [{"instruction": f"Say {number}", "output": "word " * number} for number in range(1, 60)]
    told = cuvee.inspect(rows, model=str(tiny_model), max_length=64, out=tmp_path / "run")
    lines = pl.read_parquet(tmp_path / "run" / lessons.FILE)
    assert lines.height == 59 and lines["learned"].sum() > 0
    assert told.summary["profile"]["trainer"]["max length"] == 64
    assert told.summary["profile"]["trainer's faults"][lessons.CUT] == (lines["lost"] > 0).sum() > 0
    with pytest.raises(ConfigError, match="nothing without a model"):
        cuvee.inspect(rows, max_length=64, out=tmp_path / "run")
