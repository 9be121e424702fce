"""``cuvee search`` end to end on the tiny model: what is tried, what is confirmed, what is written."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.manifests import check_manifest

import cuvee
from cuvee import recipes
from cuvee.errors import ConfigError
from cuvee.planting.files import WrittenFiles, write

pytest.importorskip("torch", reason="the base install has no torch")

OPTIONS: dict[str, Any] = {
    "budget": "12", "trials": 4, "seeds": 2, "held_out": "40", "epochs": 1, "batch": 6, "max_length": 64, "lr": 3e-3,
    "embedder": "lexical",
}  # fmt: skip


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> WrittenFiles:
    return write(tmp_path_factory.mktemp("sample"), 220, seed=2)


def searched(sample: WrittenFiles, model: Path, out: Path, **changed: Any) -> Path:
    return cuvee.search([str(sample.pool)], model=str(model), out=out, **{**OPTIONS, **changed}).folder


def test_it_tries_confirms_and_writes_a_recipe(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    run = searched(sample, tiny_model, tmp_path / "run")
    check_manifest(run)
    tried = orjson.loads((run / "trials.json").read_bytes())
    assert 1 <= sum(len(one["losses"]) for one in tried) <= 4 and all(one["forward"] > 0 for one in tried)
    proof = orjson.loads((run / "proof.json").read_bytes())
    winner = tried[0]["recipe"]
    assert proof["primary"] == f"{winner}>random" and proof["seeds"] == [1_000, 1_001]
    assert proof["questions"] == 20  # the other half of what was held out
    steps = recipes.load(run / "recipe.yaml")
    assert steps[-1][0] in ("train", "adapt")
    assert "others, with 2 other seeds" in (run / "report.html").read_text()


@pytest.mark.slow  # eight trainings, two of them chains with a goal
def test_all_methods_and_the_control(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    options = {"trials": 12, "control": True, "goal": str(sample.questions)}
    run = searched(sample, tiny_model, tmp_path / "run", **options)
    before = {path: path.stat().st_mtime_ns for path in (run / "work").glob("*-*")}
    searched(sample, tiny_model, run, **options)
    assert {path: path.stat().st_mtime_ns for path in (run / "work").glob("*-*")} == before
    tried = orjson.loads((run / "trials.json").read_bytes())
    for by in ("search", "random"):
        assert sum(len(one["losses"]) for one in tried if one["by"] == by) <= 12
        assert any(not one["failed"] for one in tried if one["by"] == by)
    assert "random recipes" in " ".join(orjson.loads((run / "summary.json").read_bytes())["warnings"])


@pytest.mark.parametrize(
    ("changed", "says"),
    [({"trials": 2}, "halve"), ({"budget": "2Mtok"}, "tokens"), ({"distilled": "nowhere"}, "no finished run")],
)
def test_a_wrong_setting_is_one_line(
    changed: dict[str, Any], says: str, sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=says):
        searched(sample, tiny_model, tmp_path / "run", **changed)


def test_a_dry_run_writes_nothing(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    plan = cuvee.search([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", dry_run=True, **OPTIONS)
    assert "successive halving" in " ".join(plan.summary["plan"]["steps"]) and not (tmp_path / "run").exists()
