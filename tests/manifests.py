"""A run folder beside its manifest."""

from pathlib import Path

import orjson

from cuvee.runs import MANIFEST, WORK, sha256


def check_manifest(folder: Path) -> None:
    """Assert that a run folder holds what its manifest says, byte for byte, and nothing else."""
    outputs = orjson.loads((folder / MANIFEST).read_bytes())["outputs"]
    told = {output["file"]: (output["bytes"], output["sha256"]) for output in outputs}
    there = [path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).parts[0] != WORK]
    found = {
        str(path.relative_to(folder)): (path.stat().st_size, sha256(path)) for path in there if path.name != MANIFEST
    }
    assert len(told) == len(outputs) and found == told
