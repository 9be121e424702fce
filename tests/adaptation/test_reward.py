"""What a policy may be paid by: each measure of evaluation on a part of a goal, on a real tiny model."""

from pathlib import Path
from typing import Any

import orjson
import pytest

import cuvee
from cuvee.adaptation.reward import KINDS, LOSS, Part, Reward
from cuvee.errors import ConfigError, InputError
from cuvee.evaluation.question import Question, said
from cuvee.evaluation.table import MEASURES
from cuvee.models import causal
from cuvee.models.causal import Causal
from cuvee.planting.files import WrittenFiles, write
from cuvee.render import encode_all
from cuvee.training import sft
from cuvee.training.settings import Training

YES = (said("user", "Is it day?"),)


@pytest.fixture(scope="module")
def taught(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Causal:
    """Return a tiny model that answers one question with "yes" and another with "#### 4"."""
    model = causal.load(tiny_model)
    talks = [[*YES, said("assistant", "yes")], [said("user", "What is 2 + 2?"), said("assistant", "#### 4")]]
    rows = encode_all(talks, model.tokenizer, max_length=100)
    how = Training(steps=60, epochs=None, lr=1e-2, batch=2, max_length=100)
    return sft.train(model, rows, how, tmp_path_factory.mktemp("taught"), seed=0).model


def test_every_measure_of_evaluation_can_pay() -> None:
    assert {LOSS, *KINDS} == set(MEASURES)


@pytest.mark.parametrize(
    ("measure", "question", "value"),
    [
        ("exact_match", Question("t", "1", "match", YES, "yes"), 1.0),
        ("exact_match", Question("t", "1", "match", YES, "no"), 0.0),
        ("number_match", Question("t", "1", "number", (said("user", "What is 2 + 2?"),), "2 + 2 = 4\n#### 4"), 1.0),
        ("accuracy", Question("t", "1", "choice", YES, "yes", ("no", "yes"), 1), 1.0),
        ("accuracy", Question("t", "1", "choice", YES, "no", ("no", "yes"), 0), 0.0),
    ],
)
def test_a_measure_is_that_of_the_questions(taught: Causal, measure: str, question: Question, value: float) -> None:
    reward = Reward(measure, 12)
    assert reward.judges(question) == question
    part = Part([], [question])
    assert reward.value(taught, part) == value
    assert reward.performance(taught, part)(taught.model) == value  # higher is better


def test_an_instruction_row_is_put_as_a_question() -> None:
    row = Question("t", "1", "rows", (*YES, said("assistant", "yes")), right="yes")
    put = Reward("exact_match").judges(row)
    assert put is not None and (put.kind, put.messages) == ("match", YES)
    assert Reward("accuracy").judges(row) is None
    math = Question("t", "1", "rows", (*YES, said("assistant", "one\n#### 1")), right="one\n#### 1")
    for measure in ("exact_match", "number_match"):
        put = Reward(measure).judges(math)
        assert put is not None and put.kind == "number"
    assert Reward("number_match").judges(row) is not None


@pytest.mark.parametrize("wrong", [{"measure": "bleu"}, {"max_new_tokens": 0}])
def test_a_reward_checks_itself(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Reward(**wrong)


def test_a_policy_is_paid_by_exact_match(tiny_model: Path, tmp_path: Path) -> None:
    sample: WrittenFiles = write(tmp_path / "sample", 200, seed=2)
    goal = tmp_path / "goal.jsonl"
    goal.write_bytes(b"".join(orjson.dumps({"input": f"Is {n} even?", "target": "yes"}) + b"\n" for n in range(8)))
    options: dict[str, Any] = {
        "episodes": 1,
        "probes": 4,
        "steps": 2,
        "per_cluster": 3,
        "subset": "50%",
        "max_length": 96,
        "embedder": "lexical",
        "draws": 1,
        "goal": [str(goal)],
        "reward": "exact_match",
        "max_new_tokens": 4,
        "near": 0,
    }
    result = cuvee.adapt([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", **options)
    told = result.summary["adaptation"]
    assert (told["measure"], told["sign"]) == ("exact_match", 1.0)
    assert 0 <= told["end"]["test"] <= 1 and told["test rows"] + told["validation rows"] <= 8
    assert "exact match on" in result.summary["sentence"]
    with pytest.raises(InputError, match="accuracy can judge"):
        again = {**options, "reward": "accuracy", "out": tmp_path / "other"}
        cuvee.adapt([str(sample.pool)], model=str(tiny_model), **again)
    with pytest.raises(ConfigError, match="reward"):
        cuvee.adapt([str(sample.pool)], model=str(tiny_model), **{**options, "reward": "bleu"})
