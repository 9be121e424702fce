"""Every scorer has a test file of its own, and none loads a heavy library before it runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from cuvee.scorers import SCORERS


@pytest.mark.parametrize("name", SCORERS)
def test_every_scorer_has_its_test_file(name: str) -> None:
    member = SCORERS[name]
    own = f"test_scorer_{name.replace('-', '_')}.py"
    file = "test_language.py" if member.needs_model else "test_scorer_judge.py" if member.asks else own
    assert (Path(__file__).parent / file).is_file()


def test_importing_the_registry_is_light() -> None:
    heavy = ("faiss", "sklearn", "polars", "scipy", "torch", "transformers", "openai")
    code = f"import sys, cuvee.scorers; print([m for m in {heavy} if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
