"""Pipes, links and devices: read once, followed once, or refused in one line."""

import os
import socket
import threading
from pathlib import Path

import pytest

from cuvee.errors import InputError
from cuvee.samples import containers, streams
from cuvee.samples.inputs import expand

ROWS = b"".join(b'{"instruction": "say %d", "output": "it is %d"}\n' % (n, n) for n in range(5))


def count(*given: Path) -> int:
    return sum(1 for path in expand([str(one) for one in given]) for _ in containers.rows(path))


def written(pipe: Path) -> threading.Thread:
    os.mkfifo(pipe)
    thread = threading.Thread(target=lambda: pipe.write_bytes(ROWS))
    thread.start()
    return thread


def test_a_pipe_is_read_once_and_may_be_named_twice(tmp_path: Path) -> None:
    thread = written(tmp_path / "pipe")
    assert count(tmp_path / "pipe") == 5
    thread.join()
    assert count(tmp_path / "pipe") == 5  # from its copy: the pipe itself is empty
    (path,) = expand([str(tmp_path / "pipe")])
    assert containers.identity(path)["bytes"] == len(ROWS)


def test_an_open_descriptor_is_a_pipe_too() -> None:
    reading, writing = os.pipe()
    os.write(writing, ROWS)
    os.close(writing)
    assert count(Path(f"/dev/fd/{reading}")) == 5
    os.close(reading)


def test_a_pipe_in_a_folder_is_data_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(ROWS)
    thread = written(tmp_path / "b.jsonl")
    assert count(tmp_path) == 10
    thread.join()


def test_a_pipe_that_nobody_writes_to_does_not_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PATIENCE", 0.1)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="nobody writes"):
        expand([str(tmp_path / "pipe")])


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/urandom"])
def test_a_device_is_refused(device: str) -> None:
    with pytest.raises(InputError, match="neither a file nor a pipe"):
        expand([device])


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's name must be short
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind("s.jsonl")
        with pytest.raises(InputError, match="neither a file nor a pipe"):
            expand(["s.jsonl"])


def test_a_link_to_its_own_folder_is_followed_once(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/a.jsonl").write_bytes(ROWS)
    (tmp_path / "deep/back").symlink_to(tmp_path)
    (tmp_path / "here").symlink_to(".")
    assert count(tmp_path) == 5
    assert count(tmp_path / "deep") == 5


def test_a_link_to_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").symlink_to("gone.jsonl")
    for given in (tmp_path, tmp_path / "a.jsonl"):
        with pytest.raises(InputError, match="a link to nothing"):
            expand([str(given)])
