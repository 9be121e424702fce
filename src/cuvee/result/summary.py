"""What a run has to tell: the types of ``summary.json``, of ``Result.summary``, and of what the pages draw.

A summary of any run is a ``Summary``; which keys it has, the verb decides, so all are optional. At run time these are
plain dictionaries.
"""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from cuvee.result.measures import BudgetCurve, Distributions, DropRow, MeasureRow, PlantedRow, RowCounts, ScoreRow
from cuvee.result.methods import BlendRow, PolicyFigures, ShareBin, StageFigures
from cuvee.result.proofs import EvaluationFigures, ProofFigures


class SelectionFacts(TypedDict, total=False):
    """How rows were chosen: short facts, shown as they are named."""

    method: str
    budget: str
    embedder: str
    gain: str  # what a pick's gain means
    note: str  # one sentence, where the budget was not filled
    model: str
    goal: str
    alpha: float
    clusters: int
    rounds: int
    episodes: int
    steps: int
    seeds: int
    questions: int
    tasks: int
    updates: str
    pool: str
    k: int


class PlanFile(TypedDict, total=False):
    """A file that would be read; rows: about."""

    file: str
    bytes: int
    rows: int


class JudgePlan(TypedDict):
    """What asking a judge would cost at most."""

    model: str
    url: str
    questions: int
    tokens_in: int
    tokens_out: int
    cap: str


class DryRun(TypedDict):
    """What a command would do."""

    files: list[PlanFile]
    steps: list[str]
    notes: list[str]
    rows: NotRequired[int]
    seconds: NotRequired[int]  # on this machine
    tokens: NotRequired[int]
    judge: NotRequired[JudgePlan]


class NamedText(TypedDict):
    """A row by id, with its text."""

    id: str
    text: str


class NearestRow(NamedText):
    """The kept row nearest to another. cosine: between the two."""

    cosine: float


class RepeatedRow(NamedText):
    """The row that another repeats, or the evaluation item that it holds, whose id is "". fate: what became of it."""

    fate: str


class WhyRow(TypedDict):
    """One row of a run."""

    entry: dict[str, object]  # its line of the ledger, without what is empty
    text: str
    repeats: NotRequired[RepeatedRow]  # why it fell
    parents: NotRequired[list[NamedText]]  # the rows it was made from
    nearest: NotRequired[NearestRow]


class ModelRow(TypedDict):
    """A model that cuvee can bring. here: its folder, "" where it is not on this machine."""

    name: str
    what: str
    size: str
    licence: str
    here: str


class MethodRow(TypedDict):
    """A method at toy size, in the demo."""

    method: str
    line: str
    seconds: float | None


class PageSummary(TypedDict, total=False):
    """What the page of a run shows. Only the first four are expected of a selection; the page leaves out what is missing."""

    title: str  # short name of the run, shown above the headline
    command: str  # that made the run
    rows: RowCounts
    selection: SelectionFacts
    sentence: str  # the result in one sentence, the page's headline; the title stands in where it is missing
    beside: str  # the figures behind it, in words: the selection beside random ones
    measures: list[MeasureRow]
    distributions: Distributions
    curve: BudgetCurve
    scores: list[ScoreRow]
    drops: list[DropRow]
    found: list[PlantedRow]
    proof: ProofFigures
    mixture: dict[str, float]  # name -> count or share, of a mixture of rows and blends
    shares: list[ShareBin]  # how many kept blends have which lambda
    blends: list[BlendRow]
    adaptation: PolicyFigures
    warnings: list[str]  # what a reader must know before believing the numbers
    settings: dict[str, object]
    reproduce: list[str]  # command lines
    versions: dict[str, str]  # library -> version


class TrainingSummary(TypedDict, total=False):
    """What the page of a training shows."""

    title: str
    sentence: str
    command: str
    training: dict[str, float]  # name -> figure
    loss: list[list[float]]  # step, loss, learning rate
    settings: dict[str, object]
    versions: dict[str, str]
    warnings: list[str]


class DistillerSummary(TypedDict, total=False):
    """What the page of a distiller shows."""

    title: str
    sentence: str
    command: str
    training: dict[str, float]  # counts of examples
    stages: dict[str, StageFigures]  # untrained, cold start, GRPO
    curves: dict[str, list[dict[str, float]]]  # "cold start": points of loss; "GRPO": points of rewards
    weights: dict[str, dict[str, float]]  # kind -> what each part of the reward counts
    trust: dict[str, float | None]  # kind -> chance that the library rates a good text above a weak one
    settings: dict[str, object]
    versions: dict[str, str]
    warnings: list[str]


class Summary(PageSummary, total=False):
    """All that a verb may tell: what its page shows, and what only the terminal or the file holds."""

    training: dict[str, float]  # of `cuvee train` and `cuvee distill train`: name -> figure
    loss: list[list[float]]  # of `cuvee train`: step, loss, learning rate
    stages: dict[str, StageFigures]  # of `cuvee distill train`
    curves: dict[str, list[dict[str, float]]]
    weights: dict[str, dict[str, float]]
    trust: dict[str, float | None]
    distilled: dict[str, int]  # of `cuvee distill`: name -> count
    rounds: list[dict[str, object]]  # of `cuvee evolve`: the figures of each round
    evaluation: EvaluationFigures
    profile: Mapping[str, Any]  # of `inspect`, `distill corpus` and `models grow`: name -> what was found
    why: WhyRow
    plan: DryRun  # of a dry run
    models: list[ModelRow]
    methods: list[MethodRow]  # of `cuvee demo`
    proofs: list[str]  # of `cuvee report` with several runs: a line for each
    fetched: str  # name of a model
    path: str  # of a model
