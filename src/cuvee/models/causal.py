"""Causal language models: by folder, catalogue name, GGUF file or hub id, with the tokenizer and its chat template."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cuvee.errors import ConfigError
from cuvee.models import catalog, place, plain
from cuvee.models.folders import fingerprint, model_folder
from cuvee.models.needs import need, quiet
from cuvee.models.place import PRECISIONS
from cuvee.progress import say
from cuvee.render import DEFAULT_TEMPLATE, Tokenizer
from cuvee.runs import digest

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

DEFAULT = "smollm2-135m"
_FAST_BF16 = ("avx512_bf16", "amx_bf16", "bf16")  # names of CPU instructions in /proc/cpuinfo (x86, x86, Arm)


@dataclass(frozen=True)
class Causal:
    """A loaded model.

    name: as the user wrote it. folder: where its weights lie. model: a transformers causal LM in eval mode, on ``device``.
    tokenizer: with a chat template and a pad token. version: hash of weights, tokenizer, template and precision.
    max_length: the longest sequence that the model can read.
    """

    name: str
    folder: Path
    model: "PreTrainedModel"
    tokenizer: Tokenizer
    version: str
    max_length: int
    device: str


def load(name: str | Path = DEFAULT, *, device: str | None = None, dtype: str | None = None) -> Causal:
    """Load a model for reading, scoring or training.

    name: folder, catalogue name, ``.gguf`` file, or hub id; a folder that holds a LoRA adapter is merged into its base.
    device: "cpu", "cuda", ...; dtype: one of PRECISIONS. None takes what the command asked for (``place``), else a GPU where
    there is one, and float32 on a CPU, bfloat16 on a GPU that has it. Raises ConfigError where the model is not here or is no
    causal language model, or where the device is not there.
    """
    folder = folder_of(str(name))
    need("torch")
    quiet()
    import torch

    wanted = place.asked()
    where = device or wanted.device or ("cuda" if torch.cuda.is_available() else "cpu")
    _check_device(where)
    usual = "bfloat16" if where.startswith("cuda") and torch.cuda.is_bf16_supported() else "float32"
    precision = dtype or wanted.precision or usual
    _check_precision(precision, where)
    model = _weights(folder, getattr(torch, precision)).to(where).eval()
    tokenizer = tokenizer_of(folder)
    version = digest([version_of(folder), tokenizer.chat_template, precision])
    return Causal(str(name), folder, model, tokenizer, version, context_of(folder, tokenizer), where)


def context_of(folder: Path, tokenizer: Tokenizer) -> int:
    """Return the longest sequence that the model of a folder can read, in tokens; nothing is loaded for it.

    Raises ConfigError where the folder's settings are those of no model, or want code of its own.
    """
    from transformers import AutoConfig

    base = _adapter_base(folder) or folder
    plain.check(base)
    try:
        config = AutoConfig.from_pretrained(base, trust_remote_code=False)
        return int(getattr(config, "max_position_embeddings", None) or tokenizer.model_max_length)
    except (ValueError, OSError, KeyError, TypeError, AttributeError) as wrong:
        raise ConfigError(
            f"{base} holds no model that is known here: {_first_line(wrong)}", "see its config.json"
        ) from wrong


def folder_of(name: str) -> Path:
    """Return the folder of a model's weights, bringing or converting them where that has not been done.

    Raises ConfigError where there is no such model.
    """
    path = Path(name)
    if path.suffix == ".gguf":
        return catalog.converted(path)
    if _holds_model(path / "model") and not _holds_model(path):
        return path / "model"  # a run folder: the model it made
    return model_folder(name, DEFAULT)


def _holds_model(folder: Path) -> bool:
    return (folder / "config.json").is_file() or (folder / "adapter_config.json").is_file()


def version_of(folder: Path) -> str:
    """Return a hash of a model's weights and tokenizer, of the base that an adapter stands on, and of the place asked for."""
    base = _adapter_base(folder)
    config = folder / "config.json"
    parts = [fingerprint(folder), config.read_text() if config.is_file() else "", version_of(base) if base else None]
    where = place.version()
    return digest(parts if where is None else [*parts, where])


def tokenizer_of(folder: Path) -> Tokenizer:
    """Return the tokenizer of a model folder, with a chat template and a pad token.

    A base model without a template gets ``render.DEFAULT_TEMPLATE``. Raises ConfigError without an end token.
    """
    quiet()
    plain.check(folder)
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except Exception as wrong:  # the library's own, and those of the one beneath it, which are plain Exceptions
        raise ConfigError(f"{folder} holds no tokenizer: {_first_line(wrong)}", "see its tokenizer.json") from wrong
    if tokenizer.eos_token is None:
        raise ConfigError(f"the tokenizer in {folder} has no end token", "set eos_token in tokenizer_config.json")
    if tokenizer.chat_template is None:
        tokenizer.chat_template = DEFAULT_TEMPLATE
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    found: Tokenizer = tokenizer
    return found


def with_lora(causal: Causal, *, rank: int = 16, alpha: int = 32, dropout: float = 0.0, seed: int = 0) -> Causal:
    """Return the model with LoRA adapters on all its linear layers, only these trainable (Hu et al., 2021).

    The given model is changed in place, as adapters are layers. Raises MissingExtraError without peft.
    """
    need("peft")
    import torch
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=rank, lora_alpha=alpha, lora_dropout=dropout, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers by an old name
        torch.manual_seed(seed)  # peft draws A from torch's global state; fork_rng puts that back
        model = get_peft_model(causal.model, config)
    return replace(causal, model=model)


def precision_of(causal: Causal) -> str:
    """Return the name of the model's precision, as ``load`` takes it."""
    return str(causal.model.dtype).removeprefix("torch.")


def is_first_process() -> bool:
    """Return whether this process is the only one, or the first of those that work together: the one that writes."""
    return os.environ.get("RANK", "0") == "0"


def fast_bf16(device: str) -> bool:
    """Return whether bfloat16 is quick there: without the instructions a CPU is about twenty times slower with it."""
    import torch

    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported())
    info = Path("/proc/cpuinfo")
    words = set(info.read_text().split()) if info.exists() else set()
    return any(flag in words for flag in _FAST_BF16)


def _check_device(device: str) -> None:
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as wrong:
        raise ConfigError(f"no device {device!r} on this machine: {_first_line(wrong)}", "--device cpu") from None


def _check_precision(precision: str, device: str) -> None:
    if precision not in PRECISIONS:
        raise ConfigError(f"precision {precision!r} is not known", f"one of {', '.join(PRECISIONS)}")
    if precision == "bfloat16" and not fast_bf16(device):
        say("warning: this machine has no bfloat16 instructions: expect it to be about 20 times slower than float32")


def _weights(folder: Path, dtype: "torch.dtype") -> "PreTrainedModel":
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    plain.check(folder)
    base = _adapter_base(folder)
    if not (folder / "config.json").is_file() and base is None:
        raise ConfigError(f"{folder} holds no language model", "it needs config.json and safetensors weights")
    plain.check(base or folder)
    try:
        model = AutoModelForCausalLM.from_pretrained(
            base or folder, dtype=dtype, use_safetensors=True, trust_remote_code=False
        )
    except (ValueError, OSError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as wrong:
        raise ConfigError(
            f"{folder} holds no causal language model: {_first_line(wrong)}", "see its config.json"
        ) from wrong
    if base is None:
        return model
    need("peft")
    from peft import PeftModel

    try:
        return PeftModel.from_pretrained(model, folder, trust_remote_code=False).merge_and_unload()
    except (ValueError, OSError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as wrong:
        raise ConfigError(f"the adapter in {folder} cannot be put on: {_first_line(wrong)}", "see its base") from wrong


def _adapter_base(folder: Path) -> Path | None:
    """Return the folder of the model that an adapter stands on, None where the folder holds a whole model."""
    if not (folder / plain.ADAPTER).is_file():
        return None
    plain.check(folder)
    base = folder_of(str(plain.settings(folder / plain.ADAPTER)["base_model_name_or_path"]))
    if (base / plain.ADAPTER).is_file():
        raise ConfigError(f"the adapter in {folder} stands on another adapter, in {base}", "merge that one first")
    return base


def _first_line(wrong: BaseException) -> str:
    lines: Sequence[str] = str(wrong).strip().splitlines()
    return lines[0] if lines else type(wrong).__name__
