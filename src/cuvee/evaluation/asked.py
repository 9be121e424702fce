"""What ``cuvee evaluate`` was asked, bound and checked before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cuvee import commands
from cuvee.commands import Mistakes, Paths, Setting, listed, pairs, paths
from cuvee.errors import ConfigError
from cuvee.evaluation.against import Against, AgainstOptions
from cuvee.evaluation.against import bind as bind_against
from cuvee.evaluation.evaluating import EvaluationSettings
from cuvee.models import causal
from cuvee.models.generation import Sampling
from cuvee.models.needs import need
from cuvee.models.place import ModelPlace


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    """``cuvee evaluate`` as typed."""

    model: str | Path
    on: Paths
    limit: int | None
    loss_only: bool
    run_code: bool
    lm_eval: str
    lm_eval_plain: bool
    max_new_tokens: int
    temperature: float
    top_p: float
    batch_tokens: int | None
    beside: AgainstOptions
    columns: str
    dialect: str | None
    place: ModelPlace = field(default_factory=ModelPlace)
    seed: int


@dataclass(frozen=True, kw_only=True)
class EvaluateAsk:
    """A checked ``cuvee evaluate``. tasks: of lm-eval; chat: whether they are put in the model's chat template."""

    model: str
    on: list[str]
    limit: int | None
    settings: EvaluationSettings
    tasks: list[str]
    chat: bool
    against: Against | None
    columns: dict[str, str]
    dialect: str | None
    device: str | None
    precision: str | None
    seed: int
    typed: Mapping[str, Setting]


def bind(options: EvaluateOptions) -> EvaluateAsk:
    """Check everything that can be checked without reading the data or the model. Raises ConfigError for all mistakes."""
    wrong = Mistakes()
    sampling = wrong.check(
        lambda: Sampling(
            max_new_tokens=options.max_new_tokens,
            temperature=options.temperature,
            top_p=options.top_p,
            seed=options.seed,
        )
    )
    columns = wrong.check(lambda: pairs(options.columns, "columns")) or {}
    wrong.check(lambda: _together(options))
    options.place.check(wrong)
    against = wrong.check(lambda: bind_against(options.beside))
    wrong.check(lambda: causal.folder_of(str(options.model)))
    wrong.stop()
    need("torch", "transformers")
    return EvaluateAsk(
        model=str(options.model),
        on=paths(options.on),
        limit=options.limit,
        settings=EvaluationSettings(sampling, options.batch_tokens, options.loss_only, options.run_code),
        tasks=listed(options.lm_eval),
        chat=not options.lm_eval_plain,
        against=against,
        columns={key: str(value) for key, value in columns.items()},
        dialect=options.dialect,
        device=options.place.device,
        precision=options.place.precision,
        seed=options.seed,
        typed=commands.settings("evaluate", options),
    )


def _together(options: EvaluateOptions) -> None:
    if not options.on and not options.lm_eval:
        raise ConfigError("nothing to evaluate on", "--on FILES, or --lm-eval TASKS")
    if options.loss_only and (options.run_code or options.beside.against):
        raise ConfigError("with --loss-only the model writes nothing", "leave out --run-code and --against, or it")
