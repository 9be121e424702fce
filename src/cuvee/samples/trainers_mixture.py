"""A mixture as trainers take it: a file per part, and how often each is drawn (LLaMA-Factory, Axolotl)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow as pa

from cuvee import disk
from cuvee.arrays import I64
from cuvee.samples.trainers import DATASET, trainer_files
from cuvee.samples.write import write

ALL = 1.0  # an Axolotl weight: every row of the file


@dataclass(frozen=True)
class MixturePart:
    """A part of a mixture. rows: (k,) of the table, best first. share: how much of what is drawn shall be of it."""

    name: str
    rows: I64
    share: float


def mixture_files(
    folder: Path, table: pa.Table, parts: Sequence[MixturePart], how: Mapping[str, str]
) -> dict[str, dict[str, object]]:
    """Write a folder per part and what draws from them, and return name of each part -> its folder and weights.

    LLaMA-Factory's ``interleave_probs`` are the shares; Axolotl's ``weight`` is the part of a file that it takes, at most 1.
    how: format and file, as ``write`` takes them.
    """
    names = _names(parts)
    largest = max(part.share / len(part.rows) for part in parts)
    infos: dict[str, object] = {}
    mixes: list[dict[str, object]] = []
    told: dict[str, dict[str, object]] = {}
    top: dict[str, object] = {}
    for part, name in zip(parts, names, strict=True):
        info, mix = _part(folder / name, table, part.rows, how)
        infos |= {name: {**info, "file_name": f"{name}/{info['file_name']}"}} if info else {}
        weight = round(part.share / len(part.rows) / largest, 6)
        entries = mix.pop("datasets", [])
        top |= mix
        if isinstance(entries, list):
            mixes += [{**entry, "path": f"{name}/{entry['path']}", "weight": weight} for entry in entries]
        told[part.name] = {"folder": name, "interleave_prob": round(part.share, 6), "weight": weight}
    if len(infos) == len(parts):
        _llama_factory(folder, infos, [part.share for part in parts])
    if len(mixes) == len(parts):
        _axolotl(folder, top, mixes)
    return told


def _part(
    folder: Path, table: pa.Table, rows: I64, how: Mapping[str, str]
) -> tuple[dict[str, object], dict[str, object]]:
    """Write a part with its trainers' files; return LLaMA-Factory's entry and Axolotl's settings, empty where it has none."""
    import yaml

    name = f"selected.{how['file']}"
    write(table, rows, disk.folder(folder) / name, format=how["format"], file=how["file"])
    dialects = sorted(set(table["dialect"].take(pa.array(rows)).to_pylist()))
    trainer_files(folder, data_file=name, format=how["format"], dialects=dialects)
    info, mix = folder / "dataset_info.json", folder / "axolotl.yaml"
    found = orjson.loads(info.read_bytes())[DATASET] if info.exists() else {}
    return found, yaml.safe_load(mix.read_text()) if mix.exists() else {}


def _llama_factory(folder: Path, infos: Mapping[str, object], shares: Sequence[float]) -> None:
    disk.write(
        folder / "dataset_info.json", orjson.dumps(infos, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    )
    probs = [round(share, 6) for share in shares]
    probs[-1] = round(1 - sum(probs[:-1]), 6)
    lines = [
        "# For LLaMA-Factory: put this into your configuration; dataset_dir counts from where you start it.",
        "dataset_dir: .",
        f"dataset: {','.join(infos)}",
        "mix_strategy: interleave_over",
        f"interleave_probs: {','.join(f'{prob:.6g}' for prob in probs)}",
    ]
    disk.write(folder / "llamafactory.yaml", "\n".join([*lines, ""]).encode())


def _axolotl(folder: Path, top: Mapping[str, object], mixes: Sequence[Mapping[str, object]]) -> None:
    import yaml

    text = yaml.safe_dump({**top, "datasets": [dict(mix) for mix in mixes]}, sort_keys=False)
    note = "# For Axolotl: path counts from where you start it; weight is the part of a file's rows that is taken.\n"
    disk.write(folder / "axolotl.yaml", f"{note}{text}".encode())


def _names(parts: Sequence[MixturePart]) -> list[str]:
    """Return a folder's name for each part, none twice."""
    names: list[str] = []
    for part in parts:
        plain = re.sub(r"[^A-Za-z0-9_-]+", "_", part.name).strip("_") or "part"
        names.append(plain if plain not in names else f"{plain}_{len(names)}")
    return names
