from pathlib import Path

import orjson
import pytest

pytest.importorskip("lm_eval", reason="the extra eval is not installed")

from cuvee.errors import ConfigError
from cuvee.evaluation import lm_eval_bridge
from cuvee.models import causal

CHOICE = """
task: own_choice
dataset_path: json
dataset_kwargs:
  data_files:
    test: data/own.jsonl
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: "{{choices}}"
doc_to_target: "{{answer}}"
metric_list:
  - metric: acc
  - metric: acc_norm
"""
WRITTEN = """
task: own_written
dataset_path: json
dataset_kwargs:
  data_files: data/own.jsonl
test_split: train
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "{{choices[answer]}}"
generation_kwargs:
  until: ["\\n"]
  max_gen_toks: 4
metric_list:
  - metric: !function measures.length
    aggregation: mean
    higher_is_better: true
"""


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()
    rows = [{"question": f"{n} or {n + 1}?", "choices": [str(n), str(n + 1)], "answer": n % 2} for n in range(5)]
    (tmp_path / "data/own.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    (tmp_path / "choice.yaml").write_text(CHOICE)
    (tmp_path / "written.yaml").write_text(WRITTEN)
    (tmp_path / "measures.py").write_text("def length(references, predictions):\n    return len(predictions[0])\n")
    return tmp_path


def test_local_tasks_run_offline_and_are_rows_of_our_table(tasks: Path, tiny_model: Path) -> None:
    model = causal.load(tiny_model)
    table, samples = lm_eval_bridge.run(model, [str(tasks / "choice.yaml"), str(tasks / "written.yaml")], limit=3)
    rows = table.to_pylist()
    assert [row["task"] for row in rows] == ["lm-eval:own_choice"] * 3 + ["lm-eval:own_written"] * 3
    assert all(row["accuracy"] in (0, 1) and row["accuracy_norm"] in (0, 1) for row in rows[:3])
    assert len({row["prompt"] for row in rows[:3]}) == 3 and rows[0]["right"] == "0"
    assert all(row["accuracy"] is None and isinstance(row["answer"], str) for row in rows[3:])
    assert [row["length"] for row in rows[3:]] == [len(row["answer"]) for row in rows[3:]]
    assert len(samples) == 6 and samples[0]["doc"]["question"] == "0 or 1?"


def test_what_a_local_task_depends_on_is_its_files(tasks: Path) -> None:
    files = lm_eval_bridge.data_of([str(tasks / "choice.yaml"), "arc_easy"])
    assert [Path(path).name for path, _ in files] == ["choice.yaml", "own.jsonl"]
    assert lm_eval_bridge.data_of(["arc_easy"]) == []


def test_a_missing_task_is_told(tasks: Path, tiny_model: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml"):
        lm_eval_bridge.run(causal.load(tiny_model), [str(tasks / "nowhere.yaml")])


def test_measures_of_several_filters_stand_side_by_side() -> None:
    shared = {"task": "t", "doc_id": 0, "target": 1, "metrics": ["exact_match"], "filtered_resps": ["1"]}
    strict, loose = (
        {**shared, "filter": name, "exact_match": value} for name, value in (("strict", 0.0), ("loose", 1.0))
    )
    (row,) = lm_eval_bridge.table([strict, loose]).to_pylist()
    assert (row["exact_match,strict"], row["exact_match,loose"], row["exact_match"]) == (0, 1, None)
