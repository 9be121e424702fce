"""Pairs out: what TRL, LLaMA-Factory and Axolotl load, and nothing of a pair lost."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml

from cuvee.errors import InputError
from cuvee.samples.read import read
from cuvee.samples.schema import SAMPLE
from cuvee.samples.trainers import DATASET, trainer_files
from cuvee.samples.write import write

TALK = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "X"}, {"role": "user", "content": "Q2"}]
ROWS: list[dict[str, Any]] = [
    {
        "id": "p",
        "prompt": "Q",
        "chosen": "A",
        "rejected": "B",
        "score_chosen": 5,
        "score_rejected": 2.5,
        "meta": {"a": 1},
    },
    {
        "chosen": [*TALK, {"role": "assistant", "content": "A"}],
        "rejected": [*TALK, {"role": "assistant", "content": "B"}],
        "meta": {"b": "x"},
        "score_rejected": 1,
    },
]
SINGLE = {"prompt": "Q", "completion": "A", "label": False}


def written(
    rows: list[dict[str, Any]], folder: Path, format: str, file: str = "jsonl"
) -> tuple[list[Any], dict[str, str]]:
    (folder / "pool.json").write_text(json.dumps(rows))
    table = pa.Table.from_batches(read(folder / "pool.json").batches(), SAMPLE)
    path = write(table, np.arange(table.num_rows), folder / f"selected.{file}", format=format, file=file)
    dialects = sorted(set(table["dialect"].to_pylist()))
    files = trainer_files(folder, data_file=path.name, format=format, dialects=dialects)
    found = [json.loads(line) for line in path.open()] if file == "jsonl" else pa.parquet.read_table(path).to_pylist()
    return found, {one.name: one.read_text() for one in files}


def answer(said: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": said}]


def test_dpo_is_trls_prompt_chosen_and_rejected(tmp_path: Path) -> None:
    rows, texts = written(ROWS, tmp_path, "dpo")
    assert [row["prompt"] for row in rows] == [TALK[:1], TALK]
    assert all((row["chosen"], row["rejected"]) == (answer("A"), answer("B")) for row in rows)
    assert [row["score_rejected"] for row in rows] == [2.5, 1.0] and rows[0]["score_chosen"] == 5
    assert [json.loads(row["meta"]) for row in rows] == [{"a": 1}, {"b": "x"}]  # loaders want one type a column
    entry = json.loads(texts["dataset_info.json"])[DATASET]
    assert entry["ranking"] and entry["columns"] == {"messages": "messages", "chosen": "chosen", "rejected": "rejected"}
    side = [json.loads(line) for line in texts[entry["file_name"]].splitlines()]
    assert [row["messages"] for row in side] == [TALK[:1], TALK] and side[0]["chosen"] == answer("A")[0]
    mix = yaml.safe_load(texts["axolotl.yaml"])
    assert mix["rl"] == "dpo" and mix["datasets"][0]["type"] == "chat_template.default"
    assert {mix["datasets"][0][key] for key in ("field_messages", "field_chosen", "field_rejected")} <= set(rows[0])
    assert "DPOTrainer" in texts["train_trl.py"]


def test_kto_is_an_answer_a_row(tmp_path: Path) -> None:
    rows, texts = written([ROWS[0], SINGLE], tmp_path, "kto")
    assert [(row["completion"], row["label"]) for row in rows] == [
        (answer("A"), True),
        (answer("B"), False),
        (answer("A"), False),
    ]
    assert [row["id"] for row in rows][:2] == ["p#chosen", "p#rejected"] and "label_" not in rows[2]
    entry = json.loads(texts["dataset_info.json"])[DATASET]
    assert entry["columns"] == {"messages": "messages", "kto_tag": "label"}
    side = [json.loads(line) for line in texts[entry["file_name"]].splitlines()]
    assert side[1]["messages"] == [*TALK[:1], *answer("B")] and side[1]["label"] is False
    assert (
        "axolotl.yaml" not in texts
        and "no chat template" in texts["TRAINING.md"]
        and "KTOTrainer" in texts["train_trl.py"]
    )


def test_pairs_of_text_stay_as_they_are(tmp_path: Path) -> None:
    rows, texts = written(ROWS[:1] * 2, tmp_path, "same", "jsonl")
    assert rows == ROWS[:1] * 2
    entry = json.loads(texts["dataset_info.json"])[DATASET]
    assert entry["ranking"] and entry["columns"] == {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"}
    assert "DPOTrainer" in texts["train_trl.py"]


def test_what_is_no_pair_is_refused_and_what_drops_a_pair_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="cuvee")
    with pytest.raises(InputError, match="1 have no answer that was rejected"):
        written([*ROWS, {"prompt": "Q", "completion": "A"}], tmp_path, "dpo")
    with pytest.raises(InputError, match="neither a rejected answer nor a label"):
        written([{"prompt": "Q", "completion": "A", "label": 3}], tmp_path, "kto")
    rows, _ = written(ROWS, tmp_path, "messages")
    assert "no place for 'rejected': left out of 2 rows" in caplog.text and rows[1]["messages"] == [*TALK, *answer("A")]


@pytest.mark.parametrize("format", ["dpo", "kto"])
def test_pairs_in_parquet_and_by_datasets(format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    expected, _ = written(ROWS, tmp_path, format)
    for file in ("jsonl", "parquet"):
        written(ROWS, tmp_path, format, file)
        kind, path = {"jsonl": "json"}.get(file, file), str(tmp_path / f"selected.{file}")
        data = datasets.load_dataset(kind, data_files=path, split="train", cache_dir=str(tmp_path / "cache"))
        assert [row["prompt"] for row in data] == [row["prompt"] for row in expected]
        assert data["score_rejected"] == [row["score_rejected"] for row in expected]
