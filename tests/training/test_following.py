"""Other people's trainers take a feed's rows: TRL's and the plain one, the same steps after a stop, and what they are told."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import cuvee
from cuvee.errors import ConfigError, InputError
from cuvee.models import causal
from cuvee.training.feeds import InOrder, Shuffled
from cuvee.training.replaying import schema

pytest.importorskip("accelerate", reason="the base install has no torch")

import transformers

STEPS = [[3, 1], [0, 3], [2, 2], [1, 0], [3, 2], [0, 1]]


class Told(Shuffled):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__(4, 2, seed=0)
        self.heard: list[tuple[int, float]] = []

    def observe(self, step: int, reward: float) -> None:
        self.heard.append((step, reward))

    def state(self) -> dict[str, Any]:
        return {"heard": self.heard}

    def restore(self, state: Any) -> None:
        self.heard = [tuple(one) for one in state["heard"]]


def plain(model: Path, out: Path, **changed: Any) -> tuple[Any, list[int]]:
    """Return a plain Trainer of four rows, two a step, and the list of the rows that it takes in."""
    net = causal.load(model, device="cpu")
    seen: list[int] = []

    def collate(rows: list[dict[str, Any]]) -> Any:
        seen.extend(row["number"] for row in rows)
        ids = np.array([row["input_ids"] for row in rows])
        return transformers.BatchEncoding({"input_ids": ids, "labels": ids}, tensor_type="pt")

    settings = {
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": 2,
        "max_steps": -1,
        "save_strategy": "steps",
        "save_steps": 3,
        "use_cpu": True,
        "report_to": "none",
        "logging_steps": 1,
        "remove_unused_columns": False,
        "disable_tqdm": True,
        **changed,
    }
    trainer = transformers.Trainer(
        model=net.model,
        args=transformers.TrainingArguments(output_dir=str(out), **settings),
        train_dataset=[{"number": row, "input_ids": [row + 5] * 4} for row in range(4)],
        data_collator=collate,
    )
    return trainer, seen


def recorded(folder: Path) -> Path:
    """Write a run's trajectory of STEPS and the manifest that names it."""
    from cuvee.runs import write_json

    rows = [row for step in STEPS for row in step]
    columns = {
        "step": np.repeat(np.arange(len(STEPS)), 2),
        "row": rows,
        "id": [f"r{row}" for row in rows],
        "cluster": [0] * len(rows),
        "score": [0.0] * len(rows),
    }
    folder.mkdir()
    pq.write_table(pa.table(columns, schema=schema(1, {})), folder / "trajectory.parquet")
    write_json(folder / "manifest.json", {"verb": "adapt", "outputs": [{"file": "trajectory.parquet"}]})
    return folder


def test_a_recorded_trajectory_is_taken_again_and_goes_on_after_a_stop(tiny_model: Path, tmp_path: Path) -> None:
    run = recorded(tmp_path / "run")
    trainer, seen = plain(tiny_model, tmp_path / "out")
    cuvee.follow(trainer, run)
    trainer.train()
    assert trainer.state.global_step == len(STEPS) and seen == [row for step in STEPS for row in step]
    again, late = plain(tiny_model, tmp_path / "out")
    cuvee.follow(again, str(run))
    again.train(resume_from_checkpoint=str(tmp_path / "out/checkpoint-3"))
    assert late[-6:] == seen[6:] and again.state.global_step == 6


def test_a_feed_hears_every_step_and_remembers_it(tiny_model: Path, tmp_path: Path) -> None:
    trainer, seen = plain(tiny_model, tmp_path / "out")
    feed: Any = cuvee.follow(trainer, Told(), reward=lambda model: float(model.training), steps=4)
    trainer.train()
    assert feed.heard == [(step, 1.0) for step in range(4)] and len(seen) == 8
    again, _ = plain(tiny_model, tmp_path / "out")
    later: Any = cuvee.follow(again, Told(), steps=4)  # told the loss from here
    again.train(resume_from_checkpoint=str(tmp_path / "out/checkpoint-3"))
    assert later.heard[:3] == feed.heard[:3] and [step for step, _ in later.heard] == [0, 1, 2, 3]
    assert later.heard[3][1] < -1


def test_what_does_not_fit_is_one_line(tiny_model: Path, tmp_path: Path) -> None:
    run = recorded(tmp_path / "run")
    trainer, _ = plain(tiny_model, tmp_path / "out", gradient_accumulation_steps=3)
    with pytest.raises(ConfigError, match="a step of the feed has 2 rows, one of the trainer 3"):
        cuvee.follow(trainer, run)
    with pytest.raises(ConfigError, match="no end of its own"):
        cuvee.follow(plain(tiny_model, tmp_path / "out")[0], Shuffled(4, 2, seed=0))
    trainer, _ = plain(tiny_model, tmp_path / "out")
    with pytest.raises(ConfigError, match="2 or 3 rows"):
        cuvee.follow(trainer, InOrder([np.arange(2), np.arange(3)]))
    trainer.train_dataset = trainer.train_dataset * 2
    with pytest.raises(InputError, match="the trainer has 8 rows, the run 4"):
        cuvee.follow(trainer, run)
    trainer.args.packing = True
    with pytest.raises(ConfigError, match="packs rows"):
        cuvee.follow(trainer, InOrder([np.arange(2)]))
