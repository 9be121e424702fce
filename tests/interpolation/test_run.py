"""``cuvee interpolate`` end to end on the tiny model, and ``cuvee train`` and ``cuvee prove`` on what it makes."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest
from tests.killing import killed_when, made
from tests.manifests import check_manifest

import cuvee
from cuvee.errors import ConfigError, InputError
from cuvee.evaluation import heldout
from cuvee.intake.readable import as_read
from cuvee.interpolation import told
from cuvee.models import causal
from cuvee.planting.files import WrittenFiles, write
from cuvee.samples import ledger as ledgers
from cuvee.training import meeting, mixtures
from cuvee.training.mixture import BlendReading

pytest.importorskip("torch", reason="the base install has no torch")
OPTIONS: dict[str, Any] = {
    "budget": "60", "clusters": 12, "max_length": 128, "embedder": "lexical", "draws": 2, "real_share": 0.25,
}  # fmt: skip


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> WrittenFiles:
    return write(tmp_path_factory.mktemp("sample"), 300, seed=2)


@pytest.fixture(scope="module")
def finished(sample: WrittenFiles, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("finished") / "run"
    return cuvee.interpolate([str(sample.pool)], model=str(tiny_model), out=out, **OPTIONS).folder


def mixed(sample: WrittenFiles, tiny_model: Path, out: Path, **more: Any) -> Any:
    return cuvee.interpolate([str(sample.pool)], model=str(tiny_model), out=out, **{**OPTIONS, **more})


def published(folder: Path) -> dict[str, bytes]:
    """Return the files of a run but those that say where it lies or what was reused."""
    own = ("manifest.json", "summary.json", "report.html")
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name not in own}


def entries(folder: Path) -> list[tuple[str, str, float]]:
    """Return left id, right id and weight of every entry, best first."""
    source = mixtures.read(folder)
    found, ids = mixtures.mixture(folder, source), source.table["id"].to_pylist()
    return [(ids[a], ids[b], float(w)) for a, b, w in zip(found.left, found.right, found.weight, strict=True)]


def test_rows_and_blends_are_the_budget_best_first(finished: Path) -> None:
    blends = pq.read_table(finished / "blends.parquet")
    assert blends.column_names == ["left", "right", "weight", "rank"]
    rows = pq.read_table(finished / "rows.parquet").to_pylist()
    kept = sorted((row for row in rows if row["rank"]), key=lambda row: row["rank"])
    assert sorted([*blends["rank"].to_pylist(), *(row["rank"] for row in kept)]) == list(range(1, 61))
    assert len(kept) >= 15, "a quarter of the budget was asked for as real rows"
    written = [orjson.loads(line) for line in (finished / "selected.jsonl").read_bytes().splitlines()]
    assert len(written) == len(kept)
    assert {row["id"] for row in rows} >= {*blends["left"].to_pylist(), *blends["right"].to_pylist()}
    assert len(entries(finished)) == 60


def test_blends_are_across_tasks(finished: Path) -> None:
    tasks = {row["id"]: row["task"] for row in pq.read_table(finished / "rows.parquet").to_pylist()}
    pairs = [(tasks[a], tasks[b]) for a, b, _ in entries(finished) if a != b]
    assert pairs and all(a != b or a is None for a, b in pairs)


def test_every_row_is_accounted_for(finished: Path, sample: WrittenFiles) -> None:
    ledger = ledgers.read(finished)
    counts = ledgers.check(ledger, sample.rows + sample.broken)
    rows = {row["id"]: row for row in ledger.to_pylist()}
    made = entries(finished)
    real = {a for a, b, _ in made if a == b}
    sides = {name for a, b, _ in made if a != b for name in (a, b)}
    assert {name for name, row in rows.items() if row["status"] == "kept"} == real
    assert {name for name, row in rows.items() if row["status"] == "merged"} == sides - real
    assert counts["merged"] > 0
    for rank, (a, b, _) in enumerate(made, start=1):
        assert (rows[a]["rank"] == rank) == (a == b)
    lonely = next(name for name in sides - real)
    assert "lives on in" in rows[lonely]["reason"]
    assert any("also in" in rows[name]["reason"] for name in real & sides) or not real & sides


def test_the_page_shows_blends_with_both_rows_lambda_and_neighbours(finished: Path) -> None:
    told = orjson.loads((finished / "summary.json").read_bytes())
    page = (finished / "report.html").read_text()
    assert "What is a blend?" in page and "near it, at" in page
    texts = {row["id"]: row for row in pq.read_table(finished / "rows.parquet").to_pylist()}
    for blend in told["blends"]:
        a, b, weight = entries(finished)[blend["rank"] - 1]
        assert (blend["left"]["id"], blend["right"]["id"]) == (a, b)
        assert blend["weight"] == pytest.approx(weight, abs=1e-4)
        assert blend["left"]["answer"][:50] == texts[a]["messages"][-1]["content"][:50]
        distances = [row["distance"] for row in blend["nearest"]]
        assert len(distances) == 3 and distances == sorted(distances)
    assert sum(bar["blends"] for bar in told["shares"]) == told["mixture"]["blends kept"]
    points = pq.read_table(finished / "map.parquet").to_pylist()
    blends = [row for row in points if row["source"] == "(blends)"]
    assert len(blends) == told["mixture"]["blends kept"]
    assert sorted(row["rank"] for row in points if row["rank"]) == list(range(1, 61))


def test_the_manifest_says_what_is_there(finished: Path) -> None:
    check_manifest(finished)
    manifest = orjson.loads((finished / "manifest.json").read_bytes())
    assert manifest["settings"]["clusters"] == 12 and manifest["max_length"] == 128
    assert {"blends.parquet", "rows.parquet"} <= {output["file"] for output in manifest["outputs"]}


def test_a_second_call_does_nothing_and_another_folder_gets_the_same_bytes(
    finished: Path, sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    before = published(finished)
    mixed(sample, tiny_model, finished)
    assert published(finished) == before
    assert published(mixed(sample, tiny_model, tmp_path / "run").folder) == before


def test_a_smaller_budget_is_a_prefix(finished: Path, sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    fewer = mixed(sample, tiny_model, tmp_path / "few", budget="24", real_share=0.0)
    more = mixed(sample, tiny_model, tmp_path / "more", budget="48", real_share=0.0)
    assert entries(fewer.folder) == entries(more.folder)[:24]


@pytest.mark.slow  # make torture kills every verb at every operation on the disk
def test_a_killed_run_goes_on_to_the_same_bytes(
    finished: Path, sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    typed = [f"--{name.replace('_', '-')}={value}" for name, value in OPTIONS.items()]
    out = tmp_path / "run"
    command = ["interpolate", str(sample.pool), "--model", str(tiny_model), *typed, "--out", str(out)]
    for step in ("embed", "space", "mix", "map"):
        assert killed_when(made(out, step), command)
    mixed(sample, tiny_model, out)
    assert published(out) == published(finished)


@pytest.mark.parametrize("lora", [0, 4])
def test_train_takes_the_run(lora: int, finished: Path, tiny_model: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"lr": 3e-3, "max_length": 128, "epochs": 4, "batch": 8, "lora": lora}
    result = cuvee.train([str(finished)], model=str(tiny_model), out=tmp_path / "run", **options)
    figures = result.summary["training"]
    assert figures["rows"] + figures["rows without an answer"] == 60 and figures["steps"] == 30
    assert figures["last loss"] < figures["first loss"]
    assert causal.load(tmp_path / "run").version != causal.load(tiny_model).version
    plan = cuvee.train([str(finished)], model=str(tiny_model), out=tmp_path / "dry", dry_run=True, **options)
    assert plan.summary["plan"]["rows"] == 60
    assert plan.summary["plan"]["tokens"] == pytest.approx(figures["tokens"], rel=0.1)


REGULARISER: dict[str, Any] = {
    "as_": "regulariser",
    "weight": 0.5,
    "real_share": 0.0,
    "budget": "24",
    "pairing": "length",
}


@pytest.fixture(scope="module")
def beside(sample: WrittenFiles, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("beside") / "run"
    return cuvee.interpolate([str(sample.pool)], model=str(tiny_model), out=out, **{**OPTIONS, **REGULARISER}).folder


def test_as_a_regulariser_all_rows_of_the_budget_are_rows_and_blends_are_of_these(beside: Path) -> None:
    made, rows = entries(beside), pq.read_table(beside / "rows.parquet").to_pylist()
    real = [a for a, b, _ in made if a == b]
    assert len(real) == len(set(real)) == len(rows) == 24 and made[:24] == [(row, row, 1.0) for row in real]
    blends = [(a, b) for a, b, _ in made if a != b]
    assert {name for pair in blends for name in pair} == set(real) and len(blends) == 24
    assert sorted(a for a, _ in blends) == sorted(real), "every row is the left one once"
    assert len({frozenset(pair) for pair in blends}) == 24
    assert len((beside / "selected.jsonl").read_bytes().splitlines()) == 24
    command = orjson.loads((beside / "summary.json").read_bytes())["command"]
    assert "--as regulariser --weight 0.5" in command


def test_confident_rows_are_mixed_with_unconfident_ones_by_the_bases_loss(beside: Path, tiny_model: Path) -> None:
    table = pq.read_table(beside / "rows.parquet")
    model = causal.load(tiny_model)
    read = as_read(table, model.tokenizer, 128)
    losses = dict(zip(table["id"].to_pylist(), heldout.losses(model, read).mean, strict=True))
    middle = sorted(losses.values())[11:13]
    for left, right, _ in entries(beside):
        if left != right:
            low, high = sorted((losses[left], losses[right]))
            assert low <= middle[0] + 1e-5 and high >= middle[1] - 1e-5


def test_train_adds_the_blends_to_the_rows_of_a_regulariser(beside: Path, tiny_model: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"lr": 3e-3, "max_length": 128, "epochs": 2, "batch": 8}
    result = cuvee.train([str(beside)], model=str(tiny_model), out=tmp_path / "run", **options)
    figures = result.summary["training"]
    assert figures["rows"] == 24 and figures["steps"] == 6
    rows = cuvee.train([str(beside / "selected.jsonl")], model=str(tiny_model), out=tmp_path / "rows", **options)
    assert rows.summary["training"]["steps"] == 6
    assert figures["tokens"] > 1.5 * rows.summary["training"]["tokens"]
    assert figures["first loss"] > rows.summary["training"]["first loss"] + 1, "half of the blends' loss on top"
    plan = cuvee.train([str(beside)], model=str(tiny_model), out=tmp_path / "dry", dry_run=True, **options)
    assert plan.summary["plan"]["tokens"] == pytest.approx(figures["tokens"], rel=0.1)


def test_a_pool_of_one_task_takes_a_regulariser(tiny_model: Path, tmp_path: Path) -> None:
    lines = [
        {"instruction": f"Add {n} and {n * 7 % 31}.", "output": str(n + n * 7 % 31), "task": "sums"} for n in range(40)
    ]
    (tmp_path / "one.jsonl").write_bytes(b"\n".join(map(orjson.dumps, lines)))
    options: dict[str, Any] = {**OPTIONS, **REGULARISER, "budget": "900tok", "near": 0.0, "blends": "2x"}
    made = cuvee.interpolate(
        [str(tmp_path / "one.jsonl")], model=str(tiny_model), out=tmp_path / "a", **options
    ).summary
    figures = made["mixture"]
    assert figures["blends kept"] == 2 * figures["real rows kept"] > 0
    assert figures["rows that stand in it"] == figures["real rows kept"]


@pytest.mark.parametrize("align", ["start", "answer"])
def test_where_the_answers_meet_is_told(align: str, sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    result = mixed(sample, tiny_model, tmp_path / "run", align=align)
    source = mixtures.read(result.folder)
    kept, rows = mixtures.mixture(result.folder, source), as_read(source.table, causal.tokenizer_of(tiny_model), 128)
    assert kept.reading.align == align
    figures, where = result.summary["mixture"], meeting.met(kept, rows, meeting.Spans.of(rows, 1_024))
    shares = [figures[name] for name in told.MET]
    assert shares == pytest.approx([where.answer, where.prompt, where.padding], abs=1e-4)
    assert sum(shares) == pytest.approx(1, abs=2e-4) and (shares[1] < 0.05 if align == "answer" else shares[1] > 0.3)
    assert f"{shares[0]:.0%} lies where both sides answer" in result.summary["sentence"]
    assert "share of targets where both sides answer" in (result.folder / "report.html").read_text()


def test_a_run_of_before_alignment_is_read_as_published(finished: Path) -> None:
    blends = pq.read_table(finished / "blends.parquet")
    assert mixtures.reading_of(blends) == BlendReading("answer", None)
    assert mixtures.reading_of(blends.replace_schema_metadata(None)) == BlendReading("start", None)


def test_a_killed_training_on_a_mixture_goes_on_to_the_same_bytes(
    finished: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cuvee.training import loop

    options: dict[str, Any] = {"lr": 3e-3, "max_length": 128, "steps": 8, "batch": 8, "save_every": 3}
    whole = cuvee.train([str(finished)], model=str(tiny_model), out=tmp_path / "whole", **options)
    log = loop.Follower.on_log

    def stop(self: Any, args: Any, state: Any, control: Any, **others: Any) -> None:
        log(self, args, state, control, **others)
        if state.global_step == 5:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(loop.Follower, "on_log", stop)
        cuvee.train([str(finished)], model=str(tiny_model), out=tmp_path / "run", **options)
    cuvee.train([str(finished)], model=str(tiny_model), out=tmp_path / "run", **options)
    weights = [(folder / "model/model.safetensors").read_bytes() for folder in (whole.folder, tmp_path / "run")]
    assert weights[0] == weights[1]


def test_another_model_than_the_one_mixed_for_is_said(finished: Path, tiny_model: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"lr": 3e-3, "steps": 1, "batch": 4, "max_length": 96}
    same = cuvee.train([str(finished)], model=str(tiny_model), out=tmp_path / "same", **options)
    assert not any("was chosen for" in note for note in same.summary["warnings"])
    other = cuvee.train([str(finished)], model=str(same.folder / "model"), out=tmp_path / "other", **options)
    assert any("was chosen for" in note for note in other.summary["warnings"])


def test_a_mixture_beside_other_data_is_refused(finished: Path, sample: WrittenFiles, tiny_model: Path) -> None:
    with pytest.raises(ConfigError, match="holds blends"):
        cuvee.train([str(finished), str(sample.pool)], model=str(tiny_model))


def test_a_pool_of_one_task_says_so_and_clusters_help(tiny_model: Path, tmp_path: Path) -> None:
    lines = [
        {"instruction": f"Add {n} and {n * 7 % 31}.", "output": str(n + n * 7 % 31), "task": "sums"} for n in range(60)
    ]
    (tmp_path / "one.jsonl").write_bytes(b"\n".join(map(orjson.dumps, lines)))
    options: dict[str, Any] = {**OPTIONS, "budget": "20", "near": 0.0}
    with pytest.raises(ConfigError, match="one task") as told:
        cuvee.interpolate([str(tmp_path / "one.jsonl")], model=str(tiny_model), out=tmp_path / "a", **options)
    assert "--tasks clusters" in told.value.hint
    options["tasks"] = "clusters"
    made = cuvee.interpolate([str(tmp_path / "one.jsonl")], model=str(tiny_model), out=tmp_path / "b", **options)
    assert made.summary["mixture"]["tasks"] > 1


@pytest.mark.parametrize(
    "change",
    [
        {"space": "embedder"}, {"density": "knn"}, {"pairing": "length"}, {"blends": "50"}, {"blends": "3x", "alpha": 0.3},
        {"tasks": "labels"}, {"real_share": 1.0}, {"budget": "4000tok"}, {"budget": "100%"}, {"blends": "0"},
        {"align": "start"},
    ],
    ids=str,
)  # fmt: skip
def test_every_setting_runs(change: dict[str, Any], sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    result = mixed(sample, tiny_model, tmp_path / "run", **change)
    made = entries(result.folder)
    figures = result.summary["mixture"]
    assert len(made) == figures["blends kept"] + figures["real rows kept"] > 0
    if change == {"pairing": "length"}:
        assert figures["share of a blend's length with both sides"] > 0.75
    if change in ({"real_share": 1.0}, {"blends": "0"}):
        assert figures["blends kept"] == 0
    if change == {"budget": "4000tok"}:
        rows = pq.read_table(result.folder / "ledger.parquet")
        assert rows.num_rows and len(made) < 60


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"alpha": 0.0}, "alpha"), ({"blends": "many"}, "blends 'many'"), ({"density": "nearst"}, "nearest"),
        ({"clusters": 0}, "clusters"), ({"space": "mdel"}, "model"), ({"tasks": "label"}, "labels"),
        ({"max_length": 1}, "max-length"), ({"align": "middle"}, "start"), ({"as_": "more"}, "regulariser"),
        ({"weight": 0.3}, "beside the rows"), ({"as_": "regulariser", "weight": -1.0}, "weight is -1"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_one_line(
    change: dict[str, Any], says: str, sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=says):
        mixed(sample, tiny_model, tmp_path / "run", **change)


def test_rows_without_an_answer_within_the_length_leave(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    result = mixed(sample, tiny_model, tmp_path / "run", max_length=24, budget="20")
    reasons = ledgers.read(result.folder)["reason"].to_pylist()
    assert "no answer within 24 tokens" in reasons
    with pytest.raises(InputError, match="answer within 2 tokens"):
        mixed(sample, tiny_model, tmp_path / "none", max_length=2)


def test_a_dry_run_writes_nothing(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    result = mixed(sample, tiny_model, tmp_path / "run", dry_run=True)
    assert "lambda from Beta(1, 1)" in " ".join(result.summary["plan"]["steps"])
    assert not (tmp_path / "run").exists()


def test_prove_takes_mdit_its_ablations_and_a_run(
    finished: Path, sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    arms = f"random,mdit:clusters=10:alpha=0.5,blends-only:blends=2,within-task,mdit:blends=0:clusters=10,{finished}"
    arms += ",mdit:as=regulariser:weight=0.5:clusters=10:align=start,mdit-rows:clusters=10:alpha=0.5"
    options: dict[str, Any] = {"lr": 3e-3, "max_length": 96, "epochs": 1, "batch": 8, "held_out": "30", "seeds": 1}
    result = cuvee.prove(
        [str(sample.pool)],
        arms=arms,
        budget="24",
        model=str(tiny_model),
        embedder="lexical",
        out=tmp_path / "run",
        **options,
    )
    by_arm = {row["arm"]: row for row in result.summary["proof"]["arms"]}
    assert by_arm["mdit:clusters=10:alpha=0.5"]["rows"] == 24
    beside = by_arm["mdit:as=regulariser:weight=0.5:clusters=10:align=start"]
    assert beside["rows"] == 24 and beside["updates"] == by_arm["random"]["updates"]
    assert (beside["tokens"] or 0) > 1.5 * (by_arm["random"]["tokens"] or 0) > 0, "a blend beside every row"
    chosen = pq.read_table(result.folder / "selections.parquet").to_pylist()
    rows_of = {arm: {row["id"] for row in chosen if row["arm"] == arm} for arm in by_arm}
    assert rows_of["mdit-rows:clusters=10:alpha=0.5"] == rows_of["mdit:clusters=10:alpha=0.5"], "what it touches"
    assert (by_arm["mdit-rows:clusters=10:alpha=0.5"]["rows"] or 0) > 24 == len(rows_of[beside["arm"]])
    assert np.isfinite([row["mean"] for row in by_arm.values()]).all()
    with pytest.raises(ConfigError, match="no setting"):
        cuvee.prove([str(sample.pool)], arms="random,blends-only:clusters=3", model=str(tiny_model))
    for wrong, says in (("alpha=0", "alpha"), ("weight=0.3", "beside the rows"), ("as=more", "regulariser")):
        with pytest.raises(ConfigError, match=says):
            cuvee.prove([str(sample.pool)], arms=f"random,mdit:{wrong}", model=str(tiny_model))
