"""Hub ids where there is no hub: one line that says what to do. And where there is one: a folder in its place."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cuvee.errors import InputError, MissingExtraError
from cuvee.samples import containers, hub, inputs

needs_datasets = pytest.mark.skipif(not hub.installed(), reason="the hub extra is not installed")


INSPECTED = """
import sys
from cuvee.cli import main
for given in sys.argv[2:]:
    try:
        main(["inspect", given, "--out", sys.argv[1]])
    except SystemExit as end:
        print(end.code, flush=True)
    print("----", file=sys.stderr, flush=True)
"""


@needs_datasets
def test_offline_is_one_line(tmp_path: Path) -> None:
    """In a process of its own, since the hub's library reads once, when it is imported, that there is no network."""
    ids = ["hub:no-such/data", "no-such/data", "no-such/data:config@train[:10]"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    command = [sys.executable, "-c", INSPECTED, str(tmp_path / "run"), *ids]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=600, env=environment, check=False, cwd=tmp_path
    )
    assert done.returncode == 0 and "Traceback" not in done.stderr
    assert done.stdout.split() == ["1"] * len(ids)
    for given, told in zip(ids, done.stderr.split("----\n"), strict=False):
        said, hint = told.strip().splitlines()[-2:]
        assert said.startswith(f"cuvee: hub:{given.removeprefix('hub:')} cannot be had: ")
        assert hint == "  hint: check the name and the network, or name files"


@needs_datasets
def test_an_id_that_is_none() -> None:
    (name,) = inputs.expand(["hub:a b/c"])
    with pytest.raises(InputError, match="is no hub id") as problem:
        containers.identity(name)
    problem.match("hub:org/name@split")


def test_without_the_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hub, "installed", lambda: False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingExtraError, match=r"\[hub\]"):
        inputs.expand(["hub:org/name"])
    with pytest.raises(InputError, match="there is no org/name"):
        inputs.expand(["org/name"])
    with pytest.raises(MissingExtraError, match=r"\[hub\]"):
        list(hub.batches("hub:org/name"))


@needs_datasets
def test_splits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder stands in for the hub: ``datasets`` reads both alike."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    for folder, splits in (("one/a", ["train", "test"]), ("one/b", ["validation"]), ("one/c", ["test", "validation"])):
        for split in splits:
            path = tmp_path / folder / f"{split}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f'{{"instruction": "{split}", "output": "x"}}\n' * 3)

    def first(name: str) -> list[object]:
        return [raw.value["instruction"] for raw in containers.rows(name) if isinstance(raw.value, dict)]

    assert first("hub:one/a") == ["train"] * 3
    assert first("hub:one/a@test[:2]") == ["test"] * 2
    assert first("hub:one/b") == ["validation"] * 3
    with pytest.raises(InputError, match="has the splits validation, test") as problem:
        first("hub:one/c")
    problem.match("name one: hub:one/c@validation")
    with pytest.raises(InputError, match="cannot be had"):
        first("hub:one/a@no")
    assert containers.identity("hub:one/a") == containers.identity("hub:one/a") != containers.identity("hub:one/b")
