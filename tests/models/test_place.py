"""Models work where the command asks; what was made elsewhere is not taken for it."""

from pathlib import Path

import pytest

from cuvee.commands import Mistakes
from cuvee.errors import ConfigError
from cuvee.models import causal, speed
from cuvee.models.place import ModelPlace, asked
from cuvee.models.speed import ModelWork


def test_a_model_is_loaded_where_the_command_asks(tiny_model: Path) -> None:
    usual = causal.version_of(tiny_model)
    with ModelPlace(device="cpu", precision="float16").used():
        model = causal.load(tiny_model)
        assert (model.device, causal.precision_of(model)) == ("cpu", "float16")
        assert causal.precision_of(causal.load(tiny_model, dtype="float32")) == "float32"
        assert causal.version_of(tiny_model) != usual
    assert asked() == ModelPlace() and causal.version_of(tiny_model) == usual


def test_what_is_not_there_is_told(tiny_model: Path) -> None:
    wrong = Mistakes()
    ModelPlace(device="gpu").check(wrong)
    ModelPlace(precision="int8").check(wrong)
    assert ["gpu" in wrong.found[0].message, "int8" in wrong.found[1].message] == [True, True]
    with pytest.raises(ConfigError, match="no device 'cuda:99' on this machine"):
        causal.load(tiny_model, device="cuda:99")


def test_work_is_counted_in_operations(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "speed", lambda: 1e9)
    monkeypatch.setattr(speed, "START", 0.0)
    assert ModelWork(trained=1_000).seconds(1_000_000) == pytest.approx(6 * 1e9 / speed.EFFICIENCY / 1e9)
    assert ModelWork(read=1_000).seconds(1_000_000) == pytest.approx(2 * 1e9 / speed.EFFICIENCY / 1e9)
    assert ModelWork(written=1_000).seconds(1_000_000) == pytest.approx(2 * 1e9 / speed.WRITING / 1e9)
    assert ModelWork(trained=1, read=2, written=3).tokens == 6
    counted = sum(weight.numel() for weight in causal.load(tiny_model).model.parameters())
    assert speed.parameters(tiny_model) == counted
