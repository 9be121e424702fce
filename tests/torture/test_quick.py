"""A minute of the torture; an hour of it is ``make torture``."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the base install has no torch")

from tests.torture import damage, disk, scenarios
from tests.torture.world import World


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("given")
    scenarios.prepare(folder)
    return folder


@pytest.mark.parametrize("verb", ["inspect", pytest.param("select, judged", marks=pytest.mark.slow), "train"])
def test_faults_of_the_disk_are_lived_through(verb: str, given: Path, tmp_path: Path) -> None:
    tried = disk.one(verb, World(tmp_path / "world", given), tmp_path / "kept", seconds=5, seed=0)
    assert tried.wrong == [] and tried.done


def test_damaged_bytes_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert damage.torture(minutes=0.2, seed=0, count=8)
    assert "damaged bytes found" in capsys.readouterr().out


def test_a_fault_that_is_not_lived_through_is_seen(given: Path, tmp_path: Path) -> None:
    """The torture itself: where a step is believed that lost its bytes, it says so."""
    trials = disk.Trials("evaluate", World(tmp_path / "world", given), tmp_path / "kept")
    trials.expected = {**trials.expected, "answers.jsonl": "another"}
    trials.try_(5, "killed")
    assert len(trials.tried.wrong) == 1 and "other bytes" in trials.tried.wrong[0]
