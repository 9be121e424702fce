"""What may be loaded: weights that are numbers and nothing else. A model folder is somebody's file like any other.

Pickled files run code when they are read, so none is: not even with ``weights_only``, which is a list of exceptions. Code that
comes with a model is never run (``trust_remote_code=False`` stands in every call; ``tests/models/test_plain.py`` walks them).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson

from cuvee.errors import ConfigError

PICKLED = frozenset((".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".dill", ".mar"))
SAFE = ".safetensors"
ADAPTER, ADAPTER_WEIGHTS = "adapter_config.json", f"adapter_model{SAFE}"
SAVE_AGAIN = "save it again with save_pretrained, which writes safetensors"


def check(folder: Path) -> None:
    """Raise ConfigError for a model folder of which a library would unpickle a file, or run or fetch code.

    A pickled file beside safetensors (an optimiser's state, say) is let lie: it is not read.
    """
    for path in _files(folder):
        if path.suffix.lower() in PICKLED and not any(path.parent.glob(f"*{SAFE}")):
            raise ConfigError(f"{path} is pickled: reading it could run anything", SAVE_AGAIN)
        if path.name.endswith(".index.json"):
            _index(path)
    if (folder / ADAPTER).is_file():
        _adapter(folder)
    if (folder / "config.json").is_file():
        _config(folder / "config.json")


def settings(path: Path) -> Mapping[str, object]:
    """Return a JSON object from a model folder. Raises ConfigError where it is none."""
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as wrong:
        raise ConfigError(f"{path} cannot be read: {wrong}", "take another model folder") from wrong
    if not isinstance(found, dict):
        raise ConfigError(f"{path} holds no settings", "take another model folder")
    return found


def _files(folder: Path) -> Iterator[Path]:
    """Return the files of a folder and of the folders in it, where a sentence embedder's layers lie."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.name.startswith("."):
            yield from (inner for inner in sorted(path.iterdir()) if inner.is_file())
        elif path.is_file():
            yield path


def _index(path: Path) -> None:
    """An index names the files of weights; a library opens what it names, whatever it is."""
    named = settings(path).get("weight_map")
    for name in named.values() if isinstance(named, dict) else ():
        if not str(name).endswith(SAFE) or Path(str(name)).name != name:
            raise ConfigError(f"{path} names {str(name)!r}, which is no file of safetensors beside it", SAVE_AGAIN)


def _adapter(folder: Path) -> None:
    path = folder / ADAPTER
    found = settings(path)
    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise ConfigError(f"{folder} holds an adapter without {ADAPTER_WEIGHTS}", SAVE_AGAIN)
    if found.get("peft_type") != "LORA":  # the settings of others name tokenizers, with trust_remote_code among them
        raise ConfigError(f"{path} is of the kind {found.get('peft_type')!r}", "only LoRA adapters are read")
    if not isinstance(found.get("base_model_name_or_path"), str):
        raise ConfigError(f"{path} names no base model", "set base_model_name_or_path")
    if found.get("megatron_config") is not None:
        raise ConfigError(f"{path} asks for a library by name (megatron_core)", "take another adapter")


def _config(path: Path) -> None:
    found = settings(path)
    weights, attention = found.get("transformers_weights"), str(found.get("attn_implementation"))
    if weights is not None and not str(weights).removesuffix(".index.json").endswith(SAFE):
        raise ConfigError(f"{path} names the weights {str(weights)!r}, which are no safetensors", SAVE_AGAIN)
    if "/" in attention:
        raise ConfigError(f"{path} asks for code from the hub: {attention}", "remove attn_implementation")
