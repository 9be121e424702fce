"""Every damaged byte of a sealed folder, and of a file of records, is found."""

from pathlib import Path

import pytest

from cuvee.disk.records import add_record, records
from cuvee.disk.sums import SUMS, damage, seal, sums


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "a").write_bytes(b"some bytes")
    (tmp_path / 'in/a "name" of\ntwo lines').write_bytes(b"")
    seal(tmp_path)
    return tmp_path


def test_a_sealed_folder_tells_its_files(sealed: Path) -> None:
    assert damage(sealed) is None
    assert {name: one.bytes for name, one in sums(sealed).items()} == {"a": 10, 'in/a "name" of\ntwo lines': 0}


@pytest.mark.parametrize("name", ["a", SUMS])
def test_every_byte_counts(sealed: Path, name: str) -> None:
    whole = (sealed / name).read_bytes()
    for at in range(len(whole)):
        (sealed / name).write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        assert str(sealed / name) in str(damage(sealed)), at
    (sealed / name).write_bytes(whole)
    assert damage(sealed) is None


def test_a_file_cut_short_or_gone_is_damage(sealed: Path) -> None:
    for name in ("a", SUMS):
        whole = (sealed / name).read_bytes()
        for left in range(len(whole)):
            (sealed / name).write_bytes(whole[:left])
            assert damage(sealed)
        (sealed / name).unlink()
        assert damage(sealed)
        (sealed / name).write_bytes(whole)


def test_every_byte_of_a_record_counts(tmp_path: Path) -> None:
    path, said = tmp_path / "r", [[1, "a b"], {"k": "line\nbreak"}, []]
    for content in said:
        add_record(path, content)
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        found = records(path)
        assert found.damaged, at
        assert all(content in said for content in found.contents)


def test_a_record_that_was_being_written_counts_as_not_written(tmp_path: Path) -> None:
    path = tmp_path / "r"
    add_record(path, "first")
    start = path.stat().st_size
    add_record(path, "second")
    whole = path.read_bytes()
    for left in range(start, len(whole)):
        path.write_bytes(whole[:left])
        found = records(path)
        assert (found.contents, found.damaged, found.torn) == (["first"], [], left > start)
