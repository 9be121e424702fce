"""A comparison that is written down beforehand, and a found win that is repeated on rows never used."""

from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

import cuvee
from cuvee.errors import ConfigError, InputError
from cuvee.planting import plant
from cuvee.planting.files import WrittenFiles, write
from cuvee.proof.beforehand import Primary, primary_of

OPTIONS: dict[str, Any] = {
    "arms": "base,random,k-center", "reference": "base", "budget": "30", "seeds": 3, "held_out": "40", "epochs": 2, "lr": 3e-3,
    "batch": 10, "max_length": 64, "embedder": "lexical",
}  # fmt: skip


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> WrittenFiles:
    return write(tmp_path_factory.mktemp("sample"), 400, seed=2)


@pytest.fixture(scope="module")
def planned(sample: WrittenFiles, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished proof that random training beats none, as planned."""
    folder = tmp_path_factory.mktemp("planned")
    options = {**OPTIONS, "primary": "random>base", "plan": folder / "plan.json"}
    return cuvee.prove([str(sample.pool)], model=str(tiny_model), out=folder / "run", **options).folder


def figures(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((run / "proof.json").read_bytes())
    return found


def test_a_plan_is_written_before_the_first_training_and_kept_to(
    planned: Path, sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    plan = planned.parent / "plan.json"
    written = orjson.loads(plan.read_bytes())
    assert (written["primary"], written["rows"], written["settings"]["seeds"]) == ("random>base", 30, 3)
    first = min(path.stat().st_mtime for path in (planned / "work").glob("arm-*"))
    assert plan.stat().st_mtime <= first
    assert figures(planned)["primary"] == "random>base" and len(figures(planned)["plan"]["sha256"]) == 64
    said = cuvee.report(planned).summary["sentence"]
    assert said.startswith("written beforehand: random beats base by") and "found, not confirmed; beside it" in said
    options = {**OPTIONS, "plan": plan, "model": str(tiny_model), "out": tmp_path / "other"}
    with pytest.raises(ConfigError, match="says otherwise: seeds was 3 and is now 4"):
        cuvee.prove([str(sample.pool)], **options | {"seeds": 4})
    with pytest.raises(ConfigError, match="says otherwise: primary was 'random>base'"):
        cuvee.prove([str(sample.pool)], primary="k-center>base", **options)
    (planned.parent / "later.json").unlink(missing_ok=True)
    late = {
        **options,
        "out": planned,
        "plan": planned.parent / "later.json",
        "primary": "k-center>base",
        "replace": True,
    }
    with pytest.raises(ConfigError, match="a plan comes first"):
        cuvee.prove([str(sample.pool)], **late)


def test_a_found_win_is_confirmed_on_questions_and_rows_never_used(
    planned: Path, sample: WrittenFiles, tiny_model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "again"
    result = cuvee.prove([str(sample.pool)], confirm=planned, out=out)
    proof = result.summary["proof"]
    assert [arm["arm"] for arm in proof["arms"]] == ["random", "base"] and proof["seeds"] == [3, 4, 5]
    assert result.summary["sentence"].startswith("confirmed: random beats base by")
    assert "(found: " in result.summary["sentence"] and "never used before" in result.summary["sentence"]
    assert next(arm for arm in proof["arms"] if arm["arm"] == "random")["standing"] == "confirmed"
    assert "better, confirmed" in (out / "report.html").read_text()
    used = pq.read_table(planned / "used.parquet").to_pylist()
    before = {row["fingerprint"] for row in used if row["arm"] in (None, "random")}
    count = len(used)
    now = {row["fingerprint"] for row in pq.read_table(out / "used.parquet").to_pylist()} - before
    asked = set(pq.read_table(out / "results.parquet")["question"].to_pylist())
    assert not asked & set(pq.read_table(planned / "results.parquet")["question"].to_pylist())
    seen = pq.read_table(out / "selections.parquet").to_pandas()
    earlier = pq.read_table(planned / "selections.parquet").to_pandas()
    assert not set(seen["id"]) & set(earlier[earlier["arm"] == "random"]["id"]) and len(now) > 60 and count > 100


def test_what_cannot_be_confirmed_is_one_line(planned: Path, sample: WrittenFiles, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="epochs was named too"):
        cuvee.prove([str(sample.pool)], confirm=planned, epochs=5, out=tmp_path / "run")
    with pytest.raises(InputError, match="no proof that can be confirmed"):
        cuvee.prove([str(sample.pool)], confirm=tmp_path, out=tmp_path / "run")
    few = tmp_path / "few.jsonl"
    few.write_bytes(b"".join(orjson.dumps(row.row) + b"\n" for row in plant(200, seed=2)[:60]))
    with pytest.raises(InputError, match="were never used"):
        cuvee.prove([str(few)], confirm=planned, out=tmp_path / "run")


@pytest.mark.parametrize("text", ["random", "a>b>c", ">random", "a>a"])
def test_what_is_no_comparison(text: str) -> None:
    assert primary_of("k-center:trim=2% > random") == Primary("k-center:trim=2%", "random")
    with pytest.raises(ConfigError, match="herding>random"):
        primary_of(text)
