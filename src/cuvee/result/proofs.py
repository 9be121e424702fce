"""The parts of a summary that compare models: a proof of arms, and an evaluation."""

from typing import NotRequired, TypedDict


class ProofArm(TypedDict):
    """One arm: its means, what it cost, and unless it is the reference, its verdict."""

    arm: str
    summary: str
    mean: float  # over tasks of the mean over a task's questions
    by_task: list[float]
    runs: int  # trainings
    rows: int  # mean over seeds, as all counts here; of a mixture: entries
    touched: int  # different rows that the last training read
    updates: int  # of the last training
    tokens: int  # that it read
    answers: int  # of them, those of answers
    forward: int  # tokens that the whole method let a model read, rounds and probes too
    backward: int  # of them, those that it learnt from
    lr: float | None  # learning rate; None for an arm that is not trained
    lrs: dict[str, float]  # rate -> mean loss, where rates were tried
    difference: NotRequired[float]  # better than the reference by
    half_width: NotRequired[float]  # of its interval, low .. high
    low: NotRequired[float]
    high: NotRequired[float]
    verdict: NotRequired[str]  # beats, loses or open; ahead or behind where nothing was trained twice
    sentence: NotRequired[str]
    share_of_runs: NotRequired[float | None]
    spreads: NotRequired[dict[str, float] | None]  # variances of the difference: of one run, one question, both at once
    more_questions: NotRequired[int | None]
    more_seeds: NotRequired[int | None]
    notes: NotRequired[list[str]]
    standing: NotRequired[str]  # of a win: found, confirmed or not confirmed


class ConfirmedRun(TypedDict):
    """The proof that was confirmed, and what it found: by arm, the difference and the half-width of its interval."""

    run: str
    found: dict[str, list[float]]


class ProofFigures(TypedDict, total=False):
    """What ``proof.json`` holds: arms compared by one metric; ``also``: by further ones."""

    metric: str
    reference: str  # the arm that the others are compared with
    unit: str
    better: str  # higher or lower
    level: float  # all intervals hold together with this probability
    k: int  # rows of the budget
    primary: str | None  # the comparison that was written down beforehand
    plan: dict[str, str] | None  # its file and hash
    confirms: ConfirmedRun | None
    questions: int
    left_out: int  # questions without a value in some arm
    clusters: int  # draws of chance that the questions are; those that move together are one
    tasks: list[str]
    seeds: list[int]
    same: str  # what all arms have alike
    pair_seeds: bool
    base: str  # version of the base model
    training: dict[str, object]
    arms: list[ProofArm]
    also: list["ProofFigures"]


class SweepProof(ProofFigures, total=False):
    """A proof beside others."""

    run: str  # its folder
    rows: int | None  # the reference's
    said: str  # its sentence


class MeanRow(TypedDict):
    """One measure over one task, or over all: n questions, their mean, its standard error (None for fewer than two)."""

    task: str
    measure: str
    n: int
    mean: float
    se: float | None
    higher_is_better: bool


class AgainstFigures(TypedDict, total=False):
    """How a judge found a model's replies beside those of another run; None where nothing could be read."""

    run: str
    n: int
    unread: int
    wtr: float | None  # share of the questions won or tied
    rs: float | None  # sum of our scores over the sum of theirs


class EvaluationFigures(TypedDict):
    """What a model knows."""

    model: str
    questions: int
    means: list[MeanRow]
    overall: list[MeanRow]
    against: AgainstFigures | None
    notes: list[str]
