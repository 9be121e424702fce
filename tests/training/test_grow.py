"""A base model from scratch, at toy size."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.manifests import check_manifest

from cuvee.errors import ConfigError
from cuvee.models import catalog, causal
from cuvee.planting.files import write
from cuvee.training.grow import documents
from cuvee.verbs.models import grow

OPTIONS: dict[str, Any] = {"size": "150K", "tokens": "20k", "max_length": 64, "batch": 16}


def test_it_learns_to_continue_text_and_is_found_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = write(tmp_path, 300, seed=1)
    result = grow([str(written.pool)], name="mine", **OPTIONS)
    first, last = map(float, result.summary["profile"]["first and last loss"].split(", "))
    assert last < first - 0.5
    model = causal.load("mine")
    check_manifest(catalog.home() / "grown/mine")
    assert model.folder == result.folder and "mine" in result.next
    again = grow([str(written.pool)], name="mine", **OPTIONS)
    assert again.summary["profile"]["held-out loss"] == result.summary["profile"]["held-out loss"]


def test_documents_are_cut_and_every_token_counts(tiny_model: Path) -> None:
    tokenizer = causal.tokenizer_of(tiny_model)
    texts = ["one two three four five six seven eight nine ten", "short"]
    rows = documents(texts, tokenizer, 5)
    assert all(row.answer.all() and len(row) <= 5 for row in rows)
    ids = np.concatenate([row.ids for row in rows])
    assert tokenizer.decode(ids) == "".join(f"{text}<|end|>" for text in texts)


@pytest.mark.parametrize(
    ("change", "says"), [({"size": "2M"}, "1M"), ({"name": "tiny"}, "--name"), ({"tokens": "many"}, "cannot be read")]
)
def test_a_wrong_setting_is_one_line(change: dict[str, Any], says: str, tmp_path: Path) -> None:
    written = write(tmp_path, 200, seed=1)
    with pytest.raises(ConfigError, match=says):
        grow([str(written.pool)], **{**OPTIONS, **change})
