"""Two CPU processes: the same rows per step, the same curve."""

from pathlib import Path

import orjson
import pytest
from tests.two_processes import run_in_two_and_one

pytest.importorskip("accelerate", reason="the base install has no torch")

PROGRAM = """
import sys
from pathlib import Path
from cuvee import render
from cuvee.models import causal
from cuvee.training import sft
from tests.training.test_sft import talks
model = causal.load(sys.argv[1], device="cpu")
rows = render.encode_all(talks(), model.tokenizer, max_length=96)
settings = Training(steps=8, lr=3e-3, batch=7, save_every=3, micro_tokens=int(sys.argv[3]))
sft.train(model, rows, settings, Path(sys.argv[2]), seed=1)
"""


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one(tiny_model: Path, tmp_path: Path) -> None:
    folders = run_in_two_and_one(PROGRAM, tiny_model, tmp_path)
    two, one = (orjson.loads((folder / "training.json").read_bytes()) for folder in folders)
    assert two["tokens"] == one["tokens"] and two["steps"] == one["steps"] == 8
    assert [point["tokens"] for point in two["curve"]] == [point["tokens"] for point in one["curve"]]
    assert [p["loss"] for p in two["curve"]] == pytest.approx([p["loss"] for p in one["curve"]], abs=1e-4)
