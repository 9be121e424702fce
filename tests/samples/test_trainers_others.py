"""Files for five more trainers: each names what is in the data file, by what the trainer documents of its data."""

import ast
import json
import subprocess
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
from cuvee.samples.trainers_others import TRAINERS, other_trainer_files
from cuvee.samples.write import write

PLAIN = ("tulu", "alpaca", "dolly")
ROLES = {"system", "user", "assistant", "tool"}


def written(
    folder: Path, names: Sequence[str], *, format: str, file: str = "jsonl"
) -> tuple[list[Any], dict[str, str]]:
    """Write rows of these dialects and the trainers' files; return the rows and the files' texts by name."""
    (folder / "pool.json").write_text(json.dumps([DIALECTS[name].example for name in names]))
    table = pa.Table.from_batches(read(folder / "pool.json").batches(), SAMPLE)
    path = write(table, np.arange(table.num_rows), folder / f"selected.{file}", format=format, file=file)
    made = other_trainer_files(folder, data_file=path.name, format=format, dialects=sorted(names))
    texts = {one.name: one.read_text() for one in [*made, folder / "TRAINING.md"]}
    return list(read_rows(path)), texts


@pytest.mark.parametrize("file", ["jsonl", "parquet"])
def test_every_file_names_the_data_and_its_column_of_messages(file: str, tmp_path: Path) -> None:
    rows, texts = written(tmp_path, PLAIN, format="messages", file=file)
    missing = "verl.yaml" if file == "jsonl" else "nemo_rl.yaml"  # one reads Parquet only, the other JSON only
    assert {*texts} == {*TRAINERS, "TRAINING.md"} - {missing}
    assert all(f"selected.{file}" in text for name, text in texts.items() if name in TRAINERS)
    assert {turn["role"] for row in rows for turn in row["messages"]} <= ROLES
    assert texts["TRAINING.md"].count("write the rows with") == 1


def test_configurations_have_the_keys_that_are_documented(tmp_path: Path) -> None:
    _, texts = written(tmp_path, PLAIN, format="messages")
    tune = yaml.safe_load(texts["torchtune.yaml"])["dataset"]
    assert tune["_component_"] == "torchtune.datasets.chat_dataset"
    assert {*tune} - {"_component_", "data_files", "split"} == {  # arguments of that builder; the rest goes to load_dataset
        "source", "conversation_column", "conversation_style", "train_on_input",
    }  # fmt: skip
    nemo = yaml.safe_load(texts["nemo_rl.yaml"])["data"]["train"]
    assert (
        nemo["dataset_name"] == "openai_format"
        and nemo["chat_key"] == "messages"
        and not nemo["use_preserving_dataset"]
    )
    ast.parse(texts["train_unsloth.py"])
    done = subprocess.run(["sh", "-n", str(tmp_path / "swift.sh")], check=False)
    assert done.returncode == 0 and "--dataset selected.jsonl" in texts["swift.sh"]


def test_tools_are_named_where_rows_have_them(tmp_path: Path) -> None:
    _, texts = written(tmp_path, ["messages"], format="messages")
    nemo = yaml.safe_load(texts["nemo_rl.yaml"])["data"]["train"]
    assert nemo["tool_key"] == "tools" and nemo["use_preserving_dataset"]
    assert 'tools=row["tools"]' in texts["train_unsloth.py"]
    _, texts = written(tmp_path, ["messages"], format="messages", file="parquet")
    data = yaml.safe_load(texts["verl.yaml"])["data"]
    assert (data["messages_key"], data["tools_key"]) == ("messages", "tools")


@pytest.mark.parametrize(("names", "format"), [(PLAIN, "sharegpt"), (["alpaca"], "same"), (PLAIN, "same")])
def test_rows_that_are_no_messages_get_a_sentence_and_no_file(names: Any, format: str, tmp_path: Path) -> None:
    _, texts = written(tmp_path, names, format=format)
    assert {*texts} == {"TRAINING.md"} and texts["TRAINING.md"].count("--format messages") == len(TRAINERS)
