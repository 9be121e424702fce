"""``cuvee select`` end to end on a small sample pool: what it writes, that it adds up, that it resumes."""

from pathlib import Path
from typing import Any

import orjson
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tests.killing import killed_when, made
from tests.manifests import check_manifest

import cuvee
from cuvee.errors import ConfigError, InputError
from cuvee.planting.files import WrittenFiles, write

OPTIONS: dict[str, Any] = {"budget": "40", "embedder": "lexical", "draws": 2}
FILES = {
    "selected.jsonl",
    "ledger.parquet",
    "manifest.json",
    "map.parquet",
    "report.html",
    "quarantine.jsonl",
    "summary.json",
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> WrittenFiles:
    return write(tmp_path_factory.mktemp("sample"), 400, seed=2)


@pytest.fixture(scope="module")
def finished(sample: WrittenFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("finished") / "run"
    return cuvee.select([str(sample.pool)], decontaminate=[str(sample.questions)], out=out, **OPTIONS).folder


def test_the_folder_holds_what_was_promised(finished: Path) -> None:
    assert FILES | {"TRAINING.md", "work"} <= {path.name for path in finished.iterdir()}
    check_manifest(finished)


def test_every_row_that_was_read_is_accounted_for(finished: Path, sample: WrittenFiles) -> None:
    ledger = pq.read_table(finished / "ledger.parquet")
    counts = {row["values"]: row["counts"] for row in ledger["status"].value_counts().to_pylist()}
    assert ledger.num_rows == sample.rows + sample.broken
    assert counts["kept"] == 40 and counts["quarantined"] == sample.broken
    assert sum(counts.values()) == ledger.num_rows
    assert pc.all(pc.is_valid(ledger["reason"])).as_py()
    assert sorted(ledger["rank"].drop_null().to_pylist()) == list(range(1, 41))
    assert len(set(ledger["id"].to_pylist())) == ledger.num_rows
    manifest = orjson.loads((finished / "manifest.json").read_bytes())
    assert manifest["rows"]["input"] == ledger.num_rows
    assert {step["name"] for step in manifest["steps"]} == {
        "read",
        "look",
        "clean",
        "embed",
        "compare",
        "score",
        "select",
        "measure",
        "map",
        "publish",
    }


def test_the_training_set_is_the_ranking_verbatim(sample: WrittenFiles, tmp_path: Path) -> None:
    same = cuvee.select([str(sample.pool)], format="same", out=tmp_path / "same", **OPTIONS).folder
    ledger = pq.read_table(same / "ledger.parquet", columns=["id", "rank"]).to_pylist()
    ranked = [row["id"] for row in sorted((row for row in ledger if row["rank"]), key=lambda row: row["rank"])]
    lines = (same / "selected.jsonl").read_bytes().splitlines()
    assert [orjson.loads(line)["id"] for line in lines] == ranked
    chat = (sample.pool / "chat.jsonl").read_bytes().splitlines()
    assert len([line for line in lines if line in chat]) == len([line for line in lines if b'"messages"' in line]) > 0


def test_quarantined_rows_name_file_line_and_reason(finished: Path, sample: WrittenFiles) -> None:
    rows = [orjson.loads(line) for line in (finished / "quarantine.jsonl").read_bytes().splitlines()]
    chat = (sample.pool / "chat.jsonl").read_bytes().splitlines()
    for row in rows:
        assert row["file"].endswith("chat.jsonl") and row["reason"]
        assert chat[row["line"] - 1].decode() == row["raw"]


def test_a_smaller_budget_is_the_start_of_a_larger_one(finished: Path, sample: WrittenFiles, tmp_path: Path) -> None:
    small = cuvee.select(
        [str(sample.pool)], decontaminate=[str(sample.questions)], out=tmp_path / "r", **(OPTIONS | {"budget": "10"})
    )
    lines = (finished / "selected.jsonl").read_bytes().splitlines()
    assert (small.folder / "selected.jsonl").read_bytes().splitlines() == lines[:10]


def test_given_rows_are_not_chosen_again(finished: Path, sample: WrittenFiles, tmp_path: Path) -> None:
    more = cuvee.select([str(sample.pool)], given=[str(finished)], out=tmp_path / "r", **(OPTIONS | {"budget": "60"}))
    first = set(pq.read_table(finished / "ledger.parquet").filter(pc.field("status") == "kept")["id"].to_pylist())
    ledger = pq.read_table(more.folder / "ledger.parquet")
    second = set(ledger.filter(pc.field("status") == "kept")["id"].to_pylist())
    assert len(second) == 60 and not first & second
    assert set(ledger.filter(pc.field("stage") == "given")["id"].to_pylist()) == first


def test_more_than_there_is_gives_all_and_says_so(sample: WrittenFiles, tmp_path: Path) -> None:
    result = cuvee.select([str(sample.pool)], out=tmp_path / "r", **(OPTIONS | {"budget": "5000"}))
    kept = result.summary["rows"]["kept"]
    assert kept == len((tmp_path / "r/selected.jsonl").read_bytes().splitlines()) < 5000
    assert any("5,000 rows were asked for" in warning for warning in result.summary["warnings"])


def test_a_budget_in_tokens_is_kept(sample: WrittenFiles, tmp_path: Path) -> None:
    cuvee.select([str(sample.pool)], out=tmp_path / "r", **(OPTIONS | {"budget": "2ktok", "method": "uniform"}))
    ledger = pq.read_table(tmp_path / "r/ledger.parquet")
    spent = pc.sum(ledger.filter(pc.field("status") == "kept")["tokens"]).as_py()
    assert 1_500 < spent <= 2_000


def test_vectors_clean_too_when_asked(sample: WrittenFiles, tmp_path: Path) -> None:
    result = cuvee.select([str(sample.pool)], near=0, near_vectors="q0.9", out=tmp_path / "r", **OPTIONS)
    reasons = {drop["reason"]: drop["rows"] for drop in result.summary["drops"]}
    assert reasons["near duplicate"] > 5
    assert result.summary["rows"]["kept"] == 40


def test_all_mistakes_are_told_at_once(sample: WrittenFiles, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"(?s)3 settings are wrong.*budget.*k-center.*format"):
        cuvee.select([str(sample.pool)], budget="lots", method="kcenter", format="message", out=tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        cuvee.select([str(tmp_path / "nothing.jsonl")], out=tmp_path / "r")


def test_strict_stops_at_the_first_broken_row(sample: WrittenFiles, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"chat\.jsonl:\d+"):
        cuvee.select([str(sample.pool)], strict=True, out=tmp_path / "r", **OPTIONS)


def test_a_dry_run_writes_nothing(sample: WrittenFiles, tmp_path: Path) -> None:
    plan = cuvee.select([str(sample.pool)], dry_run=True, out=tmp_path / "r", **OPTIONS).summary["plan"]
    assert len(plan["files"]) == 3 and plan["rows"] > 100
    assert not (tmp_path / "r").exists()


def test_the_second_run_makes_nothing_and_tells_the_same(finished: Path, sample: WrittenFiles) -> None:
    before = {
        path.name: path.read_bytes() for path in finished.iterdir() if path.is_file() and path.name != "manifest.json"
    }
    cuvee.select([str(sample.pool)], decontaminate=[str(sample.questions)], out=finished, **OPTIONS)
    manifest = orjson.loads((finished / "manifest.json").read_bytes())
    assert all(step["reused"] for step in manifest["steps"])
    assert all((finished / name).read_bytes() == content for name, content in before.items())


def test_the_space_decides_the_choice_and_stands_in_the_manifest(sample: WrittenFiles, tmp_path: Path) -> None:
    chosen = {}
    for space in ("", "whiten=32,without=length", "form"):
        result = cuvee.select(
            [str(sample.pool)], space=space, out=tmp_path / (space.replace(",", "-") or "own"), **OPTIONS
        )
        manifest = orjson.loads((result.folder / "manifest.json").read_bytes())
        assert manifest["settings"]["space"] == space
        ledger = pq.read_table(result.folder / "ledger.parquet")
        chosen[space] = tuple(ledger.filter(pc.field("status") == "kept")["id"].to_pylist())
    assert len(set(chosen.values())) == 3
    with pytest.raises(ConfigError, match="space 'wide=3'"):
        cuvee.select([str(sample.pool)], space="wide=3", out=tmp_path / "wrong", **OPTIONS)


def _command(sample: WrittenFiles, out: Path) -> list[str]:
    arguments = ["select", str(sample.pool), "--budget", "40", "--embedder", "lexical", "--draws", "2"]
    return [*arguments, "--decontaminate", str(sample.questions), "--out", str(out)]


@pytest.mark.slow  # make torture kills every verb at every operation on the disk
def test_killed_anywhere_it_goes_on_to_the_same_bytes(finished: Path, sample: WrittenFiles, tmp_path: Path) -> None:
    """Kill -9 at a dozen points that walk through the whole run; then let it end, and compare with an undisturbed one."""
    expected = {
        name: (finished / name).read_bytes() for name in FILES - {"manifest.json", "report.html", "summary.json"}
    }
    out = tmp_path / "run"
    patience, kills = 0.1, 0
    while killed_when(lambda: True, _command(sample, out), then=patience):
        kills += 1
        assert kills < 60, "never ended"
        patience *= 1.3  # dense at the start, where steps are short; and a busy machine still ends
    assert kills >= 5
    assert {name: (out / name).read_bytes() for name in expected} == expected
    manifest = orjson.loads((out / "manifest.json").read_bytes())
    assert any(step["reused"] for step in manifest["steps"])


def test_killed_after_a_step_it_repeats_only_the_missing_work(sample: WrittenFiles, tmp_path: Path) -> None:
    """Wait until the folder of a step is there, kill, call again: every step that was there is reused."""
    out = tmp_path / "run"
    for step in ("read", "clean", "embed", "select", "measure"):
        killed_when(made(out, step), _command(sample, out))
        there = {path.name for path in out.glob("work/*-*") if not path.name.startswith(".")}
        assert any(name.startswith(f"{step}-") for name in there)
    cuvee.select([str(sample.pool)], decontaminate=[str(sample.questions)], out=out, **OPTIONS)
    steps = orjson.loads((out / "manifest.json").read_bytes())["steps"]
    assert {f"{s['name']}-{s['fingerprint']}" for s in steps if s["reused"]} >= there
