"""Quiz questions, one right option each: a dialect."""

from cuvee.errors import InputError
from cuvee.samples.dialects import Dialect
from cuvee.samples.dialects.cells import asked, sample, text
from cuvee.samples.raw import Row
from cuvee.samples.schema import Sample, Turn


def _is_quiz(row: object) -> bool:
    return isinstance(row, dict) and {"stem", "options", "right"} <= row.keys()


def _quiz(row: Row) -> list[Sample]:
    if not _is_quiz(row):
        keys = ", ".join(map(str, row)) if isinstance(row, dict) else "none"
        raise InputError(f"it is no quiz question (stem, options, right); its keys are {keys}")
    return [sample(row, [Turn("user", asked(row["stem"], row["options"])), Turn("assistant", text(row["right"]))])]


MEMBER = Dialect(
    "quiz",
    "stem, options, right",
    _is_quiz,
    _quiz,
    {"stem": "Which is a river?", "options": ["Rhine", "Alps"], "right": "Rhine"},
)
