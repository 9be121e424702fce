"""The arms of a proof: what each one trains on. A new one is one entry in ``ARMS``."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from cuvee import selectors
from cuvee.commands import pairs
from cuvee.errors import ConfigError
from cuvee.proof import adapt_arm, choosing_arms, earlier_arms, evolve_arm, less, loss_arms, rds_arm
from cuvee.proof.chain_arm import chained
from cuvee.proof.choosing_arms import RANDOM, selected
from cuvee.proof.kinds import Arm, ArmKind, ArmSettings, BaseArm, ModelArm, RowsArm
from cuvee.proof.mixing_arms import mixing, touched
from cuvee.scorers import find as find_score
from cuvee.selectors import space as spaces

FULL, BASE, CHAIN = "full", "base", "chain"

ARMS: dict[str, ArmKind] = {
    RANDOM: RowsArm(summary="rows drawn with the same chance, anew for every seed", choose=choosing_arms.at_random),
    FULL: RowsArm(
        summary="the whole pool",
        choose=choosing_arms.whole_pool,
        settings=("epochs",),
        check=choosing_arms.epochs_of,
        training=choosing_arms.own_epochs,
    ),
    "evolve": RowsArm(
        summary="the model picks its own next rows, in equal rounds from random ones (DiverseEvol)",
        choose=evolve_arm.evolved,
        settings=evolve_arm.SETTINGS,
        check=evolve_arm.read,
    ),
    BASE: BaseArm(summary="the model as it is, not trained"),
    "mdit": mixing("blends across tasks and rows, the densest of every cluster (MDIT)"),
    "blends-only": mixing("MDIT without clusters: rows and blends at random", clusters=0),
    "mdit-rows": touched("every row that stands in the mixture of mdit, as a row: equal rows touched, no blends"),
    "within-task": mixing("MDIT with blends of rows of one task", among="within"),
    "adapt": ModelArm(
        summary="a policy that learns from the goal's loss picks every batch (RAISE, arXiv 2504.07282)",
        make=adapt_arm.taught,
        settings=adapt_arm.SETTINGS,
        needs=("goal",),
        check=adapt_arm.check,
    ),
    "less": RowsArm(
        summary="rows whose gradient points where the goal's rows point (after LESS, arXiv 2402.04333)",
        choose=less.less,
        settings=less.SETTINGS,
        needs=("goal",),
        check=less.read,
    ),
    "rds+": RowsArm(
        summary="rows nearest to the goal's in the base's space, every goal row in turn (RDS+, arXiv 2503.01807)",
        choose=rds_arm.rds,
        settings=rds_arm.SETTINGS,
        needs=("goal",),
        check=rds_arm.read,
    ),
    "self-paced": ModelArm(
        summary="from easy rows to hard ones, by their loss under the base", make=loss_arms.self_paced
    ),
    "loss-based": ModelArm(summary="rows drawn in proportion to their loss under the base", make=loss_arms.loss_based),
}


def parse(text: str) -> Arm:
    """Read ``k-center``, ``deita-proxy:threshold=0.9:score=rarity``, ``package.module:function`` or the folder of a run.

    Raises ConfigError for an unknown name or setting.
    """
    words = text.split(":")
    given = pairs(",".join(word for word in words if "=" in word), "settings")
    name = ":".join(word for word in words if "=" not in word)
    if name == CHAIN:
        return chained(text, given, parse)
    if name in ARMS:
        return _known(name, text, given)
    if name not in selectors.SELECTORS and earlier_arms.is_run(Path(name)):
        _only(name, given, ())
        return Arm(label=text, kind=earlier_arms.kind_of(Path(name)), settings={}, source=Path(name))
    return _by_selector(name, text, given)


def goals_of(arms: Sequence[Arm]) -> list[str]:
    """Return the files that arms are told to get better at."""
    return sorted({str(arm.settings["goal"]) for arm in arms if "goal" in arm.settings})


def _known(name: str, text: str, given: ArmSettings) -> Arm:
    kind = ARMS[name]
    _only(name, given, kind.settings)
    for setting in kind.needs:
        if setting not in given:
            raise ConfigError(f"the arm {name} needs a {setting}", f"write {name}:{setting}=valid.jsonl")
    kind.check(given)
    return Arm(label=text, kind=kind, settings=given)


def _by_selector(name: str, text: str, given: ArmSettings) -> Arm:
    """Return the arm that a selector of ours or of the user's chooses for."""
    known = (*_settings_of(name), "space")
    _only(name, given, known)
    spaces.parse(str(given.get("space", "")))
    own = {setting: value for setting, value in given.items() if setting != "space"}
    scores = tuple(selectors.scores_needed(name, **own))
    for score in scores:
        if find_score(score).asks:
            chosen = "choose by `cuvee select` with a judge and name its folder as the arm"
            raise ConfigError(f"{name} goes by {score}, and prove asks no judge", f"{chosen}, or take {name}-proxy")
    kind = RowsArm(
        summary=selectors.SELECTORS[name].summary if name in selectors.SELECTORS else name,
        choose=lambda ask: selected(name, text, ask),
        settings=known,
    )
    return Arm(label=text, kind=kind, settings=given, scores=scores)


def _settings_of(name: str) -> tuple[str, ...]:
    try:
        return tuple(selectors.settings_of(name))
    except ConfigError as wrong:
        near = difflib.get_close_matches(name, [*ARMS, *selectors.SELECTORS], n=1)
        hint = f"did you mean {near[0]!r}?" if near else wrong.hint
        raise ConfigError(
            f"unknown arm {name!r}", f"{hint}; an arm is also {', '.join(ARMS)}, or the folder of a run"
        ) from wrong


def _only(name: str, given: ArmSettings, known: tuple[str, ...]) -> None:
    for setting in given:
        if setting not in known:
            raise ConfigError(
                f"{name} has no setting {setting!r}", f"its settings: {', '.join(sorted(known)) or 'none'}"
            )
