"""Recipes that replay: the rows in the order of training, and settings that keep that order; LLaMA-Factory takes the steps."""

import os
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
import yaml

import cuvee
from cuvee.planting.files import write

torch = pytest.importorskip("torch", reason="the base install has no torch")


@pytest.fixture(scope="module")
def run(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    sample = write(tmp_path_factory.mktemp("sample"), 200, seed=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUVEE_HOME", str(tmp_path_factory.mktemp("home")))
        return cuvee.adapt(
            [str(sample.pool)],
            goal=[str(sample.questions)],
            model=str(tiny_model),
            episodes=1,
            steps=2,
            final_steps=3,
            clusters=2,
            per_cluster=2,
            max_length=96,
            goal_rows=4,
            embedder="lexical",
            draws=0,
            save_every=0,
            out=tmp_path_factory.mktemp("adapt") / "run",
        ).folder


def test_the_rows_stand_in_the_order_of_training(run: Path) -> None:
    rows = [orjson.loads(line) for line in (run / "replay/replay.jsonl").read_bytes().splitlines()]
    ids = pq.read_table(run / "trajectory.parquet")["id"].to_pylist()
    chosen = cuvee.report(run).ledger().filter(status="kept").sort("rank")["id"].to_list()
    assert len(rows) == len(ids) == 12 and len({*ids}) == len(chosen)
    told = {one: row["messages"] for one, row in zip(ids, rows, strict=True)}
    assert [told[one] for one in ids] == [row["messages"] for row in rows]  # a row that comes again is the same


def test_the_recipes_take_the_rows_as_they_stand(run: Path) -> None:
    factory = yaml.safe_load((run / "replay/llamafactory.yaml").read_text())
    info = orjson.loads((run / "replay/dataset_info.json").read_bytes())
    assert info[factory["dataset"]]["file_name"] == "replay.jsonl"
    assert factory["disable_shuffling"] and not factory["packing"]
    assert (factory["per_device_train_batch_size"], factory["max_steps"]) == (4, 3)
    lotl = yaml.safe_load((run / "replay/axolotl.yaml").read_text())
    assert lotl["datasets"][0]["path"] == "replay.jsonl" and lotl["curriculum_sampling"]
    assert not any(lotl[key] for key in ("shuffle_merged_datasets", "sample_packing", "val_set_size"))
    assert lotl["excess_length_strategy"] == "truncate" and not lotl["dataset_exact_deduplication"]
    assert (lotl["micro_batch_size"], lotl["max_steps"]) == (4, 3)
    outputs = [one["file"] for one in orjson.loads((run / "manifest.json").read_bytes())["outputs"]]
    assert {f"replay/{name}" for name in ("replay.jsonl", "llamafactory.yaml", "axolotl.yaml")} <= {*outputs}


def test_a_policy_drives_a_trainer_of_somebody_else(run: Path, tiny_model: Path, tmp_path: Path) -> None:
    from tests.training.test_following import plain

    rows = [{"instruction": f"Name {n} rivers", "output": f"river {n} " * (n % 5 + 1)} for n in range(30)]
    feed: Any = cuvee.policy_feed(run, rows, steps=3)
    trainer, seen = plain(tiny_model, tmp_path, per_device_train_batch_size=2)
    trainer.train_dataset = [{"number": row, "input_ids": [row + 5] * 4} for row in range(30)]
    assert id(cuvee.follow(trainer, feed, steps=3)) == id(feed)
    trainer.train()
    assert trainer.state.global_step == 3 and len(seen) == 12 and {*seen} <= set(range(30))
    picked = [int(row) for step in range(3) for row in feed.next(step)]
    assert seen == picked
    performance = feed.state()["performance"]
    assert len(performance) == 4 and performance[-1] == pytest.approx(feed.judge(trainer.model), abs=1e-5)


# it loads another installation of torch and trains in it
@pytest.mark.slow
def test_llama_factory_replays_the_steps(run: Path, tmp_path: Path) -> None:
    program = os.environ.get("CUVEE_LLAMAFACTORY", "")
    if not Path(program).is_file():
        pytest.skip(
            "CUVEE_LLAMAFACTORY names no llamafactory-cli (pip install llamafactory==0.9.5, in a venv of its own)"
        )
    env = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "DISABLE_VERSION_CHECK": "1", "HF_HOME": str(tmp_path)}
    command = [program, "train", "llamafactory.yaml", f"output_dir={tmp_path / 'model'}"]
    done = subprocess.run(command, cwd=run / "replay", env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    state = orjson.loads((tmp_path / "model/trainer_state.json").read_bytes())
    assert state["global_step"] == 3 and len([one for one in state["log_history"] if "loss" in one]) == 3
