"""What a user names, as files."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cuvee.errors import InputError
from cuvee.samples import hub
from cuvee.samples.inputs import expand, stem, suffix

ROW = b'{"instruction": "a", "output": "b"}\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    data = ["b.jsonl", "a.json.gz", "deep/er/c.csv", "deep/d.PARQUET", "deep/e.arrow"]
    beside = ["readme.md", "dataset_info.json", ".hidden.json", ".git/f.json", "deep/state.json", "model.bin.gz"]
    for name in data + beside:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"{}")
    return tmp_path


def names(found: list[Path | str], root: Path) -> list[str]:
    return [str(Path(path).relative_to(root)) for path in found]


def test_folders(tree: Path) -> None:
    data = ["a.json.gz", "b.jsonl", "deep/d.PARQUET", "deep/e.arrow", "deep/er/c.csv"]
    assert names(expand([tree]), tree) == data
    assert names(expand([str(tree), tree / "b.jsonl", tree / "deep"]), tree) == data  # none twice
    assert names(expand([tree / "deep", tree / "b.jsonl"]), tree) == [*data[2:], "b.jsonl"]  # in the order given


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.json*", ["a.json.gz", "b.jsonl"]),
        ("**/*.csv", ["deep/er/c.csv"]),
        ("d*", ["deep/d.PARQUET", "deep/e.arrow", "deep/er/c.csv"]),
        ("[ab].*", ["a.json.gz", "b.jsonl"]),
    ],
)
def test_globs(pattern: str, expected: list[str], tree: Path) -> None:
    assert names(expand([f"{tree}/{pattern}"]), tree) == expected


def test_a_name_with_brackets_is_a_name(tmp_path: Path) -> None:
    (tmp_path / "data[1].json").write_bytes(ROW)
    assert expand([tmp_path / "data[1].json"]) == [tmp_path / "data[1].json"]


def test_a_named_file_needs_no_suffix(tree: Path) -> None:
    assert names(expand([tree / "readme.md"]), tree) == ["readme.md"]


def test_what_is_not_there(tree: Path) -> None:
    for given, hint in [("b.jsnl", "did you mean .*b.jsonl"), ("zzz", "nothing in"), ("dep/d.parquet", "mean .*deep")]:
        with pytest.raises(InputError, match="there is no") as problem:
            expand([tree / given])
        problem.match(hint)
    (tree / "empty").mkdir()
    for given in ("*.xml", "empty"):
        with pytest.raises(InputError, match="no data files in"):
            expand([tree / given])


@pytest.mark.parametrize("given", ["a" * 5000, "~nobody-of-that-name/a.json"])
def test_what_cannot_be_a_path(given: str) -> None:
    with pytest.raises(InputError, match="is no path") as problem:
        expand([given])
    assert len(str(problem.value)) < 250


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("x/data.jsonl.gz", "data"),
        ("my.data.v2.json", "my.data.v2"),
        ("plain", "plain"),
        ("saved/", "saved"),
        ("a.JSON.ZST", "a"),
        ("hub:org/name@train", "name@train"),
    ],
)
def test_stem(path: str, expected: str) -> None:
    assert stem(path) == expected


def test_suffix() -> None:
    assert [suffix(Path(name)) for name in ("a.jsonl.gz", "a.JSON", "a.gz", "a")] == [".jsonl", ".json", "", ""]


@pytest.mark.parametrize(
    "text", ["hub:org/name", "org/name", "org/name:config", "org/na-me.2@train[:100]", "hub:squad"]
)
def test_hub_ids_look_like_it(text: str) -> None:
    assert hub.looks_like_id(text)


@pytest.mark.parametrize("text", ["name", "a/b/c", "org/na me", "/name", "org/name@"])
def test_paths_do_not(text: str) -> None:
    assert not hub.looks_like_id(text)


def inspect(data: bytes, folder: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "cuvee", "inspect", "-", "--near", "0", "--out", str(folder / "run")]
    environment = {**os.environ, "TMPDIR": str(folder)}
    return subprocess.run(
        command, input=data, capture_output=True, timeout=60, cwd=folder, env=environment, check=False
    )


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input(packed: bool, tmp_path: Path) -> None:
    data = gzip.compress(ROW * 3) if packed else ROW * 3
    done = inspect(data, tmp_path)
    assert done.returncode == 0, done.stderr
    profile = json.loads((tmp_path / "run/profile.json").read_bytes())
    assert profile["rows"] == 3
    (copy,) = tmp_path.glob("stdin-*")
    assert copy.read_bytes() == data


def test_standard_input_without_rows(tmp_path: Path) -> None:
    done = inspect(b"hello\n", tmp_path)
    assert done.returncode == 1 and b"Traceback" not in done.stderr
    assert b"is neither JSON, CSV, Parquet nor Arrow\n  hint:" in done.stderr
