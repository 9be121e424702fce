"""What is seen of a row is seen once: new files cost themselves, and a long file is looked at in parts."""

from pathlib import Path

import pytest
from tests.asks import read_ask

from cuvee.intake import look as module
from cuvee.intake.look import look, seen
from cuvee.intake.read import read_inputs
from cuvee.runs import open_run


def write(path: Path, rows: int) -> Path:
    lines = (f'{{"instruction": "Ask {path.stem} {at}.", "output": "Say {at * at}."}}\n' for at in range(rows))
    path.write_text("".join(lines))
    return path


def test_new_rows_cost_only_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 4)
    first, second = write(tmp_path / "a.jsonl", 10), write(tmp_path / "b.jsonl", 3)
    with open_run(tmp_path / "run") as run:
        alone = seen(look(run, read_inputs(run, read_ask([first])), None))
        steps = [step.reused for step in run.steps if step.name == "look"]
        assert len(steps) == 3  # 4, 4 and 2 rows
    with open_run(tmp_path / "run") as run:
        both = seen(look(run, read_inputs(run, read_ask([first, second])), None))
        assert [step.reused for step in run.steps if step.name == "look"] == [True, True, True, False]
    assert len(alone.words) == len(alone.ends) == 10
    assert len(both.words) == len(both.lengths) == 13
    assert both.words.row(4).tolist() == alone.words.row(4).tolist()
    assert both.flags[:10].tolist() == alone.flags.tolist()
