"""Two CPU processes: the same rows per step, the same curve.

Started by torchrun: ``accelerate launch --cpu --num_processes 2`` starts one process only, unless it is given MPI.
"""

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

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
settings = sft.Training(steps=8, lr=3e-3, batch=7, save_every=3, micro_tokens=int(sys.argv[3]))
sft.train(model, rows, settings, Path(sys.argv[2]), seed=1)
"""


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one(tiny_model: Path, tmp_path: Path) -> None:
    """One process with passes twice as wide; about 40 s, most of it three imports of transformers."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}", "OMP_NUM_THREADS": "1"}
    environment["ACCELERATE_USE_CPU"] = "true"
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    for command, name, tokens in ((launch, "two", "192"), ([sys.executable], "one", "384")):
        arguments = [*command, str(program), str(tiny_model), str(tmp_path / name), tokens]
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
    two, one = (orjson.loads((tmp_path / name / "training.json").read_bytes()) for name in ("two", "one"))
    assert two["tokens"] == one["tokens"] and two["steps"] == one["steps"] == 8
    assert [point["tokens"] for point in two["curve"]] == [point["tokens"] for point in one["curve"]]
    assert [p["loss"] for p in two["curve"]] == pytest.approx([p["loss"] for p in one["curve"]], abs=1e-4)
