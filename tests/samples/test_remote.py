"""Inputs by URL, from a server that speaks S3 and from file://."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from cuvee.errors import InputError
from cuvee.samples import inputs

ROWS = '{"instruction": "Add 1 and 1.", "output": "2"}\n'


def test_a_file_url_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fsspec", reason="needs fsspec: pip install 'cuvee[s3]'")
    monkeypatch.setenv("CUVEE_HOME", str(tmp_path / "home"))
    (tmp_path / "pool").mkdir()
    for name in ("b.jsonl", "a.jsonl", "notes.txt"):
        (tmp_path / "pool" / name).write_text(ROWS)
    found = inputs.expand([f"file://{tmp_path}/pool"])
    assert [Path(path).name for path in found] == ["a.jsonl", "b.jsonl"]
    assert Path(found[0]).read_text() == ROWS
    assert inputs.expand([f"file://{tmp_path}/pool/b*.jsonl"]) == found[1:]
    (tmp_path / "pool/a.jsonl").write_text(ROWS * 2)
    assert Path(inputs.expand([f"file://{tmp_path}/pool/a.jsonl"])[0]).read_text() == ROWS * 2
    with pytest.raises(InputError, match=r"there (is|are) no "):
        inputs.expand([f"file://{tmp_path}/nothing"])


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A bucket on a server of our own; what fsspec needs stands in the environment, as with any S3."""
    if not (find_spec("moto") and find_spec("s3fs")):
        pytest.skip("needs moto and s3fs: pip install 'moto[server]' 'cuvee[s3]'")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    given = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1"}
    for name, value in {**given, "CUVEE_HOME": str(tmp_path / "home")}.items():
        monkeypatch.setenv(name, value)
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env={**os.environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _made(port)
    finally:
        server.terminate()
        server.wait()


def _made(port: int) -> str:
    import s3fs

    for _ in range(300):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    s3fs.S3FileSystem().mkdir("pool")
    return "s3://pool"


@pytest.mark.slow  # starts a server that takes seconds
def test_a_pool_in_a_bucket(bucket: str, tmp_path: Path) -> None:
    import s3fs

    import cuvee

    system = s3fs.S3FileSystem()
    for name in ("one.jsonl", "deep/two.jsonl", "notes.md"):
        system.pipe(f"pool/{name}", b"".join(ROWS.replace("1.", f"{at}{name}.").encode() for at in range(30)))
    assert [Path(path).name for path in inputs.expand([bucket])] == ["two.jsonl", "one.jsonl"]
    assert inputs.expand([f"{bucket}/*.jsonl"]) == inputs.expand([f"{bucket}/one.jsonl"])
    cuvee.select([bucket], budget="5", draws=1, embedder="lexical", near=0.0, out=tmp_path / "run")
    assert len((tmp_path / "run/selected.jsonl").read_text().splitlines()) == 5
    with pytest.raises(InputError, match="nowhere"):
        inputs.expand(["s3://nowhere/x.jsonl"])
