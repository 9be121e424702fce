"""What ``cuvee train`` was asked, bound and checked before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from cuvee import budget as budgets
from cuvee import commands
from cuvee.commands import Mistakes, Setting, paths
from cuvee.errors import ConfigError, InputError
from cuvee.intake.sources import ReadAsk, ReadOptions, bind_read
from cuvee.models import causal
from cuvee.models.place import ModelPlace
from cuvee.runs import MANIFEST, output, outputs_of
from cuvee.training import mixtures, reporting
from cuvee.training.replaying import replay
from cuvee.training.settings import Training

SOME = 1 << 31  # rows that a trajectory may name before the data is read
EPOCHS = 3.0  # where no budget is given, as in DiverseEvol


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """``cuvee train`` as typed."""

    read: ReadOptions
    model: str
    epochs: float | None
    steps: int | None
    tokens: str | None
    lr: float
    schedule: str
    warmup: float
    batch: int
    max_length: int
    weight_decay: float
    clip: float
    lora: int
    micro_tokens: int | None
    packing: bool
    replay: bool
    save_every: int
    report_to: str
    place: ModelPlace = field(default_factory=ModelPlace)
    seed: int


@dataclass(frozen=True)
class Files:
    """Trained on in shuffled epochs: the rows of these files."""

    read: ReadAsk


@dataclass(frozen=True)
class Trajectory:
    """Trained on in the recorded order: the rows of a run of ``cuvee adapt``."""

    read: ReadAsk
    run: Path


@dataclass(frozen=True)
class MixtureRun:
    """Trained on in shuffled epochs: the rows and blends of a run of ``cuvee interpolate``."""

    run: Path


@dataclass(frozen=True, kw_only=True)
class TrainAsk:
    """A checked ``cuvee train``. base: the folder of the model to start from, ``model`` as it was named."""

    on: Files | Trajectory | MixtureRun
    base: Path
    model: str
    training: Training
    seed: int
    typed: Mapping[str, Setting]


def bind(options: TrainOptions) -> TrainAsk:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong = Mistakes()
    read = bind_read(options.read, wrong)
    on = wrong.check(lambda: _on(options, read))
    steps = wrong.check(lambda: len(replay(on.run, SOME).trajectory)) if isinstance(on, Trajectory) else options.steps
    training = wrong.check(lambda: _training(options, steps))
    options.place.check(wrong)
    wrong.check(lambda: reporting.check(options.report_to))
    if isinstance(on, MixtureRun) and options.packing:
        wrong.found.append(ConfigError("a mixture cannot be packed", "leave out --packing"))
    base = wrong.check(lambda: causal.folder_of(options.model))
    wrong.stop()
    typed = commands.settings("train", options)
    return TrainAsk(on=on, base=base, model=options.model, training=training, seed=options.seed, typed=typed)


def _on(options: TrainOptions, read: ReadAsk) -> Files | Trajectory | MixtureRun:
    mixture = mixtures.run_of(read.data)
    if mixture and options.replay:
        raise ConfigError("a mixture has no trajectory", "leave out --replay")
    if mixture:
        return MixtureRun(mixture)
    files = replace(read, data=[chosen(path) for path in paths(read.data)])
    return Trajectory(files, _replayed(options, read.data)) if options.replay else Files(files)


def _replayed(options: TrainOptions, data: list[str]) -> Path:
    """Return the run folder that is replayed. Raises ConfigError where that is not one folder, or a budget is named too."""
    if any(budget is not None for budget in (options.epochs, options.steps, options.tokens)):
        raise ConfigError("a replay has its own steps", "leave out epochs, steps and tokens")
    if len(data) != 1 or not Path(data[0]).is_dir():
        raise InputError("a replay follows one run folder", "name a run of `cuvee adapt`")
    return Path(data[0])


def chosen(path: str) -> str:
    """Return the training set of a run folder, by its manifest and in pick order; any other path as it is.

    Raises InputError for a run folder that holds no training set.
    """
    if not (Path(path) / MANIFEST).is_file():
        return path
    found = [name for name in outputs_of(Path(path)) if name.startswith("selected.")]
    if not found:
        raise InputError(f"{path} is a run folder without selected rows", "name a run of `cuvee select`, or data files")
    return str(output(Path(path), found[0]))


def _training(options: TrainOptions, steps: int | None) -> Training:
    tokens = int(budgets.parse(f"{options.tokens}tok").amount) if options.tokens else None
    return Training(
        epochs=EPOCHS if (options.epochs, steps, tokens) == (None, None, None) else options.epochs,
        steps=steps,
        tokens=tokens,
        lr=options.lr,
        schedule=options.schedule,
        warmup=options.warmup,
        batch=options.batch,
        max_length=options.max_length,
        weight_decay=options.weight_decay,
        clip=options.clip,
        lora=options.lora or None,
        micro_tokens=options.micro_tokens,
        packing=options.packing,
        report_to=options.report_to,
        save_every=options.save_every,
    )
