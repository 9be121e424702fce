"""Images, videos and audio: a mark in the text for each, named files beside it; as LLaMA-Factory counts them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cuvee.errors import InputError
from cuvee.samples.read import read
from cuvee.samples.schema import SAMPLE
from cuvee.samples.trainers import DATASET, trainer_files
from cuvee.samples.write import write


def part(kind: str, value: object) -> dict[str, object]:
    return {"type": kind, kind: value}


def talk(content: object, **more: object) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}, {"role": "assistant", "content": "A"}], **more}


TEXT = {"type": "text", "text": "What?"}
HELD: dict[str, dict[str, Any]] = {
    "openai": talk([part("image_url", {"url": "i.png"}), TEXT]),
    "qwen": talk([part("image", "i.png"), TEXT]),
    "trl": talk([{"type": "image"}, TEXT], images=["i.png"]),
    "marks": talk("<image>What?", images=["i.png"]),
    "no marks": talk("What?", images=["i.png"]),
    "one": talk("<image>What?", image="i.png"),
    "stored": talk("What?", images=[{"bytes": None, "path": "i.png"}]),
    "llava": {
        "image": "i.png",
        "conversations": [{"from": "human", "value": "<image>What?"}, {"from": "gpt", "value": "A"}],
    },
    "alpaca": {"instruction": "What?", "output": "A", "images": ["i.png"]},
}
STRANGE = {
    "bytes": talk("What?", images=[{"bytes": "AAAA", "path": None}]),
    "audio in the row": talk([part("input_audio", {"data": "AAAA", "format": "wav"}), TEXT]),
    "too few": talk("<image><image>What?", images=["i.png"]),
    "nothing named": talk([{"type": "image"}, TEXT]),
}


def written(rows: list[dict[str, Any]], folder: Path, format: str = "messages") -> tuple[list[Any], dict[str, str]]:
    (folder / "i.png").write_bytes(b"")
    (folder / "pool.json").write_text(json.dumps(rows))
    table = pa.Table.from_batches(read(folder / "pool.json").batches(), SAMPLE)
    out = folder / "out"
    path = write(table, np.arange(table.num_rows), out / "selected.jsonl", format=format)
    files = trainer_files(out, data_file=path.name, format=format, dialects=sorted(set(table["dialect"].to_pylist())))
    return [json.loads(line) for line in path.open()], {one.name: one.read_text() for one in files}


@pytest.mark.parametrize("format", ["messages", "sharegpt"])
def test_every_way_of_naming_an_image_becomes_one(format: str, tmp_path: Path) -> None:
    rows, texts = written([*HELD.values(), talk("no image")], tmp_path, format)
    column, key = ("messages", "content") if format == "messages" else ("conversations", "value")
    assert [row[column][0][key] for row in rows] == ["<image>What?"] * len(HELD) + ["no image"]
    assert [row["images"] for row in rows] == [[str(tmp_path / "i.png")]] * len(HELD) + [None]
    assert not any("images" in turn or "parts" in turn for row in rows for turn in row[column])
    assert json.loads(texts["dataset_info.json"])[DATASET]["columns"]["images"] == "images"


def test_videos_and_audio_likewise(tmp_path: Path) -> None:
    clips = talk([part("video", ["1.png", "2.png"]), part("audio_url", {"url": "a.wav"}), TEXT])
    rows, texts = written([clips], tmp_path)
    assert rows[0]["messages"][0]["content"] == "<video><audio>What?"
    assert (rows[0]["videos"], rows[0]["audios"]) == ([["1.png", "2.png"]], ["a.wav"])
    columns = json.loads(texts["dataset_info.json"])[DATASET]["columns"]
    assert {"videos", "audios"} <= columns.keys()


@pytest.mark.parametrize("name", STRANGE)
def test_what_cannot_be_named_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"name .* where|are no files"):
        written([STRANGE[name]], tmp_path, "sharegpt")
    rows, texts = written([STRANGE[name]], tmp_path)
    assert rows and "dataset_info.json" not in texts and "- LLaMA-Factory: " in texts["TRAINING.md"]


def test_urls_and_marks_that_are_only_text_are_refused_for_llama_factory(tmp_path: Path) -> None:
    _, texts = written([talk("What?", images=["https://a/b.png"])], tmp_path)
    assert "dataset_info.json" not in texts and "images are URLs or bytes" in texts["TRAINING.md"]
    _, texts = written([HELD["marks"], talk("an svg has <image> in it")], tmp_path)
    assert (
        "dataset_info.json" not in texts and "In 1 rows the text has another number of <image>" in texts["TRAINING.md"]
    )


def test_same_names_the_column_that_is_there(tmp_path: Path) -> None:
    rows, texts = written([HELD["llava"]] * 2, tmp_path, "same")
    assert rows == [HELD["llava"]] * 2
    assert json.loads(texts["dataset_info.json"])[DATASET]["columns"]["images"] == "image"
    assert "`media_dir:`" in texts["TRAINING.md"]


def test_images_of_a_pair(tmp_path: Path) -> None:
    rows, texts = written([{"prompt": "What?", "chosen": "A", "rejected": "B", "images": ["i.png"]}], tmp_path, "dpo")
    assert rows[0]["prompt"] == [{"role": "user", "content": "<image>What?"}] and rows[0]["images"]
    assert json.loads(texts["dataset_info.json"])[DATASET]["columns"]["images"] == "images"
