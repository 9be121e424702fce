"""Archives are folders of data files, whatever packs them; damage and passwords are told in one line."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from cuvee.errors import InputError
from cuvee.samples import containers
from cuvee.samples.inputs import expand, stem

ROWS = [{"question": f"q{at}", "answer": "a"} for at in range(3)]
LINES = b"".join(json.dumps(row).encode() + b"\n" for row in ROWS)
MEMBERS = {
    "deep/train.jsonl": LINES,
    "b.json.gz": gzip.compress(json.dumps(ROWS).encode()),
    "c.csv": b"question,answer\nx,y\n",
}
BESIDE = {"readme.md": b"hello", "__MACOSX/deep/._train.jsonl": b"\x00", ".hidden.jsonl": LINES, "../out.jsonl": LINES}


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


PACKED: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "pool.zip": zipped,
    "pool.tar": tarred,
    "pool.tar.gz": lambda members: gzip.compress(tarred(members)),
    "pool.tgz": lambda members: gzip.compress(tarred(members)),
    "pool.tar.xz": lambda members: lzma.compress(tarred(members)),
    "pool.tar.bz2": lambda members: bz2.compress(tarred(members)),
    "pool.tar.zst": lambda members: zstandard.compress(tarred(members)),
    "no-suffix": zipped,
}


@pytest.mark.parametrize("name", PACKED)
def test_an_archive_is_a_folder_of_data_files(name: str, tmp_path: Path) -> None:
    archive = tmp_path / name
    archive.write_bytes(PACKED[name](MEMBERS | BESIDE))
    found = expand([archive])
    assert [Path(path).relative_to(archive).as_posix() for path in found] == ["b.json.gz", "c.csv", "deep/train.jsonl"]
    assert [len(list(containers.rows(path))) for path in found] == [3, 1, 3]
    assert [raw.value for raw in containers.rows(found[2])] == ROWS and stem(found[2]) == "train"
    assert containers.identity(found[2])["bytes"] == len(LINES)
    assert expand([archive / "c.csv"]) == [archive / "c.csv"]
    if name != "no-suffix":
        assert expand([tmp_path]) == found and expand([f"{tmp_path}/po*"]) == found


def test_what_is_wrong_with_an_archive_is_one_line(tmp_path: Path) -> None:
    whole = zipped(MEMBERS)
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "none.zip").write_bytes(zipped({"a.txt": b"x"}))
    (tmp_path / "good.zip").write_bytes(whole)
    for name, reason in (("cut.zip", "damaged"), ("none.zip", "no data files"), ("good.zip/no.jsonl", "no item named")):
        with pytest.raises(InputError, match=reason) as refused:
            list(containers.rows(expand([tmp_path / name])[0]))
        assert "\n" not in refused.value.message and refused.value.hint


def test_a_locked_archive_says_so(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.jsonl": LINES}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1  # the bit that says that a member is encrypted
    (tmp_path / "locked.zip").write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"cannot be unpacked: .*password"):
        list(containers.rows(expand([tmp_path / "locked.zip"])[0]))
