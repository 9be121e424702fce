"""GGUF file -> a model folder with safetensors: ``python -m cuvee.models.gguf FILE.gguf NEW_FOLDER``.

transformers reads GGUF slowly (it dequantises) and refuses to save it again; and it builds a plain byte-level tokenizer
whatever the file says about how text is cut first. Both are put right here, once, so that every later use is quick and exact.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cuvee import disk

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# What stands in ``tokenizer.ggml.pre`` -> whether each digit is a token of its own, before bytes are merged.
LONE_DIGITS = frozenset({"smollm"})


def convert(file: str, folder: str) -> None:
    """Write the model and the tokenizer of a GGUF file into a folder, float32. Needs torch, transformers, gguf."""
    import torch
    from transformers import AutoModelForCausalLM

    path = Path(file)
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32, trust_remote_code=False
    )
    del model.config.quantization_config  # the weights are plain now, and only plain weights can be saved
    model.hf_quantizer, model.is_quantized = None, False
    with disk.library(Path(folder)):
        model.save_pretrained(folder)
        _tokenizer(path, model.config.max_position_embeddings).save_pretrained(folder)


def _tokenizer(path: Path, longest: int) -> "PreTrainedTokenizerFast":
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name, trust_remote_code=False)
    if _field(path, "tokenizer.ggml.pre") in LONE_DIGITS:
        first = Sequence([Digits(individual_digits=True), ByteLevel(add_prefix_space=False)])
        tokenizer.backend_tokenizer.pre_tokenizer = first
    tokenizer.model_max_length = longest
    return tokenizer


def _field(path: Path, name: str) -> str | None:
    from gguf import GGUFReader

    field = GGUFReader(path).get_field(name)
    return None if field is None else str(field.contents())


if __name__ == "__main__":
    convert(*sys.argv[1:])
