"""The lowest floor: errors, names, random streams, prompt text."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuvee import render
from cuvee.errors import ConfigError, InputError, MissingExtraError
from cuvee.extras import how_to_add
from cuvee.names import find
from cuvee.rng import keyed, stream
from cuvee.samples.schema import TURN


def test_an_error_is_its_message_and_its_hint() -> None:
    assert str(ConfigError("x is wrong", "write y")) == "x is wrong\n  hint: write y"
    missing = str(MissingExtraError("datasets", "hub", "reading a hub id"))
    assert missing == f"reading a hub id needs datasets, which is not installed\n  hint: {how_to_add('hub')}"


def test_find_names_the_neighbour_or_all() -> None:
    table = {"k-center": 1, "uniform": 2}
    assert find(table, "uniform", "method") == 2
    with pytest.raises(ConfigError, match="did you mean 'k-center'"):
        find(table, "kcenter", "method")
    with pytest.raises(ConfigError, match="known: k-center, uniform"):
        find(table, "zzzzzz", "method")


def test_find_imports_what_a_path_names() -> None:
    assert find({}, "math:sqrt", "method") is __import__("math").sqrt
    with pytest.raises(ConfigError, match="cannot be imported"):
        find({}, "math:nothing", "method")


def test_streams_are_equal_for_equal_names_and_differ_otherwise() -> None:
    first, again, other = (stream(seed, name).integers(2**60) for seed, name in [(3, "a"), (3, "a"), (3, "b")])
    assert first == again != other
    assert stream(1, "a", "b").integers(2**60) != stream(1, "a\x1fb", "").integers(2**60)


def test_keyed_numbers_belong_to_their_keys_and_are_uniform() -> None:
    keys = np.arange(20_000, dtype=np.uint64)
    numbers = keyed(keys, 5)
    turned = keyed(keys[::-1].copy(), 5)
    assert np.array_equal(numbers, turned[::-1])
    assert numbers.min() > 0 and numbers.max() < 1
    counts = np.histogram(numbers, 20, (0, 1))[0]
    assert ((counts - 1000) ** 2 / 1000).sum() < 60  # chi-squared, 19 degrees of freedom: p < 1e-5
    assert abs(np.corrcoef(numbers, keyed(keys, 6))[0, 1]) < 0.03


TURNS = st.lists(
    st.tuples(
        st.sampled_from(["system", "user", "assistant", "tool"]), st.none() | st.text(st.characters(codec="utf-8"))
    ),
    max_size=4,
)


@given(st.lists(TURNS, min_size=1, max_size=4))
def test_the_column_of_texts_is_the_text_of_every_row(rows: list[list[tuple[str, str | None]]]) -> None:
    messages = [[{"role": role, "content": content, "extra": None} for role, content in turns] for turns in rows]
    column = pa.chunked_array([pa.array(messages, pa.list_(TURN))])
    assert render.plain_column(column) == [render.plain(turns) for turns in messages]


def test_prompt_and_response_split_at_the_last_answer() -> None:
    turns = [
        {"role": role, "content": content} for role, content in [("system", "s"), ("user", "u"), ("assistant", "a")]
    ]
    assert (render.prompt(turns), render.response(turns)) == ("s\nu", "a")
    assert render.response(turns[:2]) is None
    assert (
        render.prompt([*turns, {"role": "user", "content": "more"}, {"role": "assistant", "content": "b"}])
        == "s\nu\na\nmore"
    )


def test_tokens_are_estimated_or_counted_by_a_tokenizer(tmp_path: pytest.TempPathFactory) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    assert render.token_counter(None)(["", "abcdefgh"]) == [1, 2]
    tokenizer = Tokenizer(models.WordLevel({"a": 0, "b": 1, "?": 2}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    path = f"{tmp_path}/tokenizer.json"
    tokenizer.save(path)
    assert render.token_counter(path)(["a b a", "b"]) == [3, 1]
    with pytest.raises(InputError, match="no tokenizer"):
        render.token_counter("/nowhere/tokenizer.json")
