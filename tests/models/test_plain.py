"""Nothing is unpickled and no code of a model's is run, whatever lies in its folder."""

import ast
import pickle
import shutil
from pathlib import Path

import orjson
import pytest

from cuvee.errors import ConfigError
from cuvee.models import plain

SRC = Path(__file__).parents[2] / "src/cuvee"
LOADERS = {
    "from_pretrained",
    "SentenceTransformer",
    "HFLM",
    "load_dataset",
    "distill",
    "from_config",
    "pipeline",
    "AutoModel",
}
OTHERS = {"StaticModel.from_pretrained", "verbs.distill"}  # model2vec reads safetensors and JSON, and knows no code


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


def calls() -> list[tuple[str, ast.Call]]:
    """Return every call of a library's loader, by file and name. ``verbs.distill`` is a verb of ours."""
    found = []
    for path in sorted(SRC.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in LOADERS:
                name = ast.unparse(node.func)
                if name not in OTHERS:
                    found.append((f"{path.relative_to(SRC)}: {name}", node))
    return found


def test_no_call_trusts_remote_code() -> None:
    found = calls()
    assert len(found) >= 8
    for where, call in found:
        given = {word.arg: ast.unparse(word.value) for word in call.keywords}
        assert given.get("trust_remote_code") == "False", where


def test_nothing_else_in_the_house_unpickles() -> None:
    for path in sorted(SRC.rglob("*.py")):
        text = path.read_text()
        for word in ("torch.load", "pickle.load", "joblib", "dill.", "weights_only", "allow_pickle=True", "marshal."):
            assert word not in text or path.name == "plain.py", (path, word)


def pickled(folder: Path, name: str, proof: Path) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(pickle.dumps(Bomb(proof)))


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "model.pt", "m.PKL", "consolidated.00.pth", "2_Dense/pytorch_model.bin"]
)
def test_a_pickled_file_is_refused(name: str, tmp_path: Path) -> None:
    pickled(tmp_path / "model", name, tmp_path / "ran")
    with pytest.raises(ConfigError, match=f"{Path(name).name} is pickled"):
        plain.check(tmp_path / "model")


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("model.safetensors.index.json", {"weight_map": {"a": "pytorch_model.bin"}}, "no file of safetensors beside it"),
        ("model.safetensors.index.json", {"weight_map": {"a": "../x.safetensors"}}, "no file of safetensors beside it"),
        ("config.json", {"transformers_weights": "adapter_model.bin"}, "are no safetensors"),
        ("config.json", {"attn_implementation": "some/kernel"}, "code from the hub"),
        ("config.json", [1], "holds no settings"),
        ("adapter_config.json", {"peft_type": "LORA", "base_model_name_or_path": "tiny"}, "without adapter_model"),
    ],
)  # fmt: skip
def test_settings_that_lead_elsewhere_are_refused(file: str, content: object, reason: str, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    (tmp_path / file).write_bytes(orjson.dumps(content))
    with pytest.raises(ConfigError, match=reason):
        plain.check(tmp_path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"peft_type": "PROMPT_TUNING", "tokenizer_kwargs": {"trust_remote_code": True}}, "only LoRA adapters"),
        ({"base_model_name_or_path": None}, "names no base model"),
        ({"megatron_config": {}}, "library by name"),
    ],
)
def test_an_adapter_that_asks_for_code_is_refused(change: dict[str, object], reason: str, tmp_path: Path) -> None:
    (tmp_path / plain.ADAPTER_WEIGHTS).touch()
    whole = {"peft_type": "LORA", "base_model_name_or_path": "tiny"} | change
    (tmp_path / plain.ADAPTER).write_bytes(orjson.dumps(whole))
    with pytest.raises(ConfigError, match=reason):
        plain.check(tmp_path)


def test_hostile_folders_are_refused_in_one_line_and_nothing_runs(tiny_model: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the base install has no torch")
    from cuvee.models import causal

    proof = tmp_path / "ran"
    names = ("weights", "disguised", "adapter", "loop", "code", "tokenizer", "damaged")
    folders = {name: tmp_path / name for name in names}
    for folder in folders.values():
        shutil.copytree(tiny_model, folder)
    (folders["weights"] / "model.safetensors").unlink()
    pickled(folders["weights"], "pytorch_model.bin", proof)
    pickled(folders["disguised"], "model.safetensors", proof)
    adapter = {"peft_type": "LORA", "base_model_name_or_path": str(tiny_model), "r": 2, "target_modules": ["q_proj"]}
    for name, base in (("adapter", tiny_model), ("loop", folders["loop"])):
        settings = adapter | {"base_model_name_or_path": str(base)}
        (folders[name] / plain.ADAPTER).write_bytes(orjson.dumps(settings))
    pickled(folders["adapter"], "adapter_model.bin", proof)
    shutil.copy(tiny_model / "model.safetensors", folders["loop"] / plain.ADAPTER_WEIGHTS)
    (folders["code"] / "own.py").write_text(f"open({str(proof)!r}, 'w')\nclass Own: pass\n")
    owned = {"auto_map": {"AutoConfig": "own.Own", "AutoModelForCausalLM": "own.Own"}, "model_type": "own"}
    (folders["code"] / "config.json").write_bytes(orjson.dumps(owned))
    (folders["tokenizer"] / "tokenizer.json").write_bytes(b"{}")
    (folders["damaged"] / "model.safetensors").write_bytes(b"\xff" * 100)
    for name, folder in folders.items():
        with pytest.raises(ConfigError) as refused:
            causal.load(folder, device="cpu")
        assert "\n" not in refused.value.message, name
    assert not proof.exists()
