"""The parts of a summary that say what was chosen, beside what: measures, budgets, distributions, scores."""

from typing import NotRequired, TypedDict


class RowCounts(TypedDict, total=False):
    """Rows by what became of them. ``dropped`` may count the free rows or not: both add up to ``input``."""

    input: int  # rows that were read
    kept: int  # chosen
    dropped: int
    quarantined: int  # could not be read
    merged: int  # live on in a row or a blend that was made of them
    free: int  # clean, but beyond the budget


class MeasureRow(TypedDict):
    """One measure of the pool, of the selection, and of random selections of the same size; None where unknown."""

    name: str
    what: str  # one line
    unit: str
    higher_is_better: bool
    pool: float | None
    selection: float | None
    random_mean: float | None
    random_low: float | None  # with random_high: the range of the random draws
    random_high: float | None


def side(measure: MeasureRow) -> str:
    """Return on which side of all random draws a selection lies: better, worse, within; "" where there are none."""
    selection, low, high = measure["selection"], measure["random_low"], measure["random_high"]
    if selection is None or low is None or high is None:
        return ""
    if low <= selection <= high:
        return "within"
    return "better" if (selection > high) == measure["higher_is_better"] else "worse"


class Series(TypedDict, total=False):
    """One measure over the budgets, as long as they are; None where unknown."""

    selection: list[float | None]
    random_mean: list[float | None]
    random_low: list[float | None]
    random_high: list[float | None]


# budgets: the sizes of the prefixes; measures: name -> Series
BudgetCurve = TypedDict(
    "BudgetCurve", {"x label": str, "budgets": list[int], "measures": dict[str, Series]}, total=False
)

# rows of the pool and of the selection from one length to the next
LengthBin = TypedDict("LengthBin", {"from": float, "to": float, "pool": int, "selection": int})


class LabelBar(TypedDict):
    """Rows of one label."""

    label: str
    pool: int
    selection: int


class Distributions(TypedDict, total=False):
    """Counts of rows by what they are; a label that every row has is left out."""

    task: list[LabelBar]
    source: list[LabelBar]
    length: list[LengthBin]
    length_unit: str  # tokens where it is missing


class ScoreRow(TypedDict):
    """Whether a score can rank, as ``scorers.health`` found it; shares of all rows, None where unknown."""

    name: str
    what: str  # one line
    higher_is_better: bool
    nulls: float
    distinct: int  # different values
    tied: float | None  # share of the most frequent value
    length: float | None  # rank correlation with the answer's length
    cut: float | None  # share of the rows that were too long to be scored whole
    bins: NotRequired[list[LengthBin]]  # rows of the pool and of the selection from one score to the next


class DropExample(TypedDict, total=False):
    """One row that fell, and the row or question that it fell for."""

    id: str
    text: str | None
    detail: str  # the whole reason, with file and line
    neighbour_id: str
    neighbour_text: str | None


class DropRow(TypedDict):
    """The rows that fell at one stage for one kind of reason, with a few of them."""

    stage: str
    reason: str
    rows: int
    examples: list[DropExample]


class PlantedRow(TypedDict):
    """What became of faults that were put into a sample pool on purpose."""

    planted: str
    what: str  # what should become of them
    planted_count: int
    found_count: int
    false_count: int | None  # None where it has no meaning
