"""Members of each family of dialects: prompt formats, trees, contents, batches, pairs; and what goes along."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cuvee.errors import InputError
from cuvee.samples.dialects import DIALECTS, detect
from cuvee.samples.dialects.marked import marked
from cuvee.samples.read import read
from cuvee.samples.schema import SAMPLE

S, Q, A = ("system", "Be brief."), ("user", "Name a river."), ("assistant", "The Seine")
AGAIN = [("user", "Another?"), ("assistant", "The Rhine")]
HEADS = {"system": "system", "user": "user", "assistant": "assistant"}
ALPACA = "Below is an instruction that describes a task. Write a response that completes it.\n\n"


def turned(talk: list[tuple[str, str]], form: str) -> str:
    return "".join(form.format(role=role, said=said) for role, said in talk)


CHATML = "<|im_start|>{role}\n{said}<|im_end|>\n"
LLAMA3 = "<|start_header_id|>{role}<|end_header_id|>\n\n{said}<|eot_id|>"
TEXTS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "chatml": (turned([S, Q, A, *AGAIN], CHATML), [S, Q, A, *AGAIN]),
    "llama 3": ("<|begin_of_text|>" + turned([S, Q, A], LLAMA3), [S, Q, A]),
    "llama 4": (turned([Q, A], "<|header_start|>{role}<|header_end|>\n\n{said}<|eot|>"), [Q, A]),
    "llama 2": (
        "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nName a river. [/INST] The Seine </s>"
        "<s>[INST] Another? [/INST] The Rhine </s>",
        [S, Q, A, *AGAIN],
    ),
    "mistral": ("<s>[INST] Name a river. [/INST] The Seine</s> [INST] Another? [/INST] The Rhine</s>", [Q, A, *AGAIN]),
    "mistral 7": ("<s>[SYSTEM_PROMPT]Be brief.[/SYSTEM_PROMPT][INST]Name a river.[/INST]The Seine</s>", [S, Q, A]),
    "gemma": (
        "<bos><start_of_turn>user\nName a river.<end_of_turn>\n<start_of_turn>model\nThe Seine<end_of_turn>\n",
        [Q, A],
    ),
    "phi": ("<|user|>\nName a river.<|end|>\n<|assistant|>\nThe Seine<|end|>", [Q, A]),
    "deepseek": (
        "<｜begin▁of▁sentence｜>Be brief.<｜User｜>Name a river.<｜Assistant｜>The Seine<｜end▁of▁sentence｜>",
        [S, Q, A],
    ),
    "vicuna": (
        "Be brief. USER: Name a river. ASSISTANT: The Seine</s>USER: Another? ASSISTANT: The Rhine</s>",
        [S, Q, A, *AGAIN],
    ),
    "openchat": (
        "GPT4 Correct User: Name a river.<|end_of_turn|>GPT4 Correct Assistant: The Seine<|end_of_turn|>",
        [Q, A],
    ),
    "alpaca": (f"{ALPACA}### Instruction:\nName a river.\n\n### Response:\nThe Seine<|endoftext|>", [Q, A]),
    "alpaca, with an input": (
        f"{ALPACA}### Instruction:\nName a river.\n\n### Input:\nFrance\n\n### Response:\nThe Seine",
        [("user", "Name a river.\n\nFrance"), A],
    ),
    "guanaco": (
        "### Human: Name a river.### Assistant: The Seine### Human: Another?### Assistant: The Rhine",
        [Q, A, *AGAIN],
    ),
    "human and assistant": ("\n\nHuman: Name a river.\n\nAssistant: The Seine", [Q, A]),
    "oig": ("<human>: Name a river.\n<bot>: The Seine", [Q, A]),
    "question and answer": ("Question: Name a river.\nAnswer: The Seine", [Q, A]),
    "headings inside an answer": (
        "### Instruction:\nName a river.\n\n### Response:\nUse\n### Input:\nx\n### Output:\ny",
        [Q, ("assistant", "Use\n### Input:\nx\n### Output:\ny")],
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_prompt_formats(name: str) -> None:
    text, expected = TEXTS[name]
    assert [(turn.role, turn.content) for turn in marked(text) or []] == expected
    assert [(t.role, t.content) for t in DIALECTS["text"].parse({"text": text})[0].messages] == expected


def test_text_without_marks_is_put_aside_with_a_reason() -> None:
    for text in ("A story.", "", "### Instruction:\nno answer", "# Response:\nx", "<|im_start|>nobody\nx<|im_end|>"):
        with pytest.raises(InputError, match="no marks of a prompt format"):
            DIALECTS["text"].parse({"text": text})
    with pytest.raises(InputError, match="give the file of whole trees"):
        DIALECTS["text"].parse({"text": "hi", "role": "prompter", "message_id": "m", "parent_id": None})


def read_rows(rows: list[Any], folder: Path, **options: Any) -> pa.Table:
    path = folder / "rows.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    reading = read(path, **options)
    table = pa.Table.from_batches(reading.batches(), SAMPLE)
    assert not reading.quarantined, reading.quarantined
    return table


def said(row: dict[str, Any], key: str = "messages") -> list[tuple[str, str | None]]:
    return [(turn["role"], turn["content"]) for turn in row[key]]


def test_gemini_with_calls_thoughts_media_and_batches() -> None:
    parts = [{"thought": True, "text": "hm"}, {"functionCall": {"name": "f", "args": {"x": 1}}}]
    row = {
        "contents": [
            {"role": "user", "parts": [{"text": "Look."}, {"fileData": {"mimeType": "image/png", "fileUri": "a.png"}}]},
            {"role": "model", "parts": parts},
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"y": 2}}}]},
            {"role": "model", "parts": [{"text": "Two"}, {"text": "."}]},
        ],
        "tools": [{"functionDeclarations": [{"name": "f", "parameters": {}}]}],
    }
    (found,) = DIALECTS["gemini"].parse(row)
    assert [(t.role, t.content) for t in found.messages] == [
        *[("user", "Look."), ("assistant", None), ("tool", '{"y":2}'), ("assistant", "Two.")]
    ]
    assert found.messages[0].extra["parts"] == [
        *[{"type": "text", "text": "Look."}, {"type": "image_url", "image_url": {"url": "a.png"}}]
    ]
    assert found.messages[1].extra["reasoning_content"] == "hm"
    call = {"type": "function", "function": {"name": "f", "arguments": {"x": 1}}}
    assert found.messages[1].extra["tool_calls"] == [call]
    assert found.tools == [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    content = {"role": "model", "parts": [{"text": "A"}]}
    batch = {"key": "k", "request": {"contents": "Q"}, "response": {"candidates": [{"content": content}]}}
    (found,) = DIALECTS["gemini"].parse(batch)
    assert found.id == "k" and [(t.role, t.content) for t in found.messages] == [("user", "Q"), ("assistant", "A")]


BODIES = {
    "chat": (
        {"messages": [{"role": "user", "content": "Q"}]},
        {"choices": [{"message": {"role": "assistant", "content": "A"}}]},
    ),
    "completion": ({"prompt": "Q"}, {"choices": [{"text": "A"}]}),
    "responses": (
        {"input": "Q"},
        {"output": [{"type": "reasoning"}, {"type": "message", "content": [{"type": "output_text", "text": "A"}]}]},
    ),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_batch_of_every_kind(kind: str) -> None:
    body, told = BODIES[kind]
    row = {"id": "b1", "custom_id": "c", "body": body, "response": {"status_code": 200, "body": told}}
    (found,) = DIALECTS["openai-batch"].parse(row)
    assert (found.id, [(t.role, t.content) for t in found.messages]) == ("c", [("user", "Q"), ("assistant", "A")])
    failed = {**row, "response": {"status_code": 500, "body": {}}, "error": {"message": "too many"}}
    with pytest.raises(InputError, match=r"the request failed: .*too many"):
        DIALECTS["openai-batch"].parse(failed)


def test_a_batch_of_anthropics() -> None:
    params = {"system": "S", "messages": [{"role": "user", "content": "Q"}]}
    message = {"content": [{"type": "text", "text": "A"}]}
    row = {"custom_id": "c", "params": params, "result": {"type": "succeeded", "message": message}}
    (found,) = DIALECTS["openai-batch"].parse(row)
    assert [(t.role, t.content) for t in found.messages] == [("system", "S"), ("user", "Q"), ("assistant", "A")]


def of(role: str, said: str, role_key: str = "role", key: str = "content") -> dict[str, str]:
    return {role_key: role, key: said}


ASKED, GOOD, BAD = of("user", "Q"), of("assistant", "A"), of("assistant", "B")
PAIRS: dict[str, dict[str, Any]] = {
    "texts": {"prompt": "Q", "chosen": "A", "rejected": "B"},
    "messages": {"prompt": [ASKED], "chosen": [GOOD], "rejected": [BAD]},
    "whole": {"chosen": [ASKED, GOOD], "rejected": [ASKED, BAD]},
    "transcripts": {"chosen": "\n\nHuman: Q\n\nAssistant: A", "rejected": "\n\nHuman: Q\n\nAssistant: B"},
    "chatml": {
        key: turned([("user", "Q"), ("assistant", said)], CHATML) for key, said in (("chosen", "A"), ("rejected", "B"))
    },
    "llamafactory": {
        "conversations": [of("human", "Q", "from", "value")],
        "chosen": of("gpt", "A", "from", "value"),
        "rejected": of("gpt", "B", "from", "value"),
    },
    "openai": {"input": {"messages": [ASKED]}, "preferred_output": [GOOD], "non_preferred_output": [BAD]},
    "named": {"question": "Q", "chosen_response": "A", "rejected_response": "B"},
    "marked": {"prompt": "Q", "chosen": "A<|endoftext|>", "rejected": "B</s>"},
}


@pytest.mark.parametrize("name", PAIRS)
def test_both_answers_of_a_pair_are_kept(name: str, tmp_path: Path) -> None:
    (row,) = read_rows([PAIRS[name]], tmp_path).to_pylist()
    assert row["dialect"] == "preference"
    assert said(row) == [("user", "Q"), ("assistant", "A")] and said(row, "rejected") == [
        ("user", "Q"),
        ("assistant", "B"),
    ]


def test_an_instruction_of_a_pair_keeps_its_input_and_system(tmp_path: Path) -> None:
    pair = {"system": "S", "instruction": "Do", "input": "it", "chosen": "A", "rejected": "B"}
    (row,) = read_rows([pair], tmp_path).to_pylist()
    before = [("system", "S"), ("user", "Do\n\nit")]
    assert said(row) == [*before, ("assistant", "A")] and said(row, "rejected") == [*before, ("assistant", "B")]


@pytest.mark.parametrize(
    ("scores", "margin"),
    [
        ({"score_chosen": 8, "score_rejected": 5.5}, 2.5),
        ({"chosen-rating": 1, "rejected-rating": 4}, -3.0),
        ({"margin": 0.25}, 0.25),
        (
            {
                "chosen": {"role": "assistant", "content": "A", "score": 3},
                "rejected": {"role": "assistant", "content": "B", "score": 1},
            },
            2.0,
        ),
        ({"score_chosen": 8}, None),
        ({"chosen_model": 1, "rejected_model": 2}, None),
    ],
)
def test_the_margin_of_a_pair(scores: dict[str, Any], margin: float | None, tmp_path: Path) -> None:
    (row,) = read_rows([{"prompt": "Q", "chosen": "A", "rejected": "B", **scores}], tmp_path).to_pylist()
    assert row["margin"] == margin


@pytest.mark.parametrize("name", DIALECTS)
def test_other_columns_go_along_and_its_own_do_not(name: str, tmp_path: Path) -> None:
    example = DIALECTS[name].example
    if not isinstance(example, dict):
        return
    more = {"meta": {"a": [1]}, "score": 0.5, "nothing": None}
    assert detect({**example, **more}) is DIALECTS[name]
    plain, found = read_rows([example, {**example, **more}], tmp_path)["along"].to_pylist()[
        :: len(DIALECTS[name].parse(example))
    ]
    own = json.loads(plain) if plain else {}
    assert json.loads(found) == {**own, "meta": {"a": [1]}, "score": 0.5}
    assert own.keys() == ({"reasoning", "generator"} if name == "nemotron" else set())
