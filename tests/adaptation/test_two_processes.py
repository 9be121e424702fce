"""Two CPU processes: a policy picks the same rows in both, and those of one process."""

from pathlib import Path

import orjson
import pytest
from tests.two_processes import run_in_two_and_one

pytest.importorskip("accelerate", reason="the base install has no torch")

PROGRAM = """
import os, sys
from pathlib import Path
import numpy as np, torch
from cuvee import render
from cuvee.models import causal
from cuvee.adaptation import state
from cuvee.adaptation.feed import Picked, Picking
from cuvee.adaptation.folder import Policy
from cuvee.runs import write_json
from cuvee.adaptation.reward import Part, Reward
from cuvee.training import sft
from cuvee.training.settings import Training
from tests.training.test_sft import talks
model = causal.load(sys.argv[1], device="cpu")
rows = render.encode_all(talks(), model.tokenizer, max_length=96)
draw = np.random.default_rng(0)
figures, vectors = draw.normal(size=(40, 6)).astype(np.float32), draw.normal(size=(40, 9)).astype(np.float32)
policy = Policy.fresh(state.fit(figures, vectors), seed=0)
policy.stage = state.Stage(0.2, 0.1)
with torch.no_grad():
    policy.network.layers[-1].weight.normal_(0, 0.5, generator=torch.Generator().manual_seed(1))
seen = state.SeenRows.of(policy.basis.columns(figures, vectors), np.arange(40) % 2)
feed = Picked(seen, policy, Picking(3, 6, seed=4), start=-7.0)
settings = Training(steps=6, lr=3e-3, batch=6, save_every=3, micro_tokens=int(sys.argv[3]))
reward = feed.measured(Reward().performance(model, Part(rows[:5], [])))
sft.train(model, rows, settings, Path(sys.argv[2]), seed=1, feed=feed, reward=reward)
write_json(Path(f"{sys.argv[2]}-{os.environ.get('RANK', '0')}.json"), feed.state())
"""


@pytest.mark.slow
def test_two_processes_pick_the_same_rows(tiny_model: Path, tmp_path: Path) -> None:
    run_in_two_and_one(PROGRAM, tiny_model, tmp_path)
    first, second, one = (
        orjson.loads((tmp_path / f"{name}.json").read_bytes()) for name in ("two-0", "two-1", "one-0")
    )
    assert first == second  # picks, scores and performances, to the last bit
    assert first["picks"] == one["picks"] and len(first["picks"]) == 6
    assert first["performance"] == pytest.approx(one["performance"], abs=1e-3)
