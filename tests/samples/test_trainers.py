"""The trainers' files name what is in the data file; TRL trains on it; LLaMA-Factory's and Axolotl's rules hold."""

import json
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml

from cuvee.samples.dialects import DIALECTS
from cuvee.samples.layouts import read_rows
from cuvee.samples.read import read
from cuvee.samples.schema import SAMPLE
from cuvee.samples.trainers import DATASET, trainer_files
from cuvee.samples.write import write

FORMATS = ("messages", "sharegpt", "alpaca", "prompt-completion")
STRINGS = [name for name in DIALECTS if name not in ("messages", "sharegpt", "turns")]
SINGLE = ("flan", "question-answer", "dolly", "prompt-completion")  # one question, one answer
TEMPLATE = (
    "{% if tools %}{{ tools | tojson }}\n{% endif %}{% for m in messages %}<{{ m.role }}>{{ m.content or '' }}"
    "{% for c in m.tool_calls or [] %}{{ c.function | tojson }}{% endfor %}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def written(
    folder: Path, rows: Sequence[Any], *, format: str, file: str = "jsonl"
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Read the rows, write them and their trainers' files; return the written rows and the files' texts by name."""
    (folder / "pool.json").write_text(json.dumps(rows), encoding="utf-8")
    table = pa.Table.from_batches(read(folder / "pool.json").batches(), SAMPLE)
    path = write(table, np.arange(table.num_rows), folder / f"selected.{file}", format=format, file=file)
    dialects = sorted(set(table["dialect"].to_pylist()))
    paths = trainer_files(folder, data_file=path.name, format=format, dialects=dialects)
    assert all(one.parent == folder and one.exists() for one in paths)
    return list(read_rows(path)), {one.name: one.read_text() for one in paths}


def examples(format: str) -> list[Any]:
    return [DIALECTS[name].example for name in (DIALECTS if format in ("messages", "sharegpt") else STRINGS)]


@pytest.mark.parametrize("file", ["jsonl", "parquet"])
@pytest.mark.parametrize("format", FORMATS)
def test_llama_factory_names_what_is_there(format: str, file: str, tmp_path: Path) -> None:
    rows, texts = written(tmp_path, examples(format), format=format, file=file)
    if format == "prompt-completion":  # lists of messages in two columns: it has no name for these
        assert "dataset_info.json" not in texts and "--format messages" in texts["TRAINING.md"]
        return
    entry = json.loads(texts["dataset_info.json"])[DATASET]
    assert entry["file_name"] == f"selected.{file}"
    assert entry["formatting"] == {"messages": "openai", "sharegpt": "sharegpt", "alpaca": "alpaca"}[format]
    assert all(set(entry["columns"].values()) <= set(row) for row in rows)
    if format == "alpaca":
        assert entry["columns"] == {
            "prompt": "instruction", "query": "input", "response": "output", "system": "system", "history": "history",
        }  # fmt: skip
    else:
        tags = entry["tags"]
        assert len(tags) == 7 and all(tags.values()), "a tag that is not named would be unset"
        spoken = {turn[tags["role_tag"]] for row in rows for turn in row[entry["columns"]["messages"]]}
        assert spoken <= set(tags.values())
        assert all(tags["content_tag"] in turn for row in rows for turn in row[entry["columns"]["messages"]])


def test_llama_factory_reads_plain_messages_without_its_extra_system_line(tmp_path: Path) -> None:
    _, texts = written(tmp_path, [DIALECTS["tulu"].example, DIALECTS["alpaca"].example], format="messages")
    entry = json.loads(texts["dataset_info.json"])[DATASET]
    assert entry["formatting"] == "sharegpt" and entry["columns"] == {"messages": "messages"}
    assert entry["tags"]["user_tag"] == "user" and entry["tags"]["assistant_tag"] == "assistant"


@pytest.mark.parametrize("file", ["jsonl", "parquet"])
@pytest.mark.parametrize("format", FORMATS)
def test_axolotl_names_what_is_there(format: str, file: str, tmp_path: Path) -> None:
    single = [DIALECTS[name].example for name in SINGLE]
    mixed = format in ("messages", "sharegpt")
    rows, texts = written(tmp_path, examples(format) if mixed else single, format=format, file=file)
    (entry,) = yaml.safe_load(texts["axolotl.yaml"])["datasets"]
    assert entry["path"] == f"selected.{file}" and entry["ds_type"] == {"jsonl": "json"}.get(file, file)
    if isinstance(entry["type"], dict):
        named = {value for key, value in entry["type"].items() if key.startswith("field_")}
        assert named and all(named <= set(row) for row in rows)
        assert "{input}" not in entry["type"].get("no_input_format", "")
    else:
        assert entry["type"] == "chat_template"
        role, content = (entry["message_property_mappings"][key] for key in ("role", "content"))
        turns = [turn for row in rows for turn in row[entry["field_messages"]]]
        assert {turn[role] for turn in turns} <= {name for names in entry["roles"].values() for name in names}
        assert all(content in turn for turn in turns) and all(entry["field_tools"] in row for row in rows)


def test_axolotl_is_not_given_columns_that_hide_earlier_exchanges(tmp_path: Path) -> None:
    _, texts = written(tmp_path, [DIALECTS["alpaca"].example], format="alpaca")
    assert "axolotl.yaml" not in texts and "dataset_info.json" in texts
    assert "Axolotl: Its rows hold several exchanges" in texts["TRAINING.md"]


def test_same_of_mixed_dialects_says_what_to_do(tmp_path: Path) -> None:
    _, texts = written(tmp_path, [DIALECTS[name].example for name in SINGLE], format="same")
    assert list(texts) == ["TRAINING.md"] and texts["TRAINING.md"].count("--format messages") == 3


SAME = {  # dialect -> columns of a question, what it is about, its answer; or of the conversations
    "tulu": "messages", "sharegpt": "conversations",
    "alpaca": ("instruction", "input", "output"), "dolly": ("instruction", "context", "response"),
    "data-juicer": ("instruction", "query", "response"), "openorca": ("question", None, "response"),
    "flan": ("inputs", None, "targets"), "prompt-completion": ("prompt", None, "completion"),
    "question-answer": ("question", None, "answer"),
    "turns": None, "self-instruct": None, "nemotron": None, "segments": None,
    "openai-batch": None, "oasst": None, "gemini": None, "text": None,
}  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS)
def test_same_of_one_dialect_is_mapped(dialect: str, tmp_path: Path) -> None:
    example = DIALECTS[dialect].example
    _, texts = written(tmp_path, [example, example], format="same")
    if dialect == "messages":  # one turn is a list of parts, which LLaMA-Factory cannot take
        assert "dataset_info.json" not in texts and "Some turns hold parts" in texts["TRAINING.md"]
        return
    if dialect == "preference":
        columns = json.loads(texts["dataset_info.json"])[DATASET]["columns"]
        assert columns == {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"}
        return
    expected = SAME[dialect]
    if expected is None:
        assert list(texts) == ["TRAINING.md"] and "--format messages" in texts["TRAINING.md"]
        return
    columns = json.loads(texts["dataset_info.json"])[DATASET]["columns"]
    if isinstance(expected, str):
        assert columns["messages"] == expected
    else:
        assert (columns["prompt"], columns.get("query"), columns["response"]) == expected
    assert set(columns.values()) <= set(example)
    for system in {"system", "system_prompt"} & set(example):
        assert columns["system"] == system


def test_turns_that_first_call_tools_after_ten_megabytes_load_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    plain = [{"prompt": "x" * 4000, "completion": f"{at}"} for at in range(2700)]
    rows, texts = written(tmp_path, [*plain, DIALECTS["messages"].example], format="messages")
    assert (tmp_path / "selected.jsonl").stat().st_size > 10 << 20 and "--file parquet" in texts["TRAINING.md"]
    start = texts["train_trl.py"].index("here = ")
    script = texts["train_trl.py"][start : texts["train_trl.py"].index("gpu = ")]
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    space = {"__file__": str(tmp_path / "train_trl.py"), "Path": Path, "load_dataset": datasets.load_dataset}
    exec(script, space)
    data: Any = space["data"]
    assert len(data) == len(rows) and data[-1]["messages"][2]["tool_calls"] == rows[-1]["messages"][2]["tool_calls"]
    with pytest.raises(datasets.exceptions.DatasetGenerationError):
        datasets.load_dataset("json", data_files=str(tmp_path / "selected.jsonl"), cache_dir=str(tmp_path / "other"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save a Llama with one layer of width 32, random weights, and a tokenizer of 300 pieces."""
    import tokenizers
    import transformers

    folder = tmp_path_factory.mktemp("tiny")
    bpe = tokenizers.Tokenizer(tokenizers.models.BPE())
    bpe.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<pad>", "</s>"], initial_alphabet=alphabet
    )
    bpe.train_from_iterator([json.dumps(dialect.example) for dialect in DIALECTS.values()], trainer)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=bpe, pad_token="<pad>", eos_token="</s>")
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    transformers.set_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        pad_token_id=0, eos_token_id=1, bos_token_id=None,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("format", "file", "names"),
    [
        ("messages", "jsonl", list(DIALECTS)),
        ("messages", "parquet", list(DIALECTS)),
        ("sharegpt", "jsonl", list(DIALECTS)),
        ("prompt-completion", "jsonl", list(SINGLE)),
        ("prompt-completion", "json", list(DIALECTS)),
        ("same", "jsonl", ["question-answer"]),
        ("same", "parquet", ["alpaca"]),
        ("dpo", "jsonl", ["preference"]),
        ("kto", "jsonl", ["preference"]),
    ],
)
def test_trl_takes_one_step(
    format: str, file: str, names: list[str], model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    _, texts = written(tmp_path, [DIALECTS[name].example for name in names], format=format, file=file)
    assert "bf16=gpu" in texts["train_trl.py"]
    monkeypatch.setattr(sys, "argv", ["train_trl.py", str(model), "1"])
    done = runpy.run_path(str(tmp_path / "train_trl.py"))["trainer"]
    losses = [entry["train_loss"] for entry in done.state.log_history if "train_loss" in entry]
    # a random model of 300 pieces guesses: its loss is the logarithm of that number
    first = {"dpo": float(np.log(2)), "kto": 0.5}.get(
        format, float(np.log(300))
    )  # of pairs: what a model says of itself
    assert done.state.global_step == 1 and losses[0] == pytest.approx(first, abs=0.5 if first > 1 else 1e-3)
    assert (tmp_path / "model" / "model.safetensors").exists()
    if format in ("dpo", "kto"):
        assert len(done.train_dataset) == len(list(read_rows(tmp_path / f"selected.{file}")))
        return
    asked = [done.processing_class.decode(row["input_ids"]).replace("</s> ", "</s>") for row in done.train_dataset]
    assert len(asked) == len(list(read_rows(tmp_path / f"selected.{file}")))
    if format == "same" and names == ["alpaca"]:
        before = "<system>Be brief.</s>\n<user>Name a river.</s>\n<assistant>The Seine</s>\n"
        assert asked == [f"{before}<user>Name the capital.\n\nFrance</s>\n<assistant>Paris</s>\n"]
    if format == "sharegpt":
        assert any("<tool>" in text and "<user>" in text for text in asked)
        assert not any("<human>" in text or "<gpt>" in text for text in asked)
