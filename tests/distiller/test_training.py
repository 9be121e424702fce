"""``cuvee distill train`` with adapters, and what is held out."""

from pathlib import Path

import orjson
import pytest
from tests.distiller import easy
from tests.manifests import check_manifest

import cuvee
from cuvee import budget, commands
from cuvee.distiller.training.judged import means
from cuvee.distiller.training.split import split
from cuvee.errors import ConfigError


def test_the_manifest_says_how_adapters_are_scaled(tiny_model: Path, tmp_path: Path) -> None:
    pytest.importorskip("peft")
    typed = {
        "embedder": "lexical",
        "epochs": 0.1,
        "lora": 4,
        "steps": 0,
        "held_out": "16",
        "judged": 1,
        "max_length": 400,
    }
    corpus, model = easy.write(tmp_path / "corpus"), str(tiny_model)
    folder = cuvee.distill_train(corpus, model=model, max_new_tokens=4, out=tmp_path / "run", **typed).folder  # type: ignore[arg-type]
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    assert manifest["adapters"] == {"rank": 4, "alpha": 8} and manifest["training"]["lora"] == 4
    asked = {"corpus": str(corpus), "model": model, "max_new_tokens": 4, **typed}
    assert manifest["settings"] == {**commands.defaults("distill train"), **asked}
    check_manifest(folder)


def test_no_topic_stands_on_both_sides() -> None:
    every, _ = easy.easy(40)
    seen, held = split(every, budget.parse("25%"), seed=3)
    assert len(held) == 10 and not {one.topics for one in seen} & {one.topics for one in held}
    assert split(every, budget.parse("25%"), seed=3) == (seen, held)


def test_means_are_over_all_and_by_kind() -> None:
    parts = [{"format": 1.0, "total": 1.0}, {"format": 0.5, "total": 0.0}, {"format": 1.0, "total": 0.5}]
    told = means(parts, ["qa", "cs", "qa"])
    assert told["over all"] == pytest.approx({"format": 2.5 / 3, "total": 0.5, "compliant": 2 / 3, "replies": 3})
    assert told["by kind"]["cs"]["compliant"] == 0 and told["by kind"]["qa"]["total"] == 0.75


def test_mistakes_are_told_together(tmp_path: Path, tiny_model: Path) -> None:
    with pytest.raises(ConfigError, match=r"3 settings are wrong:(?s:.*)group(?s:.*)quality(?s:.*)alike"):
        cuvee.distill_train(tmp_path, model=str(tiny_model), group=1, quality=-1, alike=0)
