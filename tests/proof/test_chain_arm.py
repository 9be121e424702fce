"""A chain: the second method sees what the first one leaves, and its rows are the pool's."""

from pathlib import Path

import numpy as np
import pytest
from tests.asks import pool_ask

from cuvee import budget, render
from cuvee.errors import ConfigError
from cuvee.intake.ground import prepare
from cuvee.planting.files import write
from cuvee.proof.arms import parse
from cuvee.proof.kinds import ArmAsk, MixtureArm, RowsArm
from cuvee.render import Encoded
from cuvee.runs import open_run
from cuvee.training.settings import Training


def ask(tmp_path: Path, label: str, k: int) -> ArmAsk:
    pool = write(tmp_path / "sample", 200, seed=1).pool
    with open_run(tmp_path / "run") as run:
        ground = prepare(run, pool_ask(pool))
    texts = render.plain_column(ground.pool.table["messages"])
    encoded = [
        Encoded(np.arange(len(text) % 50 + 2, dtype=np.int32), np.ones(len(text) % 50 + 2, bool)) for text in texts
    ]
    return ArmAsk(
        ground=ground, encoded=encoded, budget=budget.parse(str(k)), k=k, seed=0, settings=parse(label).settings,
        base=tmp_path, training=Training(epochs=1), folder=tmp_path / "method",
    )  # fmt: skip


def test_the_second_method_takes_from_what_the_first_leaves(tmp_path: Path) -> None:
    label = "chain:first=k-center:keep=3:then=mdit:alpha=0.5:clusters=0"
    first, then = parse("k-center"), parse("chain:first=k-center:keep=3:then=length")
    asked = ask(tmp_path, "chain:first=k-center:keep=3:then=length", 12)
    assert isinstance(first.kind, RowsArm) and isinstance(then.kind, RowsArm)
    rows = then.kind.choose(asked)
    wide = ask(tmp_path, "k-center", 36)
    left = first.kind.choose(wide)
    assert len(rows) == len(set(rows.tolist())) == 12 and set(rows.tolist()) <= set(left.tolist())
    words = np.array(
        [len((render.response(talk) or "").split()) for talk in wide.ground.pool.table["messages"].to_pylist()]
    )
    assert sorted(words[rows]) == sorted(words[left])[-12:]
    assert isinstance(parse(label).kind, MixtureArm) and parse(label).settings == {"alpha": 0.5, "clusters": 0}


@pytest.mark.parametrize(
    ("label", "says"),
    [
        ("chain:first=k-center", "needs then"),
        ("chain:first=mdit:then=k-center", "chooses no rows"),
        ("chain:first=k-center:then=base", "trains on nothing"),
        ("chain:first=k-center:then=mdit:beta=1", "beta"),
        ("chain:first=k-center:keep=0:then=mdit", "keep"),
    ],
)
def test_what_cannot_be_is_told(label: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse(label)
