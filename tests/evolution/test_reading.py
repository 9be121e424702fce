"""What the rounds of ``cuvee evolve`` read: rows with their tools, held-out rows with their answers, adapters at one scale."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

pytest.importorskip("torch", reason="the base install has no torch")

import cuvee
from cuvee.evaluation import heldout
from cuvee.models import causal, tiny
from cuvee.render import encode_all

LONGEST = 256
TOOLS = [{"type": "function", "function": {"name": "weigh", "parameters": {"type": "object", "properties": {"g": {}}}}}]
ONCE: dict[str, Any] = {
    "rounds": 0,
    "init": 12,
    "epochs": 1,
    "batch": 4,
    "max_length": LONGEST,
    "held_out": "12",
    "embedder": "lexical",
    "near": 0.0,
    "draws": 1,
}


def model_that_writes(folder: Path, template: str) -> Path:
    """Return the folder of a tiny model with this chat template."""
    tiny.make(folder)
    tokenizer = causal.tokenizer_of(folder)
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def with_tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model_that_writes(
        tmp_path_factory.mktemp("tools"), "{% if tools %}{{ tools | tojson }}{% endif %}" + tiny.TEMPLATE
    )


def row(number: int, prompt: str, task: str) -> dict[str, Any]:
    turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": f"It weighs {number * 37} grams."}]
    return {"id": f"{task}-{number}", "messages": turns, "task": task, "tools": TOOLS if task == "tools" else None}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    """Return rows of three tasks: short ones, some with tools, some whose prompt alone is too long."""
    long = " and then one more".join(["weigh it"] * 120)
    return [
        *(row(number, f"What does stone {number * 13} weigh?", "short") for number in range(40)),
        *(row(number, f"Weigh feather {number * 17}.", "tools") for number in range(40)),
        *(row(number, f"{long}: what does cloud {number * 11} weigh?", "long") for number in range(40)),
    ]


@pytest.fixture(scope="module")
def pool(rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(rows, tmp_path_factory.mktemp("pool") / "pool.jsonl")


def written(rows: list[dict[str, Any]], file: Path) -> Path:
    file.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in rows))
    return file


def of(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the figures of the first round, and the ledger."""
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    ledger: list[dict[str, Any]] = pq.read_table(folder / "ledger.parquet").to_pylist()
    return manifest["rounds"][0], ledger


def encoded(rows: list[dict[str, Any]], model: Path, **how: Any) -> list[Any]:
    tools = [json.dumps(one["tools"]) if one["tools"] else None for one in rows]
    return encode_all([one["messages"] for one in rows], causal.tokenizer_of(model), tools=tools, **how)


def test_a_round_trains_on_rows_with_their_tools(
    rows: list[dict[str, Any]], pool: Path, with_tools: Path, tmp_path: Path
) -> None:
    found, ledger = of(cuvee.evolve([str(pool)], model=str(with_tools), out=tmp_path / "run", **ONCE).folder)
    kept = {one["id"] for one in ledger if one["status"] == "kept"}
    read = encoded([one for one in rows if one["id"] in kept], with_tools, max_length=LONGEST)
    assert any(name.startswith("tools") for name in kept)
    assert found["tokens"] == sum(map(len, read))


def test_held_out_rows_keep_their_answers_and_count_as_in_a_proof(
    rows: list[dict[str, Any]], pool: Path, with_tools: Path, tmp_path: Path
) -> None:
    """A proof cuts a long prompt at its start and reads tools; so every task counts, whatever the length of its prompts."""
    options = {**ONCE, "lr": 0.0}  # nothing is learnt, so the model that is judged is the base
    found, ledger = of(cuvee.evolve([str(pool)], model=str(with_tools), out=tmp_path / "run", **options).folder)
    held = {one["id"] for one in ledger if one["reason"] == "held out for evaluation"}
    asked = [one for one in rows if one["id"] in held]
    questions = encoded(asked, with_tools, max_length=LONGEST, side="left")
    losses = heldout.losses(causal.load(with_tools), questions).mean
    tasks = np.array([one["task"] for one in asked])
    means = {name: losses[tasks == name].mean() for name in ("short", "tools", "long")}
    assert found["by task"] == pytest.approx(means, rel=1e-5)
    assert found["held-out loss"] == pytest.approx(np.mean(list(means.values())), rel=1e-5)


def test_an_answer_that_nothing_stands_before_teaches_and_asks_nothing(tmp_path: Path) -> None:
    """The first token of a row follows nothing: no loss can be told of it, so its row neither trains nor is a question."""
    bare = "{% for message in messages if message['content'] != '?' %}{{ message['content'] }}{% endfor %}"
    model = model_that_writes(tmp_path / "model", bare)
    lines = [{"instruction": "?", "output": str(number), "task": "bare"} for number in range(10)]
    lines += [{"instruction": f"Say {n * 7}.", "output": f"It is {n * 7}.", "task": "said"} for n in range(30)]
    pool = written(lines, tmp_path / "pool.jsonl")
    found, ledger = of(cuvee.evolve([str(pool)], model=str(model), out=tmp_path / "run", **ONCE).folder)
    assert np.isfinite(found["held-out loss"]) and list(found["by task"]) == ["said"]
    fallen = [one for one in ledger if one["task"] == "bare" and one["stage"] != "held-out"]
    assert fallen and {one["stage"] for one in fallen} == {"evolve"}


def test_adapters_have_the_scale_that_every_verb_gives_them(pool: Path, with_tools: Path, tmp_path: Path) -> None:
    run = cuvee.evolve([str(pool)], model=str(with_tools), lora=4, out=tmp_path / "run", **ONCE).folder
    written = orjson.loads((run / "model/adapter_config.json").read_bytes())
    assert (written["r"], written["lora_alpha"]) == (4, 8)
    manifest = orjson.loads((run / "manifest.json").read_bytes())
    assert manifest["adapters"] == {"rank": 4, "alpha": 8}
