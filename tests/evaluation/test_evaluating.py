from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the base install has no torch")

from cuvee import render  # noqa: E402
from cuvee.evaluation import evaluating, heldout  # noqa: E402
from cuvee.evaluation.evaluating import EvaluationSettings, evaluate  # noqa: E402
from cuvee.evaluation.journal import Journal  # noqa: E402
from cuvee.evaluation.question import STUB, Program, Question, said  # noqa: E402
from cuvee.evaluation.table import TABLE, Answer, MeasureReading, table  # noqa: E402
from cuvee.models import causal, generation  # noqa: E402
from cuvee.models.causal import Causal  # noqa: E402
from cuvee.models.generation import Sampling  # noqa: E402

SHORT = EvaluationSettings(Sampling(max_new_tokens=6))
OPTIONS = ("a cat", "two dogs and a bird", "rain")
QUESTIONS = [
    Question("pets", "1", "choice", (said("user", "Which one purrs?"),), OPTIONS[0], OPTIONS, 0),
    Question("sums", "1", "number", (said("user", "3+4?"),), "3+4=7\n#### 7"),
    Question("sums", "2", "match", (said("user", "not True is"),), "False"),
    Question("talk", "1", "open", (said("user", "How are you?"),)),
    Question("held", "1", "rows", (said("user", "Add 1 and 2."), said("assistant", "It is 3.")), "It is 3."),
    Question(
        "code",
        "1",
        "code",
        (said("user", "f"),),
        "```\ndef f(): return 1\n```",
        program=Program("def f():\n" + STUB, "f()", "f"),
    ),
]


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Causal:
    return causal.load(tiny_model)


def log_likelihood(model: Causal, question: Question, option: str) -> float:
    """Return log p(option and end mark | prompt), by hand: the prompt's ids, the option's, the end mark's."""
    prompt = render.encode_prompt(question.messages, model.tokenizer).tolist()
    answer = model.tokenizer(option + model.tokenizer.eos_token, add_special_tokens=False)["input_ids"]
    with torch.inference_mode():
        logits = model.model(torch.tensor([prompt + answer])).logits[0].double().log_softmax(1)
    return sum(float(logits[len(prompt) - 1 + at, token]) for at, token in enumerate(answer))


def test_a_choice_is_the_option_that_is_likeliest_by_hand(model: Causal) -> None:
    sums = np.array([log_likelihood(model, QUESTIONS[0], option) for option in OPTIONS])
    lengths = np.array([len(option) for option in OPTIONS])
    for gold in range(3):
        question = replace(QUESTIONS[0], gold=gold, right=OPTIONS[gold])
        (row,) = evaluate(model, [question], SHORT).to_pylist()
        assert row["accuracy"] == float(sums.argmax() == gold)
        assert row["accuracy_norm"] == float((sums / lengths).argmax() == gold)
        assert row["answer"] == OPTIONS[int(sums.argmax())]
        assert abs(row["loss"] + sums[gold] / row["tokens"]) < 1e-4
    (readings,) = evaluating.read(model, [QUESTIONS[0]], Journal(None))
    assert np.allclose([-one.total for one in readings if one.total is not None], sums, atol=1e-4)


def test_one_row_per_question_with_the_measures_of_its_kind(model: Causal) -> None:
    told = evaluate(model, QUESTIONS, SHORT)
    assert told.schema == TABLE
    measured = {row["kind"]: {name for name in row if row[name] is not None} for row in told.to_pylist()}
    assert {"accuracy", "accuracy_norm", "loss", "answer"} <= measured["choice"]
    assert {"exact_match", "number_match", "loss", "answer", "ended"} <= measured["number"]
    assert {"exact_match", "loss"} <= measured["match"] and "number_match" not in measured["match"]
    assert "answer" in measured["open"] and "loss" not in measured["open"]
    assert {"loss", "tokens"} <= measured["rows"] and "answer" not in measured["rows"]
    assert {"loss", "answer"} <= measured["code"] and "passed" not in measured["code"]
    (held,) = heldout.loss(model, [QUESTIONS[4].messages]).to_pylist()
    assert abs(told["loss"][4].as_py() - held["loss"]) < 1e-6


def test_answers_are_judged() -> None:
    """What the tiny model never says: right and wrong answers, as a model would write them."""
    nothing = [[MeasureReading(1.0, 2, 0)]] * 2

    def judged(number: str, match: str) -> list[float]:
        answers = {0: Answer(number, 3, True, 0), 1: Answer(match, 3, True, 0)}
        rows = table(QUESTIONS[1:3], nothing, answers, {}).to_pylist()
        return [rows[0]["number_match"], rows[0]["exact_match"], rows[1]["exact_match"]]

    assert judged("It is 3+4 = 7.", "false.") == [1, 0, 1]
    assert judged("#### 7", "The answer is False") == [1, 1, 1]
    assert judged("#### 8", "True") == [0, 0, 0]
    assert judged("no idea", "") == [0, 0, 0]


def test_an_option_that_could_not_be_read_is_null_and_no_guess() -> None:
    (row,) = table(
        QUESTIONS[:1], [[MeasureReading(1.0, 2, 0), MeasureReading(None, 0, 0), MeasureReading(3.0, 1, 0)]], {}, {}
    ).to_pylist()
    assert row["accuracy"] is None and row["answer"] is None and row["loss"] == 0.5


def test_a_killed_evaluation_goes_on_and_reads_nothing_twice(
    model: Causal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(evaluating.CHUNK, "cpu", 30)
    monkeypatch.setitem(generation.BATCH_TOKENS, "cpu", 20)
    whole = evaluate(model, QUESTIONS, SHORT)
    calls: list[str] = []
    read, write = heldout.losses, generation.write

    def counted(name: str, real, stop: int):  # type: ignore[no-untyped-def]
        def call(*given, **named):  # type: ignore[no-untyped-def]
            if calls.count(name) == stop:
                raise KeyboardInterrupt
            calls.append(name)
            return real(*given, **named)

        return call

    for stop in (2, 3, 99):
        monkeypatch.setattr(heldout, "losses", counted("read", read, stop))
        monkeypatch.setattr(generation, "write", counted("write", write, stop))
        if stop == 99:
            again = evaluate(model, QUESTIONS, SHORT, folder=tmp_path)
        else:
            with pytest.raises(KeyboardInterrupt):
                evaluate(model, QUESTIONS, SHORT, folder=tmp_path)
    assert again.equals(whole)
    readings = len(evaluating._chunks(QUESTIONS, 30))
    assert calls.count("read") == readings >= 4 and calls.count("write") == 4
    evaluate(model, QUESTIONS, SHORT, folder=tmp_path)
    assert calls.count("read") == readings and calls.count("write") == 4


def test_loss_only_writes_nothing(model: Causal) -> None:
    told = evaluate(model, QUESTIONS, replace(SHORT, loss_only=True)).to_pylist()
    assert [row["answer"] is not None for row in told] == [True, *[False] * 5]  # the choice needs no writing


def test_prompts_are_the_ids_before_the_answer_in_training(model: Causal) -> None:
    for question in QUESTIONS[:3]:
        trained = render.encode(question.answered("an answer"), model.tokenizer)
        prompt = render.encode_prompt(question.messages, model.tokenizer)
        assert trained.ids[: len(prompt)].tolist() == prompt.tolist()
        assert trained.answer[len(prompt)] and not trained.answer[: len(prompt)].any()
