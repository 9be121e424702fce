"""Files in parts that can be carried: cut, put together again, and checked by their hashes."""

import json
from pathlib import Path

from cuvee.runs import sha256

PART = 48 << 20  # bytes; what is carried at once is often held to 64 MB
INDEX = "parts.json"


def pack(files: dict[str, Path], target: Path, part: int = PART) -> list[Path]:
    """Write each file as parts of at most ``part`` bytes, and an index with names, sizes and hashes; return all paths.

    files: the name under which it is put together again -> the file.
    """
    target.mkdir(parents=True, exist_ok=True)
    index, written = {}, []
    for number, (name, path) in enumerate(sorted(files.items())):
        pieces: list[str] = []
        with path.open("rb") as file:
            while block := file.read(part):
                piece = target / f"{number:03}-{len(pieces):03}.part"
                piece.write_bytes(block)
                pieces.append(piece.name)
        index[name] = {"parts": pieces, "bytes": path.stat().st_size, "sha256": sha256(path)}
        written += [target / piece for piece in pieces]
    (target / INDEX).write_text(json.dumps(index, indent=1))
    return [target / INDEX, *written]


def unpack(source: Path, target: Path) -> list[Path]:
    """Put the files together whose parts are all there; return them. One that is there already, whole, is left alone.

    Raises ValueError for a file that is not what was packed.
    """
    index = json.loads((source / INDEX).read_text())
    made = []
    for name, told in index.items():
        path, parts = target / name, [source / piece for piece in told["parts"]]
        if path.is_file() and path.stat().st_size == told["bytes"] and sha256(path) == told["sha256"]:
            made.append(path)
        elif all(piece.is_file() for piece in parts):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                for piece in parts:
                    file.write(piece.read_bytes())
            if sha256(path) != told["sha256"]:
                raise ValueError(f"{path} is not what was packed: carry its parts again")
            made.append(path)
    return made
