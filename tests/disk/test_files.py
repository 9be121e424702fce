"""Whatever is written passes the seam, and lasts where that is promised."""

import errno
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from cuvee import disk
from cuvee.disk.seam import Operation, watched


def _told(told: list[str], full_at: int | None = None):  # type: ignore[no-untyped-def]
    def watch(operation: Operation) -> int:
        told.append(f"{operation.kind} {operation.path.name}")
        if full_at is not None and len(told) > full_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return operation.size

    return watch


def test_a_file_lasts_before_it_is_named_and_its_name_after(tmp_path: Path) -> None:
    told: list[str] = []
    with watched(_told(told)):
        disk.write_whole(tmp_path / "f", b"x")
    assert told == ["create .f.new", "write .f.new", "sync .f.new", "rename f", f"sync {tmp_path.name}"]


def test_a_folder_lasts_with_all_in_it_before_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "new/in").mkdir(parents=True)
    for name in ("a", "in/b"):
        (tmp_path / "new" / name).write_bytes(b"x")
    told: list[str] = []
    with watched(_told(told)):
        disk.put(tmp_path / "new", tmp_path / "old")
    assert told == ["sync a", "sync b", "sync in", "sync new", "rename old", f"sync {tmp_path.name}"]


@pytest.mark.parametrize("fails", range(5))
def test_a_failure_names_the_file_and_leaves_the_old_one_whole(tmp_path: Path, fails: int) -> None:
    (tmp_path / "f").write_bytes(b"old")
    with watched(_told([], fails)), pytest.raises(OSError, match="No space left") as failure:
        disk.write_whole(tmp_path / "f", b"new")
    if failure.value.filename:
        assert str(failure.value.filename).startswith(str(tmp_path))
    assert (tmp_path / "f").read_bytes() == (b"old" if fails < 4 else b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_short_write_is_gone_on_with(tmp_path: Path) -> None:
    with watched(lambda operation: min(operation.size, 1_000)):
        disk.write(tmp_path / "f", bytes(range(256)) * 20)
        disk.copy(tmp_path / "f", tmp_path / "g")
    assert (tmp_path / "g").read_bytes() == (tmp_path / "f").read_bytes() == bytes(range(256)) * 20


def test_a_copy_is_a_file_of_its_own(tmp_path: Path) -> None:
    for size in (0, 1, 3_000_000):
        (tmp_path / "f").write_bytes(os.urandom(size))
        disk.copy(tmp_path / "f", tmp_path / "g")
        assert (tmp_path / "g").read_bytes() == (tmp_path / "f").read_bytes()
        assert (tmp_path / "g").stat().st_ino != (tmp_path / "f").stat().st_ino


def test_a_copy_without_help_of_the_system_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "copy_file_range")
    (tmp_path / "f").write_bytes(os.urandom(2_500_000))
    disk.copy(tmp_path / "f", tmp_path / "g")
    assert (tmp_path / "g").read_bytes() == (tmp_path / "f").read_bytes()


def test_equal_arrays_are_equal_bytes(tmp_path: Path) -> None:
    values: dict[str, npt.NDArray[np.generic]] = {"a": np.arange(5), "b": np.eye(2, dtype=np.float32)}
    for name in ("1", "2"):
        disk.save_arrays(tmp_path / name, **values)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    with np.load(tmp_path / "1", allow_pickle=False) as found:
        assert all(np.array_equal(found[name], value) for name, value in values.items())
    disk.save_array(tmp_path / "3", values["b"])
    assert np.array_equal(np.load(tmp_path / "3"), values["b"])


def test_an_array_to_be_filled_has_its_space(tmp_path: Path) -> None:
    array = disk.empty_array(tmp_path / "f", (1_000, 10))
    assert (tmp_path / "f").stat().st_blocks * 512 >= 40_000
    array[:] = 3
    assert np.load(tmp_path / "f").sum() == 30_000


def test_what_a_library_says_of_a_full_disk_is_understood(tmp_path: Path) -> None:
    said = 'Error while serializing: I/O error: Os { code: 28, kind: StorageFull, message: "No space left on device" }'
    with pytest.raises(OSError, match="No space left") as failure, disk.library(tmp_path):
        raise RuntimeError(said)
    assert failure.value.filename == str(tmp_path)
    with pytest.raises(RuntimeError, match="CUDA"), disk.library(tmp_path):
        raise RuntimeError("CUDA error code: 2")


def test_what_is_set_aside_never_takes_the_place_of_another(tmp_path: Path) -> None:
    for _ in range(3):
        (tmp_path / "f").write_bytes(b"x")
        disk.set_aside(tmp_path / "f")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".damaged-f", ".damaged-f-2", ".damaged-f-3"]
