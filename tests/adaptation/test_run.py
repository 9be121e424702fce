"""``cuvee adapt`` end to end on the tiny model: episodes, the trajectory and its replay, kills, a policy used again."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest
from tests.manifests import check_manifest

import cuvee
from cuvee.errors import ConfigError, InputError
from cuvee.models import causal
from cuvee.planting import plant
from cuvee.planting.files import WrittenFiles, write

torch = pytest.importorskip("torch", reason="the base install has no torch")

from cuvee.adaptation import (  # noqa: E402
    folder,
    ppo,
)
from cuvee.adaptation.feed import Picked  # noqa: E402

OPTIONS: dict[str, Any] = {
    "episodes": 2,
    "steps": 5,
    "clusters": 2,
    "per_cluster": 3,
    "subset": "40%",
    "lr": 3e-3,
    "max_length": 128,
    "goal_rows": 8,
    "probes": 0,
    "random_start": 0.0,
    "save_every": 1,
    "embedder": "lexical",
    "draws": 1,
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> WrittenFiles:
    return write(tmp_path_factory.mktemp("sample"), 300, seed=2)


@pytest.fixture(scope="module")
def finished(sample: WrittenFiles, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return adapted(sample, tiny_model, tmp_path_factory.mktemp("finished") / "run")


def adapted(sample: WrittenFiles, model: Path, out: Path, **changed: Any) -> Path:
    """Run it with one home for all: what the store has was read in other batches, which moves the last digits."""
    options = {"goal": [str(sample.questions)], **OPTIONS, **changed}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUVEE_HOME", str(model.parent / "home-of-adapting"))
        return cuvee.adapt([str(sample.pool)], model=str(model), out=out, **options).folder


def trajectory(run: Path) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = pq.read_table(run / "trajectory.parquet").to_pydict()
    return found


def told(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((run / "summary.json").read_bytes())["adaptation"]
    return found


def same_weights(left: Path, right: Path) -> bool:
    return (left / "model/model.safetensors").read_bytes() == (right / "model/model.safetensors").read_bytes()


def test_it_trains_learns_and_says_what_it_did(finished: Path, tiny_model: Path) -> None:
    report = told(finished)
    assert len(report["episodes"]) == 2 and len(report["performance"]) == 6
    assert report["end"]["test"] < report["start"]["test"] - 0.05
    assert report["episodes"][0]["ppo"]["entropy"] == pytest.approx(1.0)  # nothing was learnt before the first
    assert causal.load(finished / "model").version != causal.load(tiny_model).version
    assert folder.read(finished).facts["episodes"] == 2
    page = (finished / "report.html").read_text()
    assert "What did the policy learn?" in page and "What was picked over time" in page


def test_the_trajectory_is_the_training_set_in_order(finished: Path) -> None:
    found = trajectory(finished)
    rows = [orjson.loads(line) for line in (finished / "selected.jsonl").read_bytes().splitlines()]
    assert sorted(set(found["step"])) == list(range(5)) and len(found["step"]) == 5 * 6
    first = list(dict.fromkeys(found["row"]))
    assert first == list(range(len(rows)))  # lines stand in the order in which they were first taken
    ledger = pq.read_table(finished / "ledger.parquet").to_pylist()
    ranked = {row["rank"] - 1: row["id"] for row in ledger if row["rank"]}
    assert [ranked[row] for row in found["row"]] == found["id"]


def test_every_row_is_accounted_for_and_no_kept_one_stands_in_the_goal(finished: Path, sample: WrittenFiles) -> None:
    ledger = pq.read_table(finished / "ledger.parquet").to_pylist()
    assert len(ledger) == sample.rows + sample.broken
    truth = [orjson.loads(line) for line in sample.truth.read_bytes().splitlines()]
    leaked = {row["id"] for row in truth if row["question"]}
    assert leaked and all(row["status"] == "dropped" for row in ledger if row["id"] in leaked)


def test_a_row_of_the_goal_in_the_pool_is_dropped_however_short(tiny_model: Path, tmp_path: Path) -> None:
    rows = [{"instruction": f"Add {n} and 1.", "input": "", "output": str(n + 1)} for n in range(40)]
    rows += [row.row for row in plant(200)[:60]]
    (tmp_path / "pool.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    (tmp_path / "goal.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows[:6]))
    options = {**OPTIONS, "episodes": 1, "steps": 2, "near": 0, "goal": [str(tmp_path / "goal.jsonl")]}
    result = cuvee.adapt([str(tmp_path / "pool.jsonl")], model=str(tiny_model), out=tmp_path / "run", **options)
    ledger = pq.read_table(result.folder / "ledger.parquet").sort_by("line").to_pylist()
    assert all(row["stage"] in ("goal", "contamination") for row in ledger[:6])
    assert sum(row["stage"] == "goal" for row in ledger) <= 6


def test_the_manifest_names_every_file_the_policy_and_the_trajectory_too(finished: Path) -> None:
    check_manifest(finished)
    manifest = orjson.loads((finished / "manifest.json").read_bytes())
    names = {output["file"] for output in manifest["outputs"]}
    assert {"trajectory.parquet", "policy/policy.json", "policy/policy.safetensors", "model/model.safetensors"} <= names
    assert manifest["settings"]["episodes"] == 2 and manifest["settings"]["final_picks"] == "top"
    assert manifest["training"]["steps"] == 5 and manifest["adapters"] is None


def test_the_manifest_says_how_adapters_are_scaled(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    run = adapted(sample, tiny_model, tmp_path / "run", lora=4, episodes=1)
    check_manifest(run)
    assert orjson.loads((run / "manifest.json").read_bytes())["adapters"] == {"rank": 4, "alpha": 8}


def test_train_replays_it_to_the_same_weights(finished: Path, tiny_model: Path, tmp_path: Path) -> None:
    result = cuvee.train(
        [str(finished)], model=str(tiny_model), replay=True, lr=3e-3, max_length=128, out=tmp_path / "replayed"
    )
    assert same_weights(finished, result.folder)
    with pytest.raises(ConfigError, match="its own steps"):
        cuvee.train([str(finished)], model=str(tiny_model), replay=True, epochs=2, out=tmp_path / "other")
    with pytest.raises(InputError, match="one run folder"):
        cuvee.train([str(finished / "selected.jsonl")], model=str(tiny_model), replay=True, out=tmp_path / "other")


class Killed(BaseException):
    """What stops a run, as a signal would."""


@pytest.mark.slow  # make torture kills every verb at every operation on the disk
def test_killed_again_and_again_it_takes_the_same_rows(
    finished: Path, sample: WrittenFiles, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after every second step of every episode, and once between an episode's training and its learning."""
    observe, update = Picked.observe, ppo.update
    left, updates, kills = 2, 0, 0

    def stopping(feed: Picked, step: int, reward: float) -> None:
        nonlocal left
        observe(feed, step, reward)
        left -= 1
        if left < 0:
            raise Killed

    def failing(*given: Any, **named: Any) -> ppo.Told:
        nonlocal updates
        updates += 1
        if updates == 1:
            raise Killed
        return update(*given, **named)

    monkeypatch.setattr(Picked, "observe", stopping)
    monkeypatch.setattr(ppo, "update", failing)
    for _ in range(30):
        try:
            adapted(sample, tiny_model, tmp_path / "run")
            break
        except Killed:
            left, kills = 2, kills + 1
    assert kills >= 6
    assert trajectory(tmp_path / "run") == trajectory(finished)
    assert told(tmp_path / "run") == told(finished)
    assert same_weights(tmp_path / "run", finished)


def test_a_second_call_does_nothing_and_one_more_episode_costs_one(
    finished: Path, sample: WrittenFiles, tiny_model: Path
) -> None:
    adapted(sample, tiny_model, finished)
    manifest = orjson.loads((finished / "manifest.json").read_bytes())
    assert all(step["reused"] for step in manifest["steps"])


def test_a_policy_is_used_again_on_another_pool_and_goes_on_learning(
    finished: Path, tiny_model: Path, tmp_path: Path
) -> None:
    other = write(tmp_path / "other", 220, seed=9)
    used = adapted(other, tiny_model, tmp_path / "used", policy=finished, episodes=0)
    again, before = folder.read(used), folder.read(finished)
    assert all(torch.equal(a, b) for a, b in zip(again.network.parameters(), before.network.parameters(), strict=True))
    warm = adapted(other, tiny_model, tmp_path / "warm", policy=finished / "policy", episodes=1)
    assert folder.read(warm).facts["episodes"] == 3
    assert told(warm)["episodes"][0]["ppo"]["entropy"] < 1.0


def test_a_policy_that_sees_through_another_model_is_refused(
    finished: Path, sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    from cuvee.models import tiny

    another = tiny.make(tmp_path / "another", seed=5)
    with pytest.raises(ConfigError, match="sees rows through"):
        adapted(sample, tiny_model, tmp_path / "run", policy=finished, episodes=0, aux=str(another))
    adapted(sample, another, tmp_path / "run", policy=finished, episodes=0)  # it trains another model through its own


@pytest.mark.parametrize("changed", [{"every": 2}, {"lora": 4}, {"final_picks": "sample", "final_steps": 7}])
def test_it_runs_in_other_ways(sample: WrittenFiles, tiny_model: Path, tmp_path: Path, changed: dict[str, Any]) -> None:
    run = adapted(sample, tiny_model, tmp_path / "run", **{**changed, "episodes": 1})
    steps = changed.get("final_steps", 5)
    assert sorted(set(trajectory(run)["step"])) == list(range(steps))
    assert len(told(run)["performance"]) == 1 + -(-steps // changed.get("every", 1))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"per_cluster": 0}, "per-cluster"),
        ({"episodes": 0}, "no policy"),
        ({"ppo": "gamma=1"}, "gamma"),
        ({"final_picks": "best"}, "final-picks"),
        ({"subset": "2Mtok"}, "2Mtok"),
    ],
)
def test_a_wrong_setting_is_one_line(
    changed: dict[str, Any], says: str, sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=says):
        adapted(sample, tiny_model, tmp_path / "run", **changed)


def test_a_goal_of_one_row_cannot_be_split(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "goal.jsonl").write_bytes(sample.questions.read_bytes().splitlines()[0] + b"\n")
    with pytest.raises(InputError, match="at least 2"):
        adapted(sample, tiny_model, tmp_path / "run", goal=[str(tmp_path / "goal.jsonl")])


def test_a_dry_run_writes_nothing(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    options = {"goal": [str(sample.questions)], **OPTIONS}
    plan = cuvee.adapt([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", dry_run=True, **options)
    assert "2 episodes" in " ".join(plan.summary["plan"]["steps"]) and not (tmp_path / "run").exists()


@pytest.mark.slow
def test_it_finds_the_family_that_the_goal_is_of(tiny_model: Path, tmp_path: Path) -> None:
    """About 5 % of the pool is of the goal's family: the learnt policy takes at least 5 times that, random does not."""
    rows = [row for row in plant(2_400, seed=3) if row.fault is None]
    family = [row.row for row in rows if row.family == "conversion"]
    pool = family[60:] + [row.row for row in rows if row.family != "conversion"]
    (tmp_path / "pool.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in pool))
    (tmp_path / "goal.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in family[:60]))
    options = {
        **OPTIONS,
        "episodes": 12,
        "steps": 30,
        "per_cluster": 4,
        "goal_rows": 20,
        "near": 0,
        "contamination": 1.0,
        "save_every": 0,
        "goal": [str(tmp_path / "goal.jsonl")],
    }
    learnt = cuvee.adapt([str(tmp_path / "pool.jsonl")], model=str(tiny_model), out=tmp_path / "run", **options).folder
    unlearnt = folder.read(learnt)
    facts = unlearnt.facts
    fresh = folder.Policy.fresh(unlearnt.basis, seed=0, aux=facts["aux"], aux_version=facts["aux_version"])
    folder.write(fresh, tmp_path / "fresh")
    options |= {"episodes": 0, "policy": tmp_path / "fresh", "final_picks": "sample"}
    chance = cuvee.adapt([str(tmp_path / "pool.jsonl")], model=str(tiny_model), out=tmp_path / "any", **options).folder
    names, share = {row["id"] for row in family}, (len(family) - 60) / len(pool)
    taken = {run: np.mean([name in names for name in trajectory(run)["id"]]) for run in (learnt, chance)}
    assert taken[learnt] >= 5 * share and taken[chance] < 2 * share
    assert told(learnt)["end"]["test"] < told(chance)["end"]["test"] - 0.2
