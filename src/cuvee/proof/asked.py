"""What ``cuvee prove`` was asked, bound and checked before anything runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cuvee import budget as budgets
from cuvee import commands, names
from cuvee.budget import Budget
from cuvee.commands import Mistakes, Paths, Setting, listed, paths
from cuvee.errors import ConfigError
from cuvee.intake.asked import PoolAsk, PoolOptions, bind_pool
from cuvee.intake.score import ScoreModel
from cuvee.models import causal
from cuvee.models.place import ModelPlace
from cuvee.proof import beforehand, confirming
from cuvee.proof.arms import goals_of, parse
from cuvee.proof.beforehand import Primary
from cuvee.proof.confirming import Earlier
from cuvee.proof.kinds import Arm, MixtureArm
from cuvee.training.settings import Training

UNITS = {"loss": "nats per answer token", "exact_match": "share of answers that are right word for word"}
"""Of every metric that arms can be judged by; its direction stands in ``evaluation.table.MEASURES``."""

EPOCHS, TOKENS, ROWS = "epochs", "tokens", "rows"
SAME = {
    "updates": "every arm takes the same number of optimiser steps",
    EPOCHS: "every arm sees its rows as often",
    TOKENS: "every arm reads the same number of tokens",
    ROWS: "every arm touches the same number of different rows, in the same number of optimiser steps",
}


@dataclass(frozen=True, kw_only=True)
class ProofOptions:
    """``cuvee prove`` as typed."""

    pool: PoolOptions
    arms: str | list[str]
    budget: str | float
    model: str
    seeds: int
    reference: str
    same: str
    held_out: str | float
    on: Paths
    metrics: str | list[str]
    max_new_tokens: int
    level: float
    pair_seeds: bool
    epochs: float
    lr: float
    batch: int
    max_length: int
    lora: int
    primary: str | None
    plan: Path | None
    confirm: Path | None
    together: str
    trunk: int
    lrs: str
    place: ModelPlace = field(default_factory=ModelPlace)


@dataclass(frozen=True, kw_only=True)
class JudgedBy:
    """How arms are judged and compared.

    metrics: names in ``UNITS``. level: probability that all intervals hold together. primary: the comparison that was written
    down beforehand, by the first metric; plan: the file that fixes it.
    """

    metrics: list[str]
    max_new_tokens: int
    reference: str
    level: float
    pair_seeds: bool
    primary: Primary | None
    plan: Path | None


@dataclass(frozen=True, kw_only=True)
class ProofAsk:
    """A checked ``cuvee prove``.

    amount: the budget as it was typed; model: the base likewise. seeds: the numbers of the training runs. same: a name in
    ``SAME``. held_out: rows that no arm trains on; on: evaluation files in their place, or none. together: what questions
    move together by: a column, "auto" or "off". rates: learning rates of which each arm has its best; none for
    the training's own. earlier: the proof
    that is confirmed. typed: every option as it was typed; meant: the same with what an earlier proof says.
    """

    pool: PoolAsk
    arms: list[Arm]
    budget: Budget
    amount: str
    seeds: tuple[int, ...]
    same: str
    model: str
    base: Path
    score_model: ScoreModel
    training: Training
    held_out: Budget
    on: list[str]
    together: str
    rates: list[float]
    judged_by: JudgedBy
    earlier: Earlier | None
    typed: Mapping[str, Setting]
    meant: Mapping[str, Setting]


def bind(options: ProofOptions) -> ProofAsk:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    typed = commands.settings("prove", options)
    earlier = confirming.read(Path(options.confirm)) if options.confirm else None
    if earlier:
        options = confirming.repeated(options, earlier)
    wrong = Mistakes()
    budget = wrong.check(lambda: budgets.parse(options.budget))
    arms = [wrong.check(partial(parse, text)) for text in listed(options.arms)]
    known = [arm for arm in arms if arm]
    wrong.check(partial(names.find, SAME, options.same, "--same"))
    primary = wrong.check(partial(_primary, options))
    judged_by = _judged_by(options, primary, wrong)
    wrong.check(partial(_check_arms, options, judged_by, [arm.label for arm in known]))
    wrong.check(partial(_check_rows, options.same, budget))
    wrong.check(partial(_check_trunk, options.trunk, known))
    training = wrong.check(lambda: _training(options))
    held_out = wrong.check(lambda: budgets.parse(options.held_out))
    rates = wrong.check(lambda: _rates(options.lrs))
    base = wrong.check(lambda: causal.folder_of(options.model))
    options.place.check(wrong)
    on = paths(options.on)
    # no arm may learn from the questions, nor from a goal's rows
    pool = bind_pool(options.pool, wrong, guarded=[*on, *goals_of(known)])
    wrong.stop()
    return ProofAsk(
        pool=pool,
        arms=arms,
        budget=budget,
        amount=str(options.budget),
        seeds=tuple(range(pool.seed, pool.seed + options.seeds)),
        same=options.same,
        model=str(options.model),
        base=base,
        score_model=ScoreModel(options.model, options.max_length),
        training=training,
        held_out=held_out,
        on=on,
        together=options.together,
        rates=rates,
        judged_by=judged_by,
        earlier=earlier,
        typed=typed,
        meant=commands.settings("prove", options),
    )


def _training(options: ProofOptions) -> Training:
    return Training(
        epochs=options.epochs,
        lr=options.lr,
        batch=options.batch,
        max_length=options.max_length,
        lora=options.lora or None,
        trunk=options.trunk or None,
    )


def _primary(options: ProofOptions) -> Primary | None:
    """Return the comparison that counts, of this call or of the plan that is there."""
    written = beforehand.read(Path(options.plan)) if options.plan else None
    text = options.primary or (written and written["primary"])
    if options.plan and not text:
        raise ConfigError(f"{options.plan} is not there, and no comparison was named", '--primary "herding>random"')
    primary = beforehand.primary_of(text) if text else None
    if primary and options.reference not in (primary.reference, "random"):
        raise ConfigError(
            f"--primary names {primary.reference}, --reference {options.reference}", "leave out --reference"
        )
    return primary


def _judged_by(options: ProofOptions, primary: Primary | None, wrong: Mistakes) -> JudgedBy:
    metrics = listed(options.metrics)
    if not metrics:
        wrong.found.append(ConfigError("--metrics names none", "write loss, exact_match, or both with a comma"))
    for metric in metrics:
        wrong.check(partial(names.find, UNITS, metric, "--metrics"))
    return JudgedBy(
        metrics=metrics,
        max_new_tokens=options.max_new_tokens,
        reference=primary.reference if primary else options.reference,
        level=options.level,
        pair_seeds=options.pair_seeds,
        primary=primary,
        plan=Path(options.plan) if options.plan else None,
    )


def _check_rows(same: str, budget: Budget | None) -> None:
    if same == ROWS and budget is not None and budget.kind == "tokens":
        raise ConfigError("--same rows needs a budget in rows", "write --budget 1000 or --budget 5%, or --same tokens")


def _rates(text: str) -> list[float]:
    try:
        rates = [float(word) for word in listed(text)]
    except ValueError:
        rates = [0.0]
    if any(not 0 < rate < 1 for rate in rates) or len(set(rates)) < len(rates) or len(rates) == 1:
        raise ConfigError(f"--lrs {text!r} cannot be tried", "write two or more: 3e-5,1e-4,3e-4; or one with --lr")
    return rates


def _check_trunk(layers: int, arms: Sequence[Arm]) -> None:
    mixing = [arm.label for arm in arms if isinstance(arm.kind, MixtureArm)]
    if layers < 0:
        raise ConfigError(f"trunk is {layers}", "give the number of layers that stay frozen; 0 trains all")
    if layers and mixing:
        raise ConfigError(
            f"{', '.join(mixing)} mixes inputs below the trunk, whose states are those of rows",
            "leave it out, or --trunk",
        )


def _check_arms(options: ProofOptions, judged_by: JudgedBy, labels: Sequence[str]) -> None:
    if len(set(labels)) < len(labels):
        raise ConfigError("an arm is named twice", "name each once; `random,uniform` are two draws of the same kind")
    if judged_by.reference not in labels:
        raise ConfigError(f"the reference {judged_by.reference!r} is not an arm", "add it to --arms, or name another")
    if judged_by.primary and judged_by.primary.arm not in labels:
        raise ConfigError(f"{judged_by.primary.arm!r} of --primary is not an arm", "add it to --arms")
