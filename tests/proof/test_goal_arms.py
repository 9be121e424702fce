"""Arms of a proof that are told a goal or go by the loss, on the tiny model: what they pick, and that work is done once."""

from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

import cuvee
from cuvee.errors import ConfigError, InputError
from cuvee.models import forward, gradients
from cuvee.planting import plant
from cuvee.proof.arms import parse

OPTIONS: dict[str, Any] = {
    "budget": "24", "epochs": 1, "batch": 8, "lr": 3e-3, "max_length": 96, "held_out": "30", "embedder": "lexical", "near": 0,
    "contamination": 1.0,
}  # fmt: skip
FAMILY = "conversion"


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, set[str]]:
    """Return a pool of many families, a goal of one of them, and the ids of that family's rows in the pool."""
    folder = tmp_path_factory.mktemp("goals")
    rows = [row for row in plant(900, seed=3) if row.fault is None]
    family = [row.row for row in rows if row.family == FAMILY]
    pool = family[12:] + [row.row for row in rows if row.family != FAMILY]
    (folder / "pool.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in pool))
    (folder / "goal.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in family[:12]))
    return folder / "pool.jsonl", folder / "goal.jsonl", {row["id"] for row in family[12:]}


def counting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the list to which every computation of gradients adds its number of rows."""
    computed: list[int] = []
    features = gradients.features

    def counted(model: Any, rows: Any, **named: Any) -> Any:
        computed.append(len(rows))
        return features(model, rows, **named)

    monkeypatch.setattr(gradients, "features", counted)
    return computed


def shares(result: cuvee.Result, family: set[str]) -> Any:
    """Return by arm which share of its rows is of the goal's family."""
    seen = pq.read_table(result.folder / "selections.parquet").to_pandas()
    return seen.assign(mine=seen["id"].isin(family)).groupby("arm")["mine"].mean()


def test_less_takes_rows_like_the_goal_and_its_gradients_once(
    places: tuple[Path, Path, set[str]], tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, goal, family = places
    computed = counting(monkeypatch)
    monkeypatch.setenv("CUVEE_HOME", str(tmp_path / "home"))
    arms = f"random,less:goal={goal}:warmup=10:dim=256:draw=0"
    result = cuvee.prove([str(pool)], arms=arms, model=str(tiny_model), seeds=2, out=tmp_path / "run", **OPTIONS)
    total = len(pool.read_bytes().splitlines())
    assert sum(computed) <= total + 12  # the second seed finds all of them
    share = shares(result, family)
    assert share[arms.split(",")[1]] >= 0.8 and share["random"] < 0.4


def test_dynamic_arms_take_the_same_updates(
    places: tuple[Path, Path, set[str]], tiny_model: Path, tmp_path: Path
) -> None:
    pool, goal, _ = places
    policy = f"adapt:goal={goal}:episodes=1:steps=2:subset=50%:probes=4:goal_rows=4:reward=exact_match"
    arms = f"random,self-paced,loss-based,{policy}"
    result = cuvee.prove([str(pool)], arms=arms, model=str(tiny_model), seeds=1, out=tmp_path / "run", **OPTIONS)
    told = {row["arm"]: row for row in result.summary["proof"]["arms"]}
    assert len(told) == 4 and len({round(row["mean"], 6) for row in told.values()}) == 4  # each trained otherwise
    assert {(row["updates"], row["rows"]) for row in told.values()} >= {(3, 24)} and all(
        row["rows"] for row in told.values()
    )
    seen = pq.read_table(result.folder / "selections.parquet").to_pandas().groupby("arm")["id"].nunique()
    assert set(seen.index) == set(told) and all(seen[arm] == row["rows"] for arm, row in told.items())


def test_a_goal_that_decides_the_proof_and_a_wrong_reward_are_refused(
    places: tuple[Path, Path, set[str]], tiny_model: Path, tmp_path: Path
) -> None:
    pool, goal, _ = places
    arms = f"random,less:goal={goal}"
    with pytest.raises(InputError, match="stand in a goal"):
        cuvee.prove(
            [str(pool)],
            arms=arms,
            model=str(tiny_model),
            on=[str(goal)],
            out=tmp_path / "run",
            **{**OPTIONS, "seeds": 1},
        )
    with pytest.raises(ConfigError, match="reward"):
        cuvee.prove([str(pool)], arms=f"random,adapt:goal={goal}:reward=bleu", model=str(tiny_model))


def test_rds_takes_rows_like_the_goal_and_reads_once(
    places: tuple[Path, Path, set[str]], tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, goal, family = places
    read, passes = 0, forward.passes

    def counted(model: Any, rows: Any, want: Any = ("loss",), **named: Any) -> Any:
        nonlocal read
        read += len(rows) * (list(want) == [forward.LATE])
        return passes(model, rows, want, **named)

    monkeypatch.setattr(forward, "passes", counted)
    monkeypatch.setenv("CUVEE_HOME", str(tmp_path / "home"))
    arms = f"random,rds+:goal={goal}"
    result = cuvee.prove([str(pool)], arms=arms, model=str(tiny_model), seeds=2, out=tmp_path / "run", **OPTIONS)
    assert read <= len(pool.read_bytes().splitlines()) + 12  # the second seed finds all of them
    share = shares(result, family)
    assert share[arms.split(",")[1]] >= 0.8 and share["random"] < 0.4


def test_less_by_landmarks_takes_a_fifth_of_the_gradients(
    places: tuple[Path, Path, set[str]], tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, goal, family = places
    computed = counting(monkeypatch)
    monkeypatch.setenv("CUVEE_HOME", str(tmp_path / "home"))
    arms = f"random,less:goal={goal}:warmup=10:dim=256:draw=0:landmarks=20%"
    result = cuvee.prove([str(pool)], arms=arms, model=str(tiny_model), seeds=1, out=tmp_path / "run", **OPTIONS)
    assert sum(computed) <= 0.2 * len(pool.read_bytes().splitlines()) + 12
    share = shares(result, family)
    assert share[arms.split(",")[1]] >= 0.7 and share["random"] < 0.4


@pytest.mark.parametrize("landmarks", ["0", "120%", "x", "-5%"])
def test_landmarks_that_cannot_be(landmarks: str) -> None:
    with pytest.raises(ConfigError, match="landmarks"):
        parse(f"less:goal=a.jsonl:landmarks={landmarks}")
