"""``cuvee prove`` end to end on the tiny model: equal updates, pairing, resume, verdicts, files."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest
from tests.killing import killed_when

import cuvee
from cuvee.errors import ConfigError, InputError
from cuvee.models.speed import parameters
from cuvee.planting.files import WrittenFiles, write
from cuvee.proof.arms import ARMS, parse
from cuvee.proof.kinds import RowsArm

OPTIONS: dict[str, Any] = {
    "arms": "k-center,random,full,base", "budget": "30", "seeds": 3, "held_out": "40", "epochs": 2, "lr": 3e-3,
    "batch": 10, "max_length": 96, "embedder": "lexical",
}  # fmt: skip


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> WrittenFiles:
    return write(tmp_path_factory.mktemp("sample"), 300, seed=2)


@pytest.fixture(scope="module")
def finished(sample: WrittenFiles, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("finished") / "run"
    return cuvee.prove([str(sample.pool)], model=str(tiny_model), out=out, **OPTIONS).folder


def told(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((folder / "proof.json").read_bytes())
    return found


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.iterdir() if path.is_file() and path.name != "manifest.json"]  # which has times
    return {path.name: path.read_bytes() for path in files}


def trials(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads((folder / "manifest.json").read_bytes())["trials"]
    return found


def test_every_arm_takes_the_same_number_of_updates(finished: Path) -> None:
    trained = [trial for trial in trials(finished) if trial["arm"] != "base"]
    assert len(trained) == 3 * 3
    assert {trial["updates"] for trial in trained} == {6}  # 2 epochs of 30 rows in batches of 10
    assert {trial["rows"] for trial in trained if trial["arm"] != "full"} == {30}
    assert all(trial["rows"] > 100 for trial in trained if trial["arm"] == "full")


def test_the_base_model_is_judged_once_and_loses(finished: Path) -> None:
    base = next(arm for arm in told(finished)["arms"] if arm["arm"] == "base")
    assert (base["runs"], base["updates"], base["rows"]) == (1, 0, 0)
    assert base["verdict"] == "loses"
    assert "base loses to random" in cuvee.report(finished).summary["sentence"]


def test_one_row_per_arm_seed_and_question_and_all_arms_saw_the_same_questions(finished: Path) -> None:
    table = pq.read_table(finished / "results.parquet").to_pandas()
    questions = told(finished)["questions"]
    assert len(table) == questions * (3 * 3 + 1)
    assert table["loss"].notna().all()
    asked = table.groupby(["arm", "seed"], dropna=False)["question"].apply(list)
    assert all(names == asked.iloc[0] for names in asked)
    assert table[table["arm"] == "base"]["seed"].isna().all()


def test_means_and_differences_are_those_of_the_table(finished: Path) -> None:
    table = pq.read_table(finished / "results.parquet").to_pandas()
    means = table.groupby(["arm", "task"])["loss"].mean().groupby("arm").mean()
    for arm in told(finished)["arms"]:
        assert arm["mean"] == pytest.approx(means[arm["arm"]])
        if arm["arm"] != "random":
            assert arm["difference"] == pytest.approx(means["random"] - means[arm["arm"]])
            assert arm["low"] < arm["difference"] < arm["high"]


def test_exact_match_beside_the_loss_shares_the_chance_of_a_false_claim(
    sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    options = OPTIONS | {"arms": "random,base", "seeds": 2, "metrics": "loss,exact_match", "max_new_tokens": 12}
    result = cuvee.prove([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", **options)
    proof = result.summary["proof"]
    (also,) = proof["also"]
    assert (proof["metric"], also["metric"], also["better"]) == ("loss", "exact_match", "higher")
    table = pq.read_table(tmp_path / "run" / "results.parquet").to_pandas()
    assert set(table["exact_match"].dropna()) <= {0.0, 1.0}
    assert 2 <= also["questions"] == table["exact_match"].notna().sum() // 3 < proof["questions"]
    assert "by exact match: " in result.summary["sentence"]
    assert "by exact match?" in (tmp_path / "run" / "report.html").read_text()
    alone = cuvee.prove(
        [str(sample.pool)],
        model=str(tiny_model),
        out=tmp_path / "run",
        **options | {"metrics": "loss", "replace": True},
    )
    narrow, wide = alone.summary["proof"]["arms"][1], proof["arms"][1]
    assert narrow["difference"] == wide["difference"] and narrow["half_width"] < wide["half_width"]


def test_no_arm_saw_a_question_and_every_seed_of_random_draws_anew(finished: Path) -> None:
    seen = pq.read_table(finished / "selections.parquet").to_pandas()
    asked = set(pq.read_table(finished / "results.parquet")["question"].to_pylist())
    assert not asked & set(seen["id"])
    chosen = seen.groupby(["arm", "seed"])["id"].apply(frozenset)
    assert chosen["random", 0] != chosen["random", 1]
    assert chosen["full", 0] == chosen["full", 1]


def test_the_page_shows_the_verdicts_and_the_forest(finished: Path) -> None:
    page = (finished / "report.html").read_text()
    assert "Which arm wins?" in page and "base loses to random" in page
    assert page.count('class="interval') == 3
    assert "No row of this run has a place" not in page


def test_a_second_call_trains_nothing_and_changes_nothing(
    finished: Path, sample: WrittenFiles, tiny_model: Path
) -> None:
    before = contents(finished)
    start = time.perf_counter()
    cuvee.prove([str(sample.pool)], model=str(tiny_model), out=finished, **OPTIONS)
    assert time.perf_counter() - start < 10
    assert contents(finished) == before
    assert not list(finished.rglob("*.safetensors"))


def test_another_seed_adds_only_its_trainings(
    finished: Path, sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    options = {**OPTIONS, "arms": "random,base"}
    out = tmp_path / "run"
    cuvee.prove([str(sample.pool)], model=str(tiny_model), out=out, **{**options, "seeds": 2})
    first = {path.name: path.stat().st_mtime for path in (out / "work").glob("arm-*")}
    with pytest.raises(ConfigError, match=r"other settings: seeds was 2 and is now 3"):
        cuvee.prove([str(sample.pool)], model=str(tiny_model), out=out, **options)
    result = cuvee.prove([str(sample.pool)], model=str(tiny_model), out=out, replace=True, **options)
    now = {path.name: path.stat().st_mtime for path in (out / "work").glob("arm-*")}
    assert len(first) == 3 and len(now) == 4
    assert all(now[name] == when for name, when in first.items())
    values = {arm["arm"]: arm["mean"] for arm in result.summary["proof"]["arms"]}
    assert values["random"] == next(arm["mean"] for arm in told(finished)["arms"] if arm["arm"] == "random")


@pytest.mark.slow  # make torture kills every verb at every operation on the disk
def test_a_killed_run_goes_on_to_the_same_table(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    options = {**OPTIONS, "arms": "random,base", "seeds": 2}
    whole = cuvee.prove([str(sample.pool)], model=str(tiny_model), out=tmp_path / "whole", **options).folder
    typed = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    out = tmp_path / "run"
    command = ["prove", str(sample.pool), "--model", str(tiny_model), *typed, "--out", str(out)]
    then = 0.2  # inside the training that follows
    assert killed_when(lambda: list((out / "work").glob("arm-base*")), command, then=then)
    assert not (out / "proof.json").exists() and list((out / "work").glob("arm-random-0*"))
    cuvee.prove([str(sample.pool)], model=str(tiny_model), out=out, **options)
    assert (out / "results.parquet").read_bytes() == (whole / "results.parquet").read_bytes()
    assert told(out)["arms"] == told(whole)["arms"]


def test_the_same_epochs_gives_full_data_more_updates(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    options = {**OPTIONS, "arms": "random,uniform,full", "seeds": 1, "same": "epochs", "epochs": 1}
    folder = cuvee.prove([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", **options).folder
    updates = {trial["arm"]: trial["updates"] for trial in trials(folder)}
    assert updates["random"] == 3 and updates["full"] > 10
    seen = pq.read_table(folder / "selections.parquet").to_pandas().groupby("arm")["id"].apply(frozenset)
    assert seen["random"] != seen["uniform"]  # two names, two draws
    assert any("leaves out" in note for note in cuvee.report(folder).summary["warnings"])


def test_the_same_tokens_gives_every_arm_as_many(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    arms = "random,k-center,full,evolve:rounds=2:epochs=1,mdit:clusters=4,self-paced"
    options = {**OPTIONS, "arms": arms, "seeds": 1, "same": "tokens", "budget": "24"}
    result = cuvee.prove([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", **options)
    tokens = {trial["arm"]: trial["tokens"] for trial in trials(result.folder)}
    (meant,) = {trial["tokens"] for trial in trials(result.folder) if trial["arm"] == "random"}
    assert all(abs(count / meant - 1) < 0.02 for count in tokens.values()), tokens
    told = {arm["arm"]: arm for arm in result.summary["proof"]["arms"]}
    assert all(0 < arm["answers"] < arm["tokens"] <= arm["forward"] for arm in told.values())
    assert all(told[name]["forward"] == told[name]["backward"] == told[name]["tokens"] for name in ("random", "full"))
    evolve = told["evolve:rounds=2:epochs=1"]  # its rounds learn too, and read the pool
    assert evolve["forward"] > evolve["backward"] > evolve["tokens"]
    assert told["self-paced"]["forward"] > told["self-paced"]["backward"] == told["self-paced"]["tokens"]
    assert "of answers" in (result.folder / "report.html").read_text()


def test_the_same_rows_lets_a_mixture_touch_no_more(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    options = {**OPTIONS, "arms": "random,blends-only,full", "seeds": 1, "same": "rows"}
    result = cuvee.prove([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", **options)
    told = {arm["arm"]: arm for arm in result.summary["proof"]["arms"]}
    assert told["random"]["touched"] == told["blends-only"]["touched"] == 30
    assert told["blends-only"]["rows"] < 30 and {arm["updates"] for arm in told.values()} == {6}
    assert any("full touches 60" in note for note in result.summary["warnings"])
    with pytest.raises(ConfigError, match="budget in rows"):
        cuvee.prove([str(sample.pool)], model=str(tiny_model), out=tmp_path / "no", **options | {"budget": "2ktok"})


def test_a_trunk_is_every_arms_and_blends_are_refused_above_it(
    sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    arms = "random,evolve:rounds=1:epochs=1,self-paced,base"
    options = {**OPTIONS, "arms": arms, "seeds": 1, "trunk": 1, "lora": 2}
    result = cuvee.prove([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", **options)
    told = {arm["arm"]: arm["mean"] for arm in result.summary["proof"]["arms"]}
    assert all(told[name] < told["base"] for name in told if name != "base")
    assert result.summary["proof"]["training"]["trunk"] == 1
    whole = cuvee.prove(
        [str(sample.pool)],
        model=str(tiny_model),
        out=tmp_path / "whole",
        **options | {"trunk": 0, "arms": "base", "reference": "base"},
    )
    (base,) = whole.summary["proof"]["arms"]
    assert told["base"] == pytest.approx(base["mean"], rel=1e-5)
    with pytest.raises(ConfigError, match="mdit:clusters=4 mixes inputs below the trunk"):
        cuvee.prove([str(sample.pool)], model=str(tiny_model), **options | {"arms": "random,mdit:clusters=4"})
    with pytest.raises(ConfigError, match="has 2 layers"):
        cuvee.prove([str(sample.pool)], model=str(tiny_model), out=tmp_path / "no", **options | {"trunk": 2})


def test_given_evaluation_files_an_earlier_run_and_settings_of_a_method(
    sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    asked_for: dict[str, Any] = {"budget": "20", "method": "k-center", "embedder": "lexical", "draws": 1}
    earlier = cuvee.select([str(sample.pool)], out=tmp_path / "earlier", **asked_for)
    rows = [
        {"instruction": f"Say {word} twice.", "input": "", "output": f"{word} {word}"} for word in ("yes", "no", "so")
    ]
    asked = tmp_path / "asked.jsonl"
    asked.write_bytes(b"\n".join(orjson.dumps(row) for row in rows))
    options = {
        **OPTIONS,
        "arms": f"stratified:by=task:temperature=2,random,{earlier.folder}",
        "on": [str(asked)],
        "seeds": 1,
    }
    folder = cuvee.prove([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", **options).folder
    assert told(folder)["questions"] == 3
    kept = {
        row["id"] for row in pq.read_table(earlier.folder / "ledger.parquet").to_pylist() if row["status"] == "kept"
    }
    seen = pq.read_table(folder / "selections.parquet").to_pylist()
    stand = {row["id"] for row in seen if row["arm"] == str(earlier.folder)}
    assert stand <= kept and len(stand) >= 18  # a row may have fallen beside the evaluation files, and then it is said
    said = [note for note in cuvee.report(folder).summary["warnings"] if "of 20 rows" in note]
    assert bool(said) == (stand != kept)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"arms": "k-centre,random"}, "k-center"),
        ({"arms": "k-center,full"}, "reference"),
        ({"arms": "random,random"}, "twice"),
        ({"arms": "random,deita-proxy:treshold=1"}, "treshold"),
        ({"arms": "random,full:x=1"}, "no setting"),
        ({"seeds": 0}, "seeds"),
        ({"same": "update"}, "updates"),
        ({"level": 1.0}, "level"),
        ({"budget": "many", "arms": "rnd"}, "settings are wrong"),
    ],
)
def test_a_wrong_setting_is_one_line(change: dict[str, Any], says: str, sample: WrittenFiles, tiny_model: Path) -> None:
    with pytest.raises(ConfigError, match=says):
        cuvee.prove([str(sample.pool)], model=str(tiny_model), **{**OPTIONS, **change})


def test_nothing_to_learn_from_is_said(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--max-length"):
        cuvee.prove([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", **{**OPTIONS, "max_length": 2})


def test_a_dry_run_says_what_it_would_cost_and_writes_nothing(
    sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    result = cuvee.prove([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", dry_run=True, **OPTIONS)
    plan = result.summary["plan"]
    said = " ".join(plan["steps"])
    assert "3 arms x 3 seeds = 9 models" in said and "6 updates of 10 rows" in said and "judge 10 models" in said
    assert plan["seconds"] > 0
    assert not (tmp_path / "run").exists()


def test_parameters_are_counted_from_the_files(tiny_model: Path) -> None:
    from cuvee.models import causal

    model = causal.load(tiny_model).model
    assert parameters(tiny_model) == sum(int(np.prod(weight.shape)) for weight in model.parameters())


def test_an_arm_is_read_with_its_settings() -> None:
    arm = parse("deita-proxy:threshold=0.8:score=length")
    assert (arm.settings, arm.scores) == ({"threshold": 0.8, "score": "length"}, ("length",))
    assert isinstance(parse("cuvee.selectors.uniform:uniform").kind, RowsArm)
    assert not ARMS["base"].chance
