"""MDIT and its ablations as arms of a proof: the settings that an arm takes, and the mixture of one training run."""

from collections.abc import Mapping
from functools import partial

from cuvee.commands import Scalar
from cuvee.interpolation.blend import Blendable, Blending, blend, tasks_for, vectors_of
from cuvee.interpolation.mixing import IN_PLACE, Mixing
from cuvee.proof.kinds import ArmAsk, ArmSettings, MixtureArm, RowsArm
from cuvee.proof.settings import number, whole
from cuvee.training.mixture import Mixture

SETTINGS = (
    "alpha",
    "blends",
    "clusters",
    "density",
    "rows",
    "pairing",
    "align",
    "as",
    "weight",
    "tasks",
    "space",
)
_NEED_CLUSTERS = ("density", "rows", "space")  # say how clusters are kept: pointless where there are none
_BESIDE = ("as", "weight")  # blends beside their rows are of any task


def mixing(summary: str, **fixed: Scalar) -> MixtureArm:
    """Return an arm that trains on a mixture. fixed: what makes it this arm; the user cannot set that."""
    pointless = (*(_NEED_CLUSTERS if "clusters" in fixed else ()), *(_BESIDE if "among" in fixed else ()))
    return MixtureArm(
        summary=summary,
        mix=partial(_mixed, fixed),
        settings=tuple(name for name in SETTINGS if name not in fixed and name not in pointless),
        check=partial(_blending, fixed),
    )


def touched(summary: str) -> RowsArm:
    """Return an arm that trains on every row that stands in MDIT's mixture, as a row: what its blends are to be judged by."""
    return RowsArm(
        summary=summary,
        choose=lambda ask: _mixed({}, ask).rows(),
        settings=tuple(name for name in SETTINGS if name not in _BESIDE),
        check=partial(_blending, {}),
    )


def _blending(fixed: Mapping[str, Scalar], given: ArmSettings) -> Blending:
    """Return how the arm mixes. Raises ConfigError for a setting that cannot be."""
    given, default = {**given, **fixed}, Mixing()
    mixing = Mixing(
        alpha=number(given, "alpha", default.alpha),
        blends=number(given, "blends", 1.0),
        clusters=whole(given, "clusters", default.clusters),
        density=str(given.get("density", default.density)),
        pairing=str(given.get("pairing", default.pairing)),
        among=str(given.get("among", default.among)),
        rows=number(given, "rows", default.rows),
        align=str(given.get("align", default.align)),
        role=str(given.get("as", IN_PLACE)),
        weight=number(given, "weight", 0) if "weight" in given else None,
    )
    return Blending(mixing, tasks=str(given.get("tasks", "auto")), space=str(given.get("space", "model")))


def _mixed(fixed: Mapping[str, Scalar], ask: ArmAsk) -> Mixture:
    """Return the rows and blends that one training run of the arm is made of, best first."""
    how, pool = _blending(fixed, ask.settings), ask.ground.pool
    tasks, _ = tasks_for(pool, how, seed=ask.seed)
    X = pool.vectors if not how.mixing.clusters else vectors_of(how.space, pool, ask.encoded, ask.base)
    field = Blendable(pool=pool, X=X, tasks=tasks, rows=ask.encoded, base=ask.base)
    return blend(field, ask.budget, how.mixing, k=ask.k, seed=ask.seed).kept
