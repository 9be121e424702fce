"""``cuvee train`` on the tiny model."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.manifests import check_manifest

from cuvee.errors import ConfigError, InputError
from cuvee.planting.files import WrittenFiles, write
from cuvee.result import Result
from cuvee.verbs.select import select
from cuvee.verbs.train import train

pytest.importorskip("torch", reason="the base install has no torch")

from cuvee.training.asked import chosen as chosen_of

FAST: dict[str, Any] = {"lr": 3e-3, "max_length": 128, "batch": 8}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> WrittenFiles:
    return write(tmp_path_factory.mktemp("sample"), 200, seed=3)


@pytest.fixture(scope="module")
def chosen(sample: WrittenFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("select") / "run"
    return select([str(sample.pool)], budget="24", draws=1, embedder="lexical", out=out).folder


def trained(chosen: Path, tiny_model: Path, out: Path, **settings: Any) -> Result:
    return train([str(chosen)], model=str(tiny_model), out=out, **{**FAST, **settings})


def test_a_run_of_select_trains_a_model_that_loads(chosen: Path, tiny_model: Path, tmp_path: Path) -> None:
    from cuvee.models import causal

    result = trained(chosen, tiny_model, tmp_path / "run", epochs=4)
    figures = result.summary["training"]
    assert figures["rows"] + figures["rows without an answer"] == 24
    assert figures["steps"] == 12 and figures["last loss"] < figures["first loss"]
    assert figures["tokens per second"] > 0
    assert result.next.startswith(f"cuvee evaluate {tmp_path / 'run/model'} --on {chosen}")
    assert causal.load(tmp_path / "run").folder == tmp_path / "run/model"
    manifest = orjson.loads((tmp_path / "run/manifest.json").read_bytes())
    assert {output["file"] for output in manifest["outputs"]} >= {"model/model.safetensors", "report.html"}
    check_manifest(tmp_path / "run")
    assert manifest["verb"] == "train" and manifest["training"]["truncated"] == figures["rows cut"]
    told = orjson.loads((tmp_path / "run/summary.json").read_bytes())
    assert "tokens per second" not in told["training"], "equal runs publish equal bytes"


def test_the_manifest_says_at_which_scale_adapters_were_trained(chosen: Path, tiny_model: Path, tmp_path: Path) -> None:
    trained(chosen, tiny_model, tmp_path / "run", steps=1, lora=4)
    manifest = orjson.loads((tmp_path / "run/manifest.json").read_bytes())
    assert manifest["adapters"] == {"rank": 4, "alpha": 8}


def test_a_run_made_again_as_another_file_type_is_trained_on_as_it_is_now(sample: WrittenFiles, tmp_path: Path) -> None:
    for file, budget in (("json", "5"), ("jsonl", "50")):
        out = tmp_path / "run"
        select([str(sample.pool)], budget=budget, file=file, embedder="lexical", draws=1, replace=True, out=out)
        check_manifest(tmp_path / "run")
    assert chosen_of(str(tmp_path / "run")) == str(tmp_path / "run/selected.jsonl")


def test_called_again_it_does_nothing_and_says_the_same(chosen: Path, tiny_model: Path, tmp_path: Path) -> None:
    first = trained(chosen, tiny_model, tmp_path / "run", steps=3)
    weights = tmp_path / "run/model/model.safetensors"
    written = weights.stat().st_mtime_ns
    again = trained(chosen, tiny_model, tmp_path / "run", steps=3)
    assert again.summary == first.summary and weights.stat().st_mtime_ns == written


def test_a_killed_run_goes_on_to_the_same_bytes(
    chosen: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cuvee.training import loop

    whole = trained(chosen, tiny_model, tmp_path / "whole", steps=8, save_every=3)
    log = loop.Follower.on_log

    def stop(self: Any, args: Any, state: Any, control: Any, **others: Any) -> None:
        log(self, args, state, control, **others)
        if state.global_step == 5:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(loop.Follower, "on_log", stop)
        with pytest.raises(KeyboardInterrupt):
            trained(chosen, tiny_model, tmp_path / "run", steps=8, save_every=3)
    assert list((tmp_path / "run/work").glob(".making-train-*/model/checkpoints/checkpoint-3"))
    trained(chosen, tiny_model, tmp_path / "run", steps=8, save_every=3)
    for name in ("model.safetensors", "tokenizer.json"):
        assert (tmp_path / "run/model" / name).read_bytes() == (whole.folder / "model" / name).read_bytes()


def test_lora_and_files_of_any_dialect(sample: WrittenFiles, tiny_model: Path, tmp_path: Path) -> None:
    from cuvee.models import causal

    result = train([str(sample.pool)], model=str(tiny_model), steps=3, lora=4, out=tmp_path / "run", **FAST)
    assert (tmp_path / "run/model/adapter_config.json").is_file()
    assert causal.load(tmp_path / "run").folder == tmp_path / "run/model"
    assert any("could not be read" in warning for warning in result.summary["warnings"])


def test_a_dry_run_counts_and_measures_and_writes_nothing(chosen: Path, tiny_model: Path, tmp_path: Path) -> None:
    whole = trained(chosen, tiny_model, tmp_path / "run", epochs=2)
    plan = trained(chosen, tiny_model, tmp_path / "dry", epochs=2, dry_run=True).summary["plan"]
    assert plan["tokens"] == pytest.approx(whole.summary["training"]["tokens"], rel=0.1)
    assert "tokens/s on" in plan["steps"][0] and plan["seconds"] >= 0
    assert not (tmp_path / "dry").exists()


def test_a_budget_in_tokens(chosen: Path, tiny_model: Path, tmp_path: Path) -> None:
    figures = trained(chosen, tiny_model, tmp_path / "run", tokens="4k").summary["training"]
    assert figures["tokens"] == pytest.approx(4_000, rel=0.25)


def test_mistakes_are_one_line(chosen: Path, tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="one budget"):
        trained(chosen, tiny_model, tmp_path / "run", steps=3, epochs=2)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(InputError, match="run folder without selected rows"):
        trained(tmp_path, tiny_model, tmp_path / "run")
