"""Scores by a language model: by hand on the tiny model, remembered by content, and from the ids that training sees."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cuvee import render, rng, selectors
from cuvee.errors import SelectionError
from cuvee.models import causal, forward
from cuvee.models.causal import Causal
from cuvee.samples.pool import BarePool
from cuvee.samples.schema import TURN
from cuvee.scorers import SCORERS, language
from cuvee.scorers.language import Reader
from cuvee.store import Store

torch = pytest.importorskip("torch", reason="the base install has no torch")

Talk = list[dict[str, Any]]
TALKS: list[Talk] = [
    [
        {"role": "user", "content": f"Add {n} and {n * 3}."},
        {"role": "assistant", "content": f"It is {n * 4}. " * (n + 1)},
    ]
    for n in range(12)
]
TURNS: Talk = [*TALKS[2], {"role": "user", "content": "And twice that?"}, {"role": "assistant", "content": "Sixteen."}]


@pytest.fixture(scope="module")
def tiny(tiny_model: Path) -> Iterator[Causal]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield causal.load(tiny_model, device="cpu")
    torch.set_num_threads(before)


@pytest.fixture
def reader(tiny: Causal, tmp_path: Path) -> Reader:
    return Reader(tiny, Store(tmp_path / "store"))


def pool_of(talks: list[Talk]) -> BarePool:
    prints = pa.array([n.to_bytes(16, "big") for n in range(len(talks))], pa.binary(16))
    return BarePool(pa.table({"messages": pa.array(talks, pa.list_(TURN)), "fingerprint": prints}))


def mean_loss(model: Causal, ids: list[int], first: int) -> float:
    """Mean loss of the tokens from ``first`` on: one row, full logits."""
    with torch.no_grad():
        log = model.model(torch.tensor([ids])).logits[0].log_softmax(-1)
    return float(-np.mean([float(log[at - 1, ids[at]]) for at in range(first, len(ids))]))


def test_loss_perplexity_and_ifd_by_hand(tiny: Causal, reader: Reader) -> None:
    pool = pool_of(TALKS)
    given, alone = [], []
    mark = tiny.tokenizer("<|assistant|>")["input_ids"]
    for talk in TALKS:
        prompt = tiny.tokenizer(f"<|user|>{talk[0]['content']}<|end|><|assistant|>")["input_ids"]
        answer = tiny.tokenizer(f"{talk[1]['content']}<|end|>")["input_ids"]
        given.append(mean_loss(tiny, prompt + answer, len(prompt)))
        alone.append(mean_loss(tiny, mark + answer, len(mark)))
    np.testing.assert_allclose(language.loss(pool, reader=reader), given, atol=1e-4)
    np.testing.assert_allclose(language.perplexity(pool, reader=reader), np.exp(given), rtol=1e-4)
    np.testing.assert_allclose(language.ifd(pool, reader=reader), np.array(given) / alone, atol=1e-4)
    np.testing.assert_allclose(language.ifd_ppl(pool, reader=reader), np.exp(np.array(given) - alone), atol=1e-4)


def test_of_several_turns_all_answers_count_and_both_terms_score_the_same_tokens(tiny: Causal, reader: Reader) -> None:
    row = render.encode(TURNS, tiny.tokenizer)
    bare = language.without_prompt(row, render.header(TURNS, tiny.tokenizer))
    assert row.ids[row.answer].tolist() == bare.ids[bare.answer].tolist()
    assert tiny.tokenizer.decode(bare.ids) == (
        f"<|assistant|>{TURNS[1]['content']}<|end|><|assistant|>{TURNS[3]['content']}<|end|>"
    )
    given, alone = reader.answers(pool_of([TURNS]), "ifd", alone=True)
    assert given[0, 1] == alone[0, 1] == row.answer.sum()


def test_a_first_token_without_context_counts_in_neither_term() -> None:
    row = render.Encoded(np.arange(5, dtype=np.int32), np.array([True, True, False, True, True]))
    bare = language.without_prompt(row, np.array([9], dtype=np.int32))
    assert bare.ids.tolist() == [9, 0, 1, 9, 3, 4]
    assert bare.answer.tolist() == [False, False, True, False, True, True]


def test_no_answer_is_null(reader: Reader) -> None:
    pool = pool_of(
        [TALKS[0], TALKS[1][:1], [], [{"role": "user", "content": "?"}, {"role": "assistant", "content": None}]]
    )
    for name, scorer in SCORERS.items():
        if scorer.needs_model:
            assert np.isnan(scorer.function(pool, reader=reader)).tolist() == [False, True, True, True], name


def test_a_row_that_the_template_refuses_is_null(tiny_model: Path, tmp_path: Path) -> None:
    strict = causal.load(tiny_model, device="cpu")
    strict.tokenizer.chat_template = (
        "{% if messages[0]['content'] == 'Add 1 and 3.' %}{{ raise_exception('no') }}{% endif %}"
        + strict.tokenizer.chat_template
    )
    found = language.loss(pool_of(TALKS[:3]), reader=Reader(strict, Store(tmp_path)))
    assert np.isnan(found).tolist() == [False, True, False]


def test_truncation_cuts_the_answer_and_is_counted(tiny: Causal, tmp_path: Path) -> None:
    pool = pool_of(TALKS)
    short = Reader(tiny, Store(tmp_path), max_length=40)
    lengths = np.array([len(render.encode(talk, tiny.tokenizer)) for talk in TALKS])
    assert 0 < short.truncated(pool) == (lengths > 40).sum() < len(TALKS)
    counts = short.answers(pool, "loss")[0][:, 1]
    expected = [render.encode(talk, tiny.tokenizer, max_length=40).answer.sum() for talk in TALKS]
    np.testing.assert_array_equal(counts, expected)
    assert Reader(tiny, Store(tmp_path)).longest == 1_024


class Counting:
    """Counts the rows that a model reads, and stops it after some."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows = 0
        self.calls_left = 10**9
        self.passes = forward.passes
        monkeypatch.setattr(forward, "passes", self)

    def __call__(self, model: Causal, rows: list[Any], *given: Any, **named: Any) -> forward.Passed:
        if self.calls_left == 0:
            raise KeyboardInterrupt
        self.calls_left -= 1
        self.rows += sum(len(row) > 0 for row in rows)
        return self.passes(model, rows, *given, **named)


def test_nothing_is_scored_twice(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    pool = pool_of(TALKS)
    language.loss(pool, reader=reader)
    assert counting.rows == 12
    for name in ("perplexity", "uncertainty-margin", "uncertainty-entropy", "uncertainty-least-confidence"):
        SCORERS[name].function(pool, reader=reader)
    assert counting.rows == 12
    language.ifd(pool, reader=reader)
    assert counting.rows == 24
    language.ifd(pool_of([*TALKS[::-1], TURNS, TALKS[3]]), reader=reader)
    assert counting.rows == 26  # the new row, with and without its prompt


def test_a_killed_run_goes_on_where_it_was(tiny: Causal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = language.ifd(pool_of(TALKS), reader=Reader(tiny, Store(tmp_path / "whole")))
    monkeypatch.setattr(language, "SEGMENT_TOKENS", {"cpu": 100})
    counting = Counting(monkeypatch)
    counting.calls_left = 3
    reader = Reader(tiny, Store(tmp_path / "killed"))
    with pytest.raises(KeyboardInterrupt):
        language.ifd(pool_of(TALKS), reader=reader)
    assert 0 < counting.rows < 24
    counting.calls_left = 10**9
    found = language.ifd(pool_of(TALKS), reader=reader)
    assert counting.rows == 24
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_another_model_template_or_length_is_another_column(tiny: Causal, reader: Reader, tmp_path: Path) -> None:
    language.loss(pool_of(TALKS), reader=reader)
    language.loss(pool_of(TALKS), reader=Reader(tiny, reader.store, max_length=30))
    language.loss(pool_of(TALKS), reader=Reader(tiny, reader.store, max_length=30, side="left"))
    assert len(list(reader.store.root.iterdir())) == 3


def test_training_scoring_and_embedding_see_the_same_ids(
    tiny_model: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cuvee.embedders.hidden import Hidden

    seen: list[list[int]] = []
    passes = forward.passes

    def spy(model: Causal, rows: list[Any], *given: Any, **named: Any) -> forward.Passed:
        seen.extend(row.ids.tolist() for row in rows)
        return passes(model, rows, *given, **named)

    monkeypatch.setattr(forward, "passes", spy)
    language.loss(pool_of([TURNS]), reader=reader)
    Hidden(str(tiny_model)).encode_messages([TURNS])
    trained = render.encode(TURNS, reader.causal.tokenizer).ids.tolist()
    assert seen == [trained, trained]
    asked = render.encode_prompt(TURNS, reader.causal.tokenizer).tolist()  # evaluation generates from these
    assert trained[: len(asked)] == asked


def test_top_leaves_misaligned_rows_out() -> None:
    pool = pool_of(TALKS[:4]).with_scores(ifd=np.array([0.5, 1.5, np.nan, 0.9], dtype=np.float32))
    draw = rng.stream(0, "t")
    assert selectors.choose(pool, 4, "top", rng=draw, score="ifd").rows.tolist() == [3, 0, 2]
    assert selectors.choose(pool, 4, "top", rng=draw, score="ifd", unfit=True).rows.tolist() == [1, 3, 0, 2]


def test_a_pool_without_the_score_says_so() -> None:
    with pytest.raises(SelectionError, match="language model"):
        selectors.choose(pool_of(TALKS[:4]), 2, "top", rng=rng.stream(0, "t"), score="ifd")
