"""``cuvee evolve`` end to end on the tiny model: rounds, nested sets, resume, early stop."""

from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
from tests.killing import killed_when, made
from tests.manifests import check_manifest

import cuvee
from cuvee.errors import ConfigError, InputError
from cuvee.models import causal
from cuvee.planting.files import WrittenFiles, write

OPTIONS: dict[str, Any] = {
    "init": 20, "per_round": 15, "rounds": 2, "epochs": 2, "lr": 3e-3, "batch": 8, "max_length": 128, "embedder": "lexical",
    "draws": 2, "held_out": "30",
}  # fmt: skip


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> WrittenFiles:
    return write(tmp_path_factory.mktemp("sample"), 200, seed=2)


@pytest.fixture(scope="module")
def finished(sample: WrittenFiles, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("finished") / "run"
    return cuvee.evolve([str(sample.pool)], model=str(tiny_model), out=out, **OPTIONS).folder


def ranked(folder: Path) -> list[str]:
    ledger = pq.read_table(folder / "ledger.parquet", columns=["id", "rank"]).to_pylist()
    return [row["id"] for row in sorted((row for row in ledger if row["rank"]), key=lambda row: row["rank"])]


def published(folder: Path) -> dict[str, bytes]:
    """Return the files of a run but its manifest, which says what was reused."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.suffix != ".json"}


def figures(folder: Path) -> list[dict[str, Any]]:
    rounds: list[dict[str, Any]] = orjson.loads((folder / "manifest.json").read_bytes())["rounds"]
    return rounds


def test_the_sets_grow_round_by_round_and_the_model_is_there(finished: Path, tiny_model: Path) -> None:
    assert [told["rows"] for told in figures(finished)] == [20, 35, 50]
    assert len(ranked(finished)) == len(set(ranked(finished))) == 50
    assert len((finished / "selected.jsonl").read_bytes().splitlines()) == 50
    final = causal.load(finished / "model")
    assert final.version != causal.load(tiny_model).version
    assert causal.folder_of(str(finished)) == finished / "model"


def test_the_loss_of_what_no_round_saw_falls_as_rows_are_added(finished: Path) -> None:
    losses = [told["held-out loss"] for told in figures(finished)]
    assert losses[-1] < losses[0]
    assert all(len(told["by task"]) > 5 for told in figures(finished))


def test_every_row_is_accounted_for_and_says_which_round_took_it(finished: Path, sample: WrittenFiles) -> None:
    ledger = pq.read_table(finished / "ledger.parquet").to_pylist()
    assert len(ledger) == sample.rows + sample.broken
    held = [row for row in ledger if row["stage"] == "held-out"]
    assert len(held) >= 30 and all(row["status"] == "dropped" for row in held)
    reasons = [row["reason"] for row in sorted((r for r in ledger if r["rank"]), key=lambda r: r["rank"])]
    assert all("at random" in reason for reason in reasons[:20])
    assert all("round 0" in reason for reason in reasons[20:35])
    assert all("round 1" in reason for reason in reasons[35:])


def test_the_page_shows_the_curve(finished: Path) -> None:
    page = (finished / "report.html").read_text()
    assert "held-out loss" in page and "evolve by k-center" in page


def test_a_second_call_does_nothing_and_fewer_rounds_are_a_prefix(
    finished: Path, sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    before = published(finished)
    cuvee.evolve([str(sample.pool)], model=str(tiny_model), out=finished, **OPTIONS)
    assert published(finished) == before
    shorter = cuvee.evolve([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", **{**OPTIONS, "rounds": 1})
    assert ranked(shorter.folder) == ranked(finished)[:35]


@pytest.mark.parametrize("strategy", ["random", "herding", "cluster-draw", "least-confidence", "margin", "entropy"])
def test_every_strategy_runs_and_they_differ(
    strategy: str, finished: Path, sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    options = {**OPTIONS, "rounds": 1, "strategy": strategy}
    result = cuvee.evolve([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", **options)
    assert ranked(result.folder)[:20] == ranked(finished)[:20]
    assert ranked(result.folder)[20:] != ranked(finished)[20:35]


def test_whitening_changes_the_picks(finished: Path, sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    options = {**OPTIONS, "rounds": 1, "whiten": 16}
    result = cuvee.evolve([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", **options)
    assert ranked(result.folder)[20:] != ranked(finished)[20:35]


def test_the_space_is_the_models_own_and_whiten_is_a_short_form(
    finished: Path, sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    def picks(**more: Any) -> list[str]:
        options = {**OPTIONS, "rounds": 1, **more}
        out = tmp_path / "-".join(map(str, more.values())).replace(",", "-")
        return ranked(cuvee.evolve([str(sample.pool)], model=str(tiny_model), out=out, **options).folder)

    assert picks(space="whiten=16") == picks(whiten=16) != picks(space="whiten=16,without=length")
    for wrong in ({"space": "form"}, {"space": "whiten=8", "whiten": 16}, {"space": "wide=2"}):
        with pytest.raises(ConfigError):
            picks(**wrong)


def test_patience_stops_and_keeps_the_best_round(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    options = {**OPTIONS, "rounds": 5, "lr": 0.0, "patience": 1}  # nothing is learnt, so nothing is gained
    result = cuvee.evolve([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", **options)
    assert [told["rows"] for told in figures(result.folder)] == [20, 35]
    assert len(ranked(result.folder)) in (20, 35)
    assert any("stopped after round 1" in line for line in result.summary["warnings"])
    assert (result.folder / "model/config.json").exists()


def test_it_starts_from_the_rows_of_an_earlier_run(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    earlier = cuvee.select([str(sample.pool)], budget="10", embedder="lexical", draws=1, out=tmp_path / "earlier")
    options = {**OPTIONS, "init": 10, "rounds": 1, "held_out": "10"}
    result = cuvee.evolve(
        [str(sample.pool)], model=str(tiny_model), start=earlier.folder, out=tmp_path / "run", **options
    )
    first = ranked(result.folder)[: figures(result.folder)[0]["rows"]]
    assert first == [name for name in ranked(earlier.folder) if name in first]  # a held-out row may be missing


@pytest.mark.slow  # make torture kills every verb at every operation on the disk
def test_a_killed_run_goes_on_to_the_same_bytes(
    finished: Path, sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    typed = [f"--{name.replace('_', '-')}={value}" for name, value in OPTIONS.items()]
    out = tmp_path / "run"
    command = ["evolve", str(sample.pool), "--model", str(tiny_model), *typed, "--out", str(out)]
    for step in ("embed", "round-0", "round-1"):  # and a little into the training that follows
        assert killed_when(made(out, step), command, then=0.2)
    cuvee.evolve([str(sample.pool)], model=str(tiny_model), out=out, **OPTIONS)
    assert ranked(tmp_path / "run") == ranked(finished)
    assert [told["held-out loss"] for told in figures(tmp_path / "run")] == [
        told["held-out loss"] for told in figures(finished)
    ]
    weights = [(folder / "model/model.safetensors").read_bytes() for folder in (finished, tmp_path / "run")]
    assert weights[0] == weights[1]


@pytest.mark.parametrize(
    ("change", "says"),
    [({"strategy": "k-centre"}, "k-center"), ({"init": 0}, "init"), ({"rounds": -1}, "rounds")],
)
def test_a_wrong_setting_is_one_line(change: dict[str, Any], says: str, sample: WrittenFiles, tiny_model: Path) -> None:
    with pytest.raises(ConfigError, match=says):
        cuvee.evolve([str(sample.pool)], model=str(tiny_model), **{**OPTIONS, **change})


def test_a_pool_smaller_than_the_first_round_says_so(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--init"):
        cuvee.evolve([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", **{**OPTIONS, "init": 9_000})


def test_a_dry_run_writes_nothing(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    result = cuvee.evolve([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", dry_run=True, **OPTIONS)
    assert "train 3 times" in " ".join(result.summary["plan"]["steps"])
    assert not (tmp_path / "run").exists()


def test_the_manifest_says_what_is_there(finished: Path) -> None:
    check_manifest(finished)
    manifest = orjson.loads((finished / "manifest.json").read_bytes())
    assert "model/model.safetensors" in {output["file"] for output in manifest["outputs"]}
    assert manifest["settings"]["per_round"] == 15 and manifest["adapters"] is None
