"""The command that adds an extra: from a checkout, a folder, a wheel, and from an index."""

from pathlib import Path

import orjson
import pytest

from cuvee import extras


@pytest.mark.parametrize(
    ("told", "command"),
    [
        ({"url": "file://HERE", "dir_info": {"editable": True}}, "pip install -e '.[train]'"),
        ({"url": "file://HERE", "dir_info": {}}, "pip install '.[train]'"),
        ({"url": "file://HERE/a%20b.whl", "archive_info": {}}, "pip install 'HERE/a b.whl[train]'"),
        ({"url": "file://HERE/gone.whl", "archive_info": {}}, "pip install 'cuvee[train]'"),
        ({"url": "https://example.invalid/cuvee.whl"}, "pip install 'cuvee[train]'"),
        ({}, "pip install 'cuvee[train]'"),
    ],
)
def test_what_works_from_where_cuvee_was_installed(
    told: dict[str, object], command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a b.whl").touch()
    monkeypatch.chdir(tmp_path)
    known = orjson.loads(orjson.dumps(told).replace(b"HERE", str(tmp_path).encode()))
    monkeypatch.setattr(extras, "_direct_url", lambda: known)
    assert extras.how_to_add("train") == command.replace("HERE", str(tmp_path))
