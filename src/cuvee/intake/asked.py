"""What the user typed, bound and checked before anything runs; all mistakes of one command are reported together."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cuvee import budget as budgets
from cuvee import commands, names
from cuvee.commands import Mistakes, _between, listed, pairs, paths
from cuvee.errors import ConfigError
from cuvee.intake import judge as judging
from cuvee.intake.clean import Rules
from cuvee.intake.near import near_threshold
from cuvee.intake.score import ScoreModel
from cuvee.samples.dialects import DIALECTS
from cuvee.samples.formats import FORMATS
from cuvee.samples.write import FILES
from cuvee.scorers import SCORERS
from cuvee.selection.choose import Request
from cuvee.selectors import scores_needed, settings_of


@dataclass(frozen=True)
class PoolAsk:
    """A checked ``cuvee select``."""

    data: list[str]
    request: Request
    rules: Rules
    columns: dict[str, str]
    dialect: str | None
    strict: bool
    embedder: str | None
    near_vectors: str
    decontaminate: list[str]
    given: list[Path]
    scores: list[str]  # those that the method reads too
    asked: ScoreModel
    judge: judging.Judging | None
    tokenizer: str | None
    format: str
    file: str
    draws: int
    seed: int
    typed: dict[str, Any]  # as the user gave it, for the manifest


def bind(typed: Mapping[str, Any]) -> PoolAsk:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong = Mistakes()
    budget = wrong.check(lambda: budgets.parse(typed["budget"]))
    method_settings = wrong.check(lambda: pairs(typed["settings"], "settings")) or {}
    columns = wrong.check(lambda: pairs(typed["columns"], "columns")) or {}
    needed = wrong.check(lambda: _needed(typed["method"], method_settings)) or []
    wrong.check(lambda: names.find(FORMATS, typed["format"], "format"))
    wrong.check(lambda: names.find(dict.fromkeys(FILES), typed["file"], "file type"))
    if typed["dialect"] is not None:
        wrong.check(lambda: names.find(DIALECTS, typed["dialect"], "dialect"))
    scores = sorted({*listed(typed["scores"]), *needed})
    for name in scores:
        wrong.check(partial(names.find, SCORERS, name, "score"))
    judge_settings = wrong.check(lambda: pairs(typed["judge_settings"], "judge-settings")) or {}
    judge = wrong.check(lambda: judging.bind(typed, judge_settings, scores))
    wrong.check(lambda: _between(typed["near"], "near", 0, 1))
    wrong.check(lambda: _between(typed["contamination"], "contamination", 0, 1))
    wrong.check(lambda: _between(typed.get("max_length", 0), "max-length", 0, 1_000_000))
    wrong.check(lambda: near_threshold(typed["near_vectors"], None, calibrated=0.0))
    wrong.stop()
    return PoolAsk(
        data=paths(typed["data"]),
        request=Request(budget, typed["method"], method_settings, typed["seed"]),
        rules=Rules(typed["near"], typed["contamination"], typed["keep_empty"], typed["drop_truncated"]),
        columns={key: str(value) for key, value in columns.items()},
        dialect=typed["dialect"],
        strict=typed["strict"],
        embedder=typed["embedder"],
        near_vectors=str(typed["near_vectors"]),
        decontaminate=paths(typed["decontaminate"]),
        given=[Path(path) for path in paths(typed["given"])],
        scores=scores,
        asked=ScoreModel(typed.get("model"), typed.get("max_length") or None),
        judge=judge,
        tokenizer=typed["tokenizer"],
        format=typed["format"],
        file=typed["file"],
        draws=typed["draws"],
        seed=typed["seed"],
        typed={key: _plain(value) for key, value in typed.items() if key not in ("out", "dry_run")},
    )


def ground_settings(**typed: Any) -> PoolAsk:
    """Return the checked settings of a verb that reads, cleans and embeds a pool; what it did not ask is as in select."""
    known = commands.defaults("select")
    return bind({**known, **{name: value for name, value in typed.items() if name in known or name == "data"}})


def _needed(method: str, given: Mapping[str, Any]) -> list[str]:
    """Return the scores that a method will read. Raises ConfigError for an unknown method or setting."""
    known = settings_of(method)
    for name in given:
        if name not in known:
            raise ConfigError(
                f"{method} has no setting {name!r}", f"its settings: {', '.join(sorted(known)) or 'none'}"
            )
    return scores_needed(method, **given)


def _plain(value: Any) -> Any:
    return (
        [str(part) for part in value]
        if isinstance(value, list | tuple)
        else str(value)
        if isinstance(value, Path)
        else value
    )
