"""A mixture's files: a folder per part, and weights that draw the shares asked for."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml

from cuvee.samples.read import read
from cuvee.samples.schema import SAMPLE
from cuvee.samples.trainers_mixture import MixturePart, mixture_files


@pytest.fixture
def table(tmp_path: Path) -> pa.Table:
    rows = [{"question": f"q{at}", "answer": "a", "rejected": "b"} for at in range(10)]
    (tmp_path / "pool.json").write_text(json.dumps(rows))
    return pa.Table.from_batches(read(tmp_path / "pool.json").batches(), SAMPLE)


def test_weights_draw_the_shares(table: pa.Table, tmp_path: Path) -> None:
    parts = [
        MixturePart("gsm8k", np.arange(4), 0.4),
        MixturePart("t0*", np.arange(4, 6), 0.3),
        MixturePart("others", np.arange(6, 10), 0.3),
    ]
    told = mixture_files(tmp_path / "m", table, parts, {"format": "messages", "file": "jsonl"})
    info = json.loads((tmp_path / "m" / "dataset_info.json").read_text())
    assert list(info) == ["gsm8k", "t0", "others"]
    lines = [len((tmp_path / "m" / entry["file_name"]).read_text().splitlines()) for entry in info.values()]
    assert lines == [4, 2, 4]
    mix = yaml.safe_load((tmp_path / "m" / "llamafactory.yaml").read_text())
    assert mix["dataset"].split(",") == list(info) and mix["mix_strategy"] == "interleave_over"
    assert [float(prob) for prob in mix["interleave_probs"].split(",")] == [0.4, 0.3, 0.3]
    entries = yaml.safe_load((tmp_path / "m" / "axolotl.yaml").read_text())["datasets"]
    taken = [entry["weight"] * rows for entry, rows in zip(entries, lines, strict=True)]
    assert [one / sum(taken) for one in taken] == pytest.approx([0.4, 0.3, 0.3], abs=1e-6)
    assert all(0 < entry["weight"] <= 1 for entry in entries)  # axolotl takes no more than a whole file
    assert [(tmp_path / "m" / entry["path"]).exists() for entry in entries] == [True] * 3
    assert told["t0*"] == {"folder": "t0", "interleave_prob": 0.3, "weight": 1.0}


def test_trainers_that_cannot_read_the_parts_get_no_mix(table: pa.Table, tmp_path: Path) -> None:
    mixture_files(
        tmp_path / "m",
        table,
        [MixturePart("all", np.arange(10), 1.0)],
        {"format": "prompt-completion", "file": "jsonl"},
    )
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == [
        "all",
        "axolotl.yaml",
        "dataset_info.json",
        "llamafactory.yaml",
    ]
