"""Folders that ``datasets`` saved, whole and broken."""

from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.ipc as ipc
import pytest

from cuvee.errors import InputError
from cuvee.samples.containers import identity, rows
from cuvee.samples.inputs import expand
from cuvee.samples.saved import saved_files


def _save(folder: Path) -> Path:
    folder.mkdir(parents=True)
    table = pa.table({"instruction": ["a", "b"], "output": ["c", "d"]})
    with ipc.new_stream(str(folder / "data-00000-of-00001.arrow"), table.schema) as sink:
        sink.write_table(table)
    (folder / "state.json").write_bytes(orjson.dumps({"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}))
    return folder


def test_splits_and_a_single_set_are_read(tmp_path: Path) -> None:
    for split in ("train", "test"):
        _save(tmp_path / "two" / split)
    (tmp_path / "two/dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    assert expand([tmp_path / "two"]) == [tmp_path / "two"]
    assert [path.parent.name for path in saved_files(tmp_path / "two")] == ["train", "test"]
    assert len(list(rows(str(tmp_path / "two")))) == 4 and identity(tmp_path / "two")["bytes"] > 100


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("state.json", b'{"_data_files": [{"filename": "gone.arrow"}]}'),
        ("state.json", b'{"_data_files": [{"filename": "../../secret"}]}'),
        ("state.json", b'{"_data_files": [{"filename": "/etc/passwd"}]}'),
        ("state.json", b'{"_data_files": [{"name": "x"}]}'),
        ("state.json", b'{"_data_files": 5}'),
        ("state.json", b'{"_data_files": ['),
        ("state.json", b'["_data_files"]'),
        ("dataset_dict.json", b"\xff\xfe"),
        ("dataset_dict.json", b"{}"),
        ("dataset_dict.json", b'{"splits": [5]}'),
        ("dataset_dict.json", b'{"splits": ["train"]}'),
        ("dataset_dict.json", b'{"splits": ["../.."]}'),
        ("dataset_dict.json", b""),
    ],
)
def test_a_broken_one_is_a_line(tmp_path: Path, file: str, content: bytes) -> None:
    folder = _save(tmp_path / "saved")
    (folder / file).write_bytes(content)
    with pytest.raises(InputError, match=r"saved was saved by `datasets`, but|train was saved by `datasets`, but"):
        identity(expand([folder])[0])
