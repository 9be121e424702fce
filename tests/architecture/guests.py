"""A plugin of pytest: the toys become members before the contract suites are collected, as if they stood in the house."""

import pytest
from tests.architecture.toys import digits, letters, quiz, serial, shortest

from cuvee.embedders import EMBEDDERS
from cuvee.engines import ENGINES
from cuvee.samples.dialects import DIALECTS
from cuvee.scorers import SCORERS
from cuvee.selectors import SELECTORS

SELECTORS["shortest"] = shortest.MEMBER
SCORERS["digits"] = digits.MEMBER
EMBEDDERS["letters"] = letters.Letters
DIALECTS["quiz"] = quiz.MEMBER
ENGINES["serial"] = serial.MEMBER


@pytest.fixture(autouse=True)
def expected(request: pytest.FixtureRequest) -> None:
    """Add the line that a contributor adds to the dialects' suite."""
    if hasattr(request.module, "EXPECTED"):
        talk = [("user", "Which is a river?\n\nRhine\nAlps"), ("assistant", "Rhine")]
        request.module.EXPECTED["quiz"] = [talk]
