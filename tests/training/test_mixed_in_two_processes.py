"""A mixture under two CPU processes: the same entries per step, the same curve."""

from pathlib import Path

import orjson
import pytest
from tests.two_processes import run_in_two_and_one

pytest.importorskip("accelerate", reason="the base install has no torch")

PROGRAM = """
import sys
from dataclasses import replace
from pathlib import Path
from cuvee import render
from cuvee.training.mixed import MixedRows, train
from cuvee.models import causal
from cuvee.training.mixture import BlendReading
from cuvee.training.settings import Training
from tests.training.test_mixed import both
from tests.training.test_sft import talks
model = causal.load(sys.argv[1], device="cpu")
rows = render.encode_all(talks(), model.tokenizer, max_length=96)
settings = Training(steps=6, lr=3e-3, batch=7, save_every=3, micro_tokens=int(sys.argv[3]))
entries = replace(both(), reading=BlendReading(*READING))
train(model, MixedRows(entries, rows), settings, Path(sys.argv[2]), seed=1)
"""


@pytest.mark.slow
@pytest.mark.parametrize("reading", [("start",), ("answer",), ("answer", 0.5)], ids=str)
def test_two_processes_take_the_steps_of_one(reading: tuple[object], tiny_model: Path, tmp_path: Path) -> None:
    folders = run_in_two_and_one(PROGRAM.replace("READING", repr(reading)), tiny_model, tmp_path)
    two, one = (orjson.loads((folder / "training.json").read_bytes()) for folder in folders)
    assert two["tokens"] == one["tokens"] and two["steps"] == one["steps"] == 6
    assert [p["loss"] for p in two["curve"]] == pytest.approx([p["loss"] for p in one["curve"]], abs=1e-4)
    assert [p["grad_norm"] for p in two["curve"]] == pytest.approx([p["grad_norm"] for p in one["curve"]], rel=1e-2)
