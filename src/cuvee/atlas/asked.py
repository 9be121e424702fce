"""What ``cuvee regimes`` was asked, bound and checked before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cuvee import commands, names
from cuvee.atlas import arms
from cuvee.atlas.making import Size
from cuvee.atlas.regime import Kind, Regime, kinds
from cuvee.atlas.stock import HALVES
from cuvee.commands import Mistakes, Setting, listed
from cuvee.errors import ConfigError
from cuvee.intake.sources import ReadAsk, ReadOptions, bind_read
from cuvee.models import causal
from cuvee.proof import beforehand
from cuvee.proof.asked import TOKENS
from cuvee.proof.beforehand import Primary
from cuvee.proof.choosing_arms import RANDOM
from cuvee.proof.kinds import Arm
from cuvee.training.settings import Training

SAME = ("updates", TOKENS)


@dataclass(frozen=True, kw_only=True)
class RegimesOptions:
    """``cuvee regimes`` as typed."""

    read: ReadOptions
    arms: str | list[str]
    imbalance: str
    duplicates: str
    noise: str
    per_task: str
    pool_tasks: int
    pool_rows: int
    questions: int
    unseen: int
    half: str
    longest: int
    seeds: int
    randoms: int
    same: str
    primary: str | None
    plan: Path | None
    model: str
    embedder: str | None
    epochs: float
    least_steps: int
    most_steps: int
    lr: float
    batch: int
    max_length: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class RegimesAsk:
    """A checked ``cuvee regimes``.

    arms: random first, and the others. randoms: draws of random on every pool. epochs, least, most: what makes the updates of
    a training. training: all else of it.
    """

    read: ReadAsk
    arms: list[Arm]
    kinds: list[Kind]
    per_task: list[float]
    size: Size
    half: str
    longest: int
    seeds: tuple[int, ...]
    randoms: int
    same: str
    primary: Primary | None
    plan: Path | None
    model: str
    base: Path
    embedder: str | None
    epochs: float
    least: int
    most: int
    lr: float
    batch: int
    max_length: int
    seed: int
    typed: Mapping[str, Setting]

    @property
    def regimes(self) -> list[Regime]:
        """Every kind at every budget."""
        return [Regime(kind, rows) for kind in self.kinds for rows in self.per_task]

    def training(self, k: int, mean_length: float) -> Training:
        """Return how all arms train on a budget of k rows; mean_length: tokens of a row of the pool."""
        batch = min(self.batch, k)
        steps = Training(epochs=self.epochs, batch=batch).updates(k, mean_length)
        steps = min(max(steps, self.least), self.most)
        if self.same == TOKENS:
            tokens = max(1, round(steps * batch * mean_length))
            return Training(tokens=tokens, lr=self.lr, batch=batch, max_length=self.max_length, save_every=0)
        return Training(steps=steps, lr=self.lr, batch=batch, max_length=self.max_length, save_every=0)


def bind(options: RegimesOptions) -> RegimesAsk:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong = Mistakes()
    read = bind_read(options.read, wrong)
    found = [wrong.check(partial(arms.parse, text)) for text in listed(options.arms)]
    known = [arm for arm in found if arm]
    labels = [arm.label for arm in known]
    made = wrong.check(
        lambda: kinds(*(_numbers(getattr(options, name), name) for name in ("imbalance", "duplicates", "noise")))
    )
    per_task = wrong.check(lambda: sorted(set(_numbers(options.per_task, "per-task"))))
    wrong.check(partial(_check, options, labels))
    wrong.check(partial(names.find, dict.fromkeys(HALVES), options.half, "--half"))
    wrong.check(partial(names.find, dict.fromkeys(SAME), options.same, "--same"))
    primary = wrong.check(partial(_primary, options, labels))
    base = wrong.check(lambda: causal.folder_of(options.model))
    wrong.stop()
    return RegimesAsk(
        read=read,
        arms=sorted(known, key=lambda arm: arm.label != RANDOM),
        kinds=made or [],
        per_task=per_task or [],
        size=Size(options.pool_tasks, options.pool_rows, options.questions, options.unseen),
        half=options.half,
        longest=options.longest,
        seeds=tuple(range(options.seed, options.seed + options.seeds)),
        randoms=options.randoms,
        same=options.same,
        primary=primary,
        plan=Path(options.plan) if options.plan else None,
        model=str(options.model),
        base=base,
        embedder=options.embedder,
        epochs=options.epochs,
        least=options.least_steps,
        most=options.most_steps,
        lr=options.lr,
        batch=options.batch,
        max_length=options.max_length,
        seed=options.seed,
        typed=commands.settings("regimes", options),
    )


def _numbers(text: str, name: str) -> list[float]:
    try:
        found = [float(word) for word in listed(str(text))]  # a Python caller may give one number
    except ValueError:
        found = []
    if not found or any(not 0 <= one < 1e6 for one in found):
        raise ConfigError(f"--{name} {text!r} cannot be read", "write numbers from 0 with commas between")
    return found


def _check(options: RegimesOptions, labels: list[str]) -> None:
    if RANDOM not in labels:
        raise ConfigError(f"{RANDOM} is not an arm", "every arm is compared with it: add it to --arms")
    if len(set(labels)) < len(labels):
        raise ConfigError("an arm is named twice", "name each once")
    if options.least_steps > options.most_steps:
        raise ConfigError(
            f"--least-steps {options.least_steps} is above --most-steps {options.most_steps}", "swap them"
        )


def _primary(options: RegimesOptions, labels: list[str]) -> Primary | None:
    """Return the comparison that counts, of this call or of the plan that is there."""
    written = beforehand.read(Path(options.plan)) if options.plan else None
    text = options.primary or (written and written["primary"])
    if not text:
        if options.plan:
            raise ConfigError(f"{options.plan} is not there, and no comparison was named", '--primary "herding>random"')
        return None
    found = beforehand.primary_of(text)
    for name in (found.arm, found.reference):
        if name not in labels:
            raise ConfigError(f"{name!r} of --primary is not an arm", "add it to --arms")
    return found
