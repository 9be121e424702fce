"""The parts of a summary that one method has to tell: blends, what a policy learnt, how a distiller was trained."""

from typing import TypedDict

# a bin of lambda, and how many kept blends fall into it
ShareBin = TypedDict("ShareBin", {"from": float, "to": float, "blends": int})


class BlendSide(TypedDict):
    """A row of the pool as a reader sees it."""

    id: str
    task: str
    prompt: str
    answer: str


class BlendNear(BlendSide):
    """A row of the pool, and how far from a blend's vector it lies."""

    distance: float


class BlendRow(TypedDict):
    """A blend: two rows, and real rows near it."""

    rank: int  # 1 = best
    weight: float  # lambda, the left row's share
    left: BlendSide
    right: BlendSide
    nearest: list[BlendNear]


# one episode of a policy, from 1: rows to pick from, different rows picked, the gain on the goal's validation part (more is
# better), the measure at its end in its own unit
EpisodeRow = TypedDict(
    "EpisodeRow",
    {
        "episode": int,
        "rows": int,
        "picked": int,
        "gain": float,
        "end": float,
        "train loss": float,
        "tokens": int,
        "performance": list[float],
        "ppo": dict[str, float | None],
    },
    total=False,
)


class ProbeFigures(TypedDict):
    """Probes that a first policy was fitted to. correlation: of what it foretells and what was found, on those held back."""

    probes: int
    held: int
    correlation: float


# what was picked in one stretch of a run, or the whole pool; tasks: shares, in the order of the table's heads
PickedLine = TypedDict(
    "PickedLine",
    {
        "name": str,
        "rows": int,
        "different": int,
        "prompt tokens": float,
        "answer tokens": float,
        "log P(y|x)": float,
        "log P(y)": float,
        "tasks": list[float],
    },
)


class PickedOverTime(TypedDict):
    """What was picked over time. tasks: the heads."""

    tasks: list[str]
    lines: list[PickedLine]


class Reached(TypedDict):
    """What a model reaches on the parts of a goal, by the measure's own unit."""

    validation: float
    test: float


# sign: -1 where lower is better. start, end: what the base and the final model reach on the goal. performance: every
# ``every`` steps, times sign. importance: column -> share of the picks that change when it is shuffled
PolicyFigures = TypedDict(
    "PolicyFigures",
    {
        "measure": str,
        "unit": str,
        "sign": float,
        "start": Reached,
        "end": Reached,
        "validation rows": int,
        "test rows": int,
        "probes": ProbeFigures | None,
        "episodes": list[EpisodeRow],
        "performance": list[float],
        "every": int,
        "importance": dict[str, float],
        "time": PickedOverTime,
    },
)


class ShownReply(TypedDict):
    """What a distiller wrote for one held-out cluster."""

    kind: str
    prompt: str
    reply: str


# of one stage of a distiller: the mean of every reward, over all clusters and by kind, and a few replies
StageFigures = TypedDict(
    "StageFigures",
    {"over all": dict[str, float], "by kind": dict[str, dict[str, float]], "shown": list[ShownReply]},
    total=False,
)
