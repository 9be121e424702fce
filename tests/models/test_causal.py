import shutil
from pathlib import Path

import pytest

from cuvee.errors import ConfigError
from cuvee.models import catalog, causal, tiny


def test_a_folder_loads_with_a_template_and_a_pad_token(tiny_model: Path) -> None:
    model = causal.load(tiny_model)
    assert model.tokenizer.chat_template
    assert model.tokenizer.pad_token_id != model.tokenizer.eos_token_id
    assert model.max_length == 1_024
    assert sum(part.numel() for part in model.model.parameters()) < 300_000


def test_the_same_seed_makes_the_same_weights_and_another_seed_others(tiny_model: Path, tmp_path: Path) -> None:
    again, other = tiny.make(tmp_path / "a"), tiny.make(tmp_path / "b", seed=1)
    weights = [(folder / "model.safetensors").read_bytes() for folder in (tiny_model, again, other)]
    assert weights[0] == weights[1] != weights[2]
    assert causal.version_of(tiny_model) == causal.version_of(again) != causal.version_of(other)


def test_the_version_sees_the_weights_the_template_and_the_precision(tiny_model: Path, tmp_path: Path) -> None:
    plain = causal.load(tiny_model)
    assert causal.load(tiny_model, dtype="float16").version != plain.version
    changed = Path(shutil.copytree(tiny_model, tmp_path / "changed"))
    (changed / "chat_template.jinja").write_text("{{ messages[0]['content'] }}")
    assert causal.load(changed).version != plain.version


def test_each_digit_is_a_token_of_the_tiny_tokenizer(tiny_model: Path) -> None:
    assert len(causal.tokenizer_of(tiny_model).tokenize("1234")) == 4


def test_lora_trains_little_and_a_saved_adapter_loads_merged(tiny_model: Path, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    base = causal.load(tiny_model)
    adapted = causal.with_lora(causal.load(tiny_model), rank=4)
    trainable = [name for name, part in adapted.model.named_parameters() if part.requires_grad]
    assert trainable and all("lora" in name for name in trainable)
    with torch.no_grad():
        for name, part in adapted.model.named_parameters():
            if "lora_B" in name:
                part.fill_(0.1)
    adapted.model.save_pretrained(tmp_path / "adapter")
    adapted.tokenizer.save_pretrained(tmp_path / "adapter")
    merged = causal.load(tmp_path / "adapter")
    ids = torch.arange(20).reshape(1, 20)
    expected = adapted.model(ids).logits
    assert torch.allclose(merged.model(ids).logits, expected, atol=1e-5)
    assert not torch.allclose(base.model(ids).logits, expected, atol=1e-3)
    assert merged.version != base.version


@pytest.mark.parametrize(
    ("name", "says"),
    [("no/such.gguf", "no file"), ("smollm2-135m", "cuvee models fetch smollm2-135m"), ("nowhere", "hub")],
)
def test_a_missing_model_is_one_line(name: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ConfigError, match=says):
        causal.folder_of(name)


def test_a_folder_without_a_model_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no language model"):
        causal.load(tmp_path)


def test_bfloat16_without_the_instructions_warns(tiny_model: Path, caplog: pytest.LogCaptureFixture) -> None:
    if causal.fast_bf16("cpu"):
        pytest.skip("this machine has bfloat16 instructions")
    with caplog.at_level("INFO", logger="cuvee"):
        causal.load(tiny_model, dtype="bfloat16")
    assert "20 times slower" in caplog.text


@pytest.mark.slow
def test_the_canary_of_the_converted_tokenizer() -> None:
    """Downloads 93 MB and converts: about 40 s."""
    folder = catalog.fetch("smollm2-135m")
    tokenizer = causal.tokenizer_of(folder)
    assert tokenizer.tokenize("a\n\n12")[1] == "ĊĊ"
    assert tokenizer.model_max_length == 8_192
    assert (folder / "model.safetensors").stat().st_size > 500_000_000
