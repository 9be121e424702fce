"""Two CPU processes: a policy picks the same rows in both, and those of one process.

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
import os, sys
from pathlib import Path
import numpy as np, torch
from cuvee import render
from cuvee.models import causal
from cuvee.policy import state
from cuvee.policy.feed import Picked, Wanted
from cuvee.policy.folder import Policy
from cuvee.runs import write_json
from cuvee.steps.goals import performance
from cuvee.training import sft
from tests.training.test_sft import talks
model = causal.load(sys.argv[1], device="cpu")
rows = render.encode_all(talks(), model.tokenizer, max_length=96)
draw = np.random.default_rng(0)
figures, vectors = draw.normal(size=(40, 4)).astype(np.float32), draw.normal(size=(40, 9)).astype(np.float32)
policy = Policy.fresh(state.fit(figures, vectors), seed=0)
policy.stage = state.Stage(0.2, 0.1)
with torch.no_grad():
    policy.network.layers[-1].weight.normal_(0, 0.5, generator=torch.Generator().manual_seed(1))
seen = state.Rows.of(policy.basis.columns(figures, vectors), np.arange(40) % 2)
feed = Picked(seen, policy, Wanted(3, 6, seed=4), start=-7.0)
settings = sft.Training(steps=6, lr=3e-3, batch=6, save_every=3, micro_tokens=int(sys.argv[3]))
reward = feed.measured(performance(model, rows[:5]))
sft.train(model, rows, settings, Path(sys.argv[2]), seed=1, feed=feed, reward=reward)
write_json(Path(f"{sys.argv[2]}-{os.environ.get('RANK', '0')}.json"), feed.state())
"""


@pytest.mark.slow
def test_two_processes_pick_the_same_rows(tiny_model: Path, tmp_path: Path) -> None:
    """About 40 s, most of it three imports of transformers."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}", "OMP_NUM_THREADS": "1"}
    environment["ACCELERATE_USE_CPU"] = "true"
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    for command, name, tokens in ((launch, "two", "192"), ([sys.executable], "one", "384")):
        arguments = [*command, str(program), str(tiny_model), str(tmp_path / name), tokens]
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=400)
        assert done.returncode == 0, done.stderr
    first, second, one = (
        orjson.loads((tmp_path / f"{name}.json").read_bytes()) for name in ("two-0", "two-1", "one-0")
    )
    assert first == second  # picks, scores and performances, to the last bit
    assert first["picks"] == one["picks"] and len(first["picks"]) == 6
    assert first["performance"] == pytest.approx(one["performance"], abs=1e-3)
