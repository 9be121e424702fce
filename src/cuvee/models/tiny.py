"""Small Llama models with a byte-level BPE of their own: real models that train in seconds or minutes on a CPU."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cuvee import disk
from cuvee.models.needs import need, quiet
from cuvee.names import find
from cuvee.rng import stream

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

END = "<|end|>"
OPEN = "<|{}|>"
ROLES = ("system", "user", "assistant", "tool")
# One mark per role, so that a small model spends no capacity on spelling "### Assistant:".
TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


@dataclass(frozen=True, slots=True)
class ModelShape:
    """The size of a Llama with tied embeddings. heads have 32 dimensions each (16 in the smallest)."""

    hidden: int
    layers: int
    heads: int
    vocabulary: int


SHAPES = {
    "150K": ModelShape(64, 2, 4, 1_024),
    "1M": ModelShape(128, 4, 4, 2_048),
    "5M": ModelShape(256, 6, 8, 4_096),
    "16M": ModelShape(384, 8, 12, 8_192),
}


def make(folder: Path, *, seed: int = 0, size: str = "150K", texts: Iterable[str] | None = None) -> Path:
    """Write an untrained model and its tokenizer into a folder; return the folder.

    texts: what the tokenizer learns from; None takes cuvee's sample pool. The same texts, size and seed give the same bytes.
    Raises ConfigError for an unknown size.
    """
    need("torch")
    quiet()
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    shape = find(SHAPES, size, "size")
    tokenizer = train_tokenizer(_sample_texts() if texts is None else texts, shape.vocabulary)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.hidden,
        intermediate_size=shape.hidden * 8 // 3 // 8 * 8,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=1_024,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng():
        torch.manual_seed(int(stream(seed, "weights").integers(2**31)))  # transformers draws from the global state
        with disk.library(disk.folder(folder)):
            LlamaForCausalLM(config).save_pretrained(folder)
            tokenizer.save_pretrained(folder)
    return folder


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> "PreTrainedTokenizerFast":
    """Return a byte-level BPE tokenizer of at most ``vocabulary`` tokens, with a mark per role and an end mark.

    Each digit is a token of its own, so that a small model can learn to count.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    marks = ["<|pad|>", END, *(OPEN.format(role) for role in ROLES)]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=marks, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, pad_token="<|pad|>", model_max_length=1_024
    )
    wrapped.chat_template = TEMPLATE
    return wrapped


def _sample_texts() -> list[str]:
    from cuvee.planting import plant

    return ["\n".join(planted.row[key] for key in ("instruction", "input", "output")) for planted in plant(1_000)]
