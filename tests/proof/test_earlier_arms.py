"""Earlier runs as arms: rows that one wrote itself, and a mixture of rows and blends."""

from pathlib import Path
from shutil import copytree

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

import cuvee
from cuvee.planting.files import write
from cuvee.proof.arms import parse
from cuvee.proof.kinds import MixtureArm, RowsArm


def test_rows_that_a_run_made_and_blends_that_a_run_kept_are_trained_on(tiny_model: Path, tmp_path: Path) -> None:
    pool = write(tmp_path / "sample", 300, seed=2).pool
    kept = cuvee.select([str(pool)], budget="12", embedder="lexical", draws=0, out=tmp_path / "kept").folder
    made, mixed = with_made_rows(kept, tmp_path / "made"), with_blends(kept, tmp_path / "mixed")
    assert isinstance(parse(str(made)).kind, RowsArm) and isinstance(parse(str(mixed)).kind, MixtureArm)
    result = cuvee.prove(
        [str(pool)], arms=f"random,{made},{mixed}", model=str(tiny_model), budget="10", held_out="10", seeds=1, epochs=1,
        lr=1e-3, max_length=96, embedder="lexical", out=tmp_path / "run",
    )  # fmt: skip
    arms = {arm["arm"]: arm for arm in result.summary["proof"]["arms"]}
    assert arms[str(made)]["rows"] == 10
    trials = {trial["arm"]: trial for trial in orjson.loads((tmp_path / "run/manifest.json").read_bytes())["trials"]}
    assert 0 < trials[str(mixed)]["blends"] < trials[str(mixed)]["rows"] <= 10
    seen = pq.read_table(tmp_path / "run/selections.parquet").to_pandas().groupby("arm")["id"].count()
    assert seen[str(made)] == 10 - 2  # two were made, and stand in no pool


def with_made_rows(run: Path, folder: Path) -> Path:
    """Return a copy of a run that also wrote three rows, one of which it did not keep."""
    rows = [
        {"question": f"Say {n}.", "answer": "one two", "parents": [], "kept": kept}
        for n, kept in enumerate((True, False, True))
    ]
    copytree(run, folder)
    (folder / "manifest.json").unlink()  # it does not know of what is added here
    (folder / "distilled.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return folder


def with_blends(run: Path, folder: Path) -> Path:
    """Return a copy of a run that kept blends of neighbouring rows too, each after its left row."""
    copytree(run, folder)
    (folder / "manifest.json").unlink()
    rows = [row for row in pq.read_table(run / "ledger.parquet").to_pylist() if row["status"] == "kept"]
    rows.sort(key=lambda row: int(row["rank"]))
    prints = pa.array([bytes.fromhex(row["fingerprint"]) for row in rows], pa.binary(16))
    ids, n = [row["id"] for row in rows], len(rows)
    ranks = pa.array([2 * at + 1 for at in range(n)], pa.int32())
    pq.write_table(pa.table({"id": ids, "rank": ranks, "fingerprint": prints}), folder / "rows.parquet")
    blends = {
        "rank": [2 * at + 2 for at in range(n - 1)],
        "left": ids[:-1],
        "right": ids[1:],
        "weight": [0.5] * (n - 1),
    }
    pq.write_table(pa.table(blends), folder / "blends.parquet")
    return folder
