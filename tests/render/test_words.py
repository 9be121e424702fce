"""Tokens counted by words are the tokens that the tokenizer makes of the whole texts; where they would not be, it is seen."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("transformers", reason="the base install has no transformers")

import tokenizers
import transformers

from cuvee.models import causal
from cuvee.render import words
from cuvee.render.words import WordCounts

LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
TALK = [
    "The river, the Rhine.\n\n  It flows 1234 km;\tdon't  ask\n why. </s> <|a|>\n",
    "déjà vu 日本 e\u0301 \u00a0 😀",
    "  ",
]


def made(pre: Any, *, normalizer: Any = None, rstrip: bool = False) -> Any:
    """Return a BPE tokenizer of 500 pieces with this rule of splitting."""
    model = tokenizers.Tokenizer(tokenizers.models.BPE())
    if pre is not None:
        model.pre_tokenizer = pre
    if normalizer:
        model.normalizer = normalizer
    else:
        model.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=500, initial_alphabet=alphabet, special_tokens=["</s>"])
    model.train_from_iterator(TALK * 20, trainer)
    mark = tokenizers.AddedToken("<|a|>", rstrip=rstrip)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=model, eos_token="</s>", additional_special_tokens=[mark]
    )


def byte_level(rule: str | None = None, **more: Any) -> Any:
    level = tokenizers.pre_tokenizers.ByteLevel(**{"add_prefix_space": False, "use_regex": rule is None, **more})
    split = tokenizers.pre_tokenizers.Split(tokenizers.Regex(rule), "isolated") if rule else None
    return tokenizers.pre_tokenizers.Sequence([split, level]) if split else level


@pytest.fixture(scope="module", params=["gpt-2", "prefix", "llama-3", "nfc"])
def counted(request: pytest.FixtureRequest) -> WordCounts:
    rules = {"gpt-2": byte_level(), "prefix": byte_level(add_prefix_space=True)}
    tokenizer = made(rules.get(request.param, byte_level(LLAMA3)))
    if request.param == "nfc":
        tokenizer.backend_tokenizer.normalizer = tokenizers.normalizers.NFC()
    assert words.parts_at_spaces(tokenizer)
    return WordCounts(tokenizer, fewest=0)


WORDS = ["a", "the", "'s", "don't", "7", "12", ".", "!!", "_", "é", "\u0301", "日本", "😀", "</s>", "<|a|>", "İ"]
GAPS = ["\n", "\n\n", "\t", " ", "  ", "\r\n", "\u00a0", "\u3000", "\x85", "\x00"]
PARTS = st.sampled_from([*WORDS, *GAPS])


@given(texts=st.lists(st.one_of(st.lists(PARTS, max_size=12).map("".join), st.text(max_size=20)), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_counts_by_words_are_those_of_the_whole_texts(texts: list[str], counted: WordCounts) -> None:
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    for _ in range(2):  # the second time every word is known
        assert counted.of(texts) == [whole(text, counted._tokenizer) for text in texts]


def whole(text: str, tokenizer: Any) -> int:
    return len(tokenizer(text, add_special_tokens=False)["input_ids"])


def test_the_tiny_model_s_tokens_keep_to_words(tiny_model: Path) -> None:
    assert words.parts_at_spaces(causal.tokenizer_of(tiny_model))


def test_a_tokenizer_that_reaches_across_a_space_is_seen() -> None:
    level = byte_level(use_regex=False)
    assert not words.parts_at_spaces(made(level))  # nothing is split: "The river" may be a token
    assert not words.parts_at_spaces(made(byte_level(), rstrip=True))  # a mark takes the space after it
    assert not words.parts_at_spaces(made(byte_level(r".{10}")))  # the vocabulary may be sound, the rule is not
    begins = tokenizers.normalizers.Sequence(
        [tokenizers.normalizers.Prepend("▁"), tokenizers.normalizers.Replace(" ", "▁")]
    )
    assert not words.parts_at_spaces(made(None, normalizer=begins))
    strange = made(level)
    assert WordCounts(strange, fewest=0).of(TALK) == [whole(text, strange) for text in TALK]
