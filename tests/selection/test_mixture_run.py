"""Quotas, end marks and batch files, all through ``cuvee select``: the ledger, the data and the mixture tell the same."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest
import yaml

import cuvee
from cuvee.selection.drawn import QuotaDrawn, aimed


def lines(rows: Sequence[Mapping[str, object]]) -> str:
    return "\n".join(map(json.dumps, rows)) + "\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mixture")
    words = ["river", "mountain", "planet", "metal", "poet", "animal", "opera", "island", "language", "tree"]
    marked = [
        {"prompt": f"Tell {at} things of a {words[at % 10]}.", "completion": f"{at * at} {words[at % 7]}.<|endoftext|>"}
        for at in range(30)
    ]
    asked = [
        {"custom_id": f"r{at}", "body": {"messages": [{"role": "user", "content": f"Which {word} is number {at}?"}]}}
        for at, word in enumerate(words)
    ]
    told = [
        {
            "custom_id": f"r{at}",
            "response": {"body": {"choices": [{"message": {"role": "assistant", "content": f"The {word}</s>"}}]}},
        }
        for at, word in enumerate([*words[:8], "", "", "", "nobody"])
        if word
    ]
    pool = folder / "pool"
    pool.mkdir()
    for name, rows in (("t0_50k", marked), ("requests", asked), ("results", told)):
        (pool / f"{name}.jsonl").write_text(lines(rows))
    quota = "requests=40%,t0<=60%"
    return cuvee.select([str(pool)], budget="10", quota=quota, embedder="lexical", draws=0, out=folder / "run").folder


def test_the_choice_keeps_the_quotas_and_says_what_was_drawn(run: Path) -> None:
    ledger = pq.read_table(run / "ledger.parquet")
    kept = [row for row in ledger.to_pylist() if row["rank"]]
    assert sorted(row["source"] for row in kept) == ["requests"] * 4 + ["t0_50k"] * 6
    assert {row["reason"].rpartition("; ")[2] for row in kept} == {"quota requests=40%", "quota t0<=60%"}
    summary = orjson.loads((run / "summary.json").read_bytes())
    assert any(note.startswith("quota requests=40%: 4 rows (40.0%)") for note in summary["warnings"])
    parts = orjson.loads((run / "mixture" / "mixture.json").read_bytes())["parts"]
    assert [(part["name"], part["rows"], part["labels"]) for part in parts] == [
        *[("requests", 4, ["source requests"]), ("t0", 6, ["source t0_50k"])]
    ]
    mix = yaml.safe_load((run / "mixture" / "llamafactory.yaml").read_text())
    assert mix["interleave_probs"] == "0.4,0.6"


def test_end_marks_are_off_and_in_the_ledger(run: Path) -> None:
    ledger = pq.read_table(run / "ledger.parquet").to_pylist()
    assert {row["stripped"] for row in ledger if row["source"] == "t0_50k"} == {"<|endoftext|>"}
    assert all("end-mark" in row["flags"] for row in ledger if row["stripped"])
    assert (
        "endoftext" not in (run / "selected.jsonl").read_text() and "</s>" not in (run / "selected.jsonl").read_text()
    )


def test_results_of_a_batch_stand_with_their_requests_once(run: Path) -> None:
    ledger = pq.read_table(run / "ledger.parquet").to_pylist()
    assert len(ledger) == 30 + 10 + 1
    assert sum(row["source"] == "requests" and row["stripped"] == "</s>" for row in ledger) == 8
    (alone,) = [row for row in ledger if row["status"] == "quarantined"]
    assert "without the request that it answers" in alone["reason"]
    assert sum(row["reason"] == "empty answer" for row in ledger) == 2


def test_weights_ask_for_what_could_not_be_drawn() -> None:
    def part(share: float, aim: float, fixed: bool) -> QuotaDrawn:
        return QuotaDrawn("a", "a", [], 9, 9, share, 9, 0.3, aim, fixed)

    assert aimed([part(0.25, 0.5, True), part(0.3, 0.3, True), part(0.45, 0.45, False)]) == pytest.approx(
        [0.5, 0.3, 0.2]
    )
    assert aimed([part(0.25, 0.25, False), part(0.75, 0.75, False)]) == pytest.approx([0.25, 0.75])
