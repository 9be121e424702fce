"""Learning rates: chosen by other questions and other seeds than the verdict's."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import cuvee
from cuvee.errors import ConfigError, InputError
from cuvee.planting.files import write
from cuvee.proof.rates import Rates, apart


def test_a_quarter_of_every_task_in_whole_groups() -> None:
    tasks = ["a"] * 40 + ["b"] * 8 + ["c"] * 2
    together = [str(at // 2) for at in range(50)]
    chosen = apart(tasks, together, seed=0)
    assert (chosen[:40].sum(), chosen[40:48].sum(), chosen[48:].sum()) == (10, 2, 0)
    assert (chosen[::2] == chosen[1::2]).all()
    with pytest.raises(InputError, match="--held-out"):
        apart(["a", "b"], ["1", "2"], seed=0)


def test_the_best_rate_and_a_word_where_it_lies_at_an_end() -> None:
    tried = Rates({"x": {0.1: 3.0, 0.2: 2.0, 0.3: 2.5}, "y": {0.1: 1.0, 0.2: 2.0, 0.3: 3.0}}, np.zeros(4, dtype=bool))
    assert (tried.of("x"), tried.of("y"), tried.of("base")) == (0.2, 0.1, None)
    assert tried.doubts() == ["y: its best rate 0.1 is the lowest that was tried"]


def test_every_arm_has_its_best_rate_and_the_verdict_other_questions(tiny_model: Path, tmp_path: Path) -> None:
    pool = write(tmp_path / "sample", 300, seed=2).pool
    options: dict[str, Any] = {"budget": "20", "held_out": "40", "epochs": 2, "batch": 10, "max_length": 64}
    result = cuvee.prove(
        [str(pool)], model=str(tiny_model), arms="random,base", lrs="1e-5,3e-3", seeds=1, embedder="lexical",
        out=tmp_path / "run", **options,
    )  # fmt: skip
    arms = {arm["arm"]: arm for arm in result.summary["proof"]["arms"]}
    assert arms["random"]["lr"] == 3e-3 and arms["random"]["lrs"]["0.003"] < arms["random"]["lrs"]["1e-05"]
    assert arms["base"]["lr"] is None and arms["base"]["lrs"] == {}
    table = pq.read_table(result.folder / "results.parquet").to_pandas()
    verdict = table[(table["arm"] == "random") & (table["part"] == "verdict")]
    assert len(verdict) == result.summary["proof"]["questions"] < len(table[table["arm"] == "random"])
    assert verdict.groupby("task")["loss"].mean().mean() == pytest.approx(arms["random"]["mean"])
    assert any("highest that was tried" in note for note in result.summary["warnings"])
    with pytest.raises(ConfigError, match="--lrs '3e-4' cannot be tried"):
        cuvee.prove([str(pool)], model=str(tiny_model), lrs="3e-4")
