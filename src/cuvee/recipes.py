"""Recipes: the same verbs, written down in YAML; every step is bound before any step runs."""

import inspect as signatures
import re
from collections.abc import Mapping
from keyword import iskeyword
from pathlib import Path
from typing import get_type_hints

from cuvee.commands import verb as known
from cuvee.errors import ConfigError, CuveeError
from cuvee.result import Result
from cuvee.verbs import RECIPES
from cuvee.verbs import options as o

Bound = tuple[str, dict[str, object]]  # a verb of RECIPES, and its settings


@known("run", example="cuvee run recipes/k-center.yaml", page="recipes/, docs/python.md")
def run(recipe: Path, *, dry_run: o.DryRun = False) -> Result:
    """Run the steps of a recipe; all of them are checked before the first one starts.

    Parameters
    ----------
    recipe:
        A YAML file with a list of steps, each a verb's name over its options.
    """
    steps = load(Path(recipe))
    if dry_run:
        return _plan(Path(recipe), steps)
    results = [RECIPES[name](**settings) for name, settings in steps]
    return results[-1]


def _plan(recipe: Path, steps: list[Bound]) -> Result:
    """Say what every step would do; one that reads what an earlier one will write cannot be looked at yet."""
    told, seconds, known = [], 0, True
    for name, settings in steps:
        words, took = _foreseen(name, settings)
        told.append(f"{name} {settings}: {words}")
        seconds, known = seconds + (took or 0), known and took is not None
    notes = [] if known else ["the time of a step that reads what another will write is known once that has run"]
    plan: dict[str, object] = {"files": [], "steps": told, "notes": notes, "seconds": seconds}
    return Result(recipe, {"plan": plan})


def _foreseen(name: str, settings: dict[str, object]) -> tuple[str, int | None]:
    """Return what a step would do, and its seconds, None where they are not known."""
    verb = RECIPES[name]
    if "dry_run" not in signatures.signature(verb).parameters:
        return "at once", 0
    try:
        plan = verb(**{**settings, "dry_run": True}).summary["plan"]
    except CuveeError as wrong:
        return f"not known yet ({wrong.message})", None
    return "; ".join(plan["steps"]), plan.get("seconds")


def load(path: Path) -> list[Bound]:
    """Return the (verb, settings) of every step. Raises ConfigError that lists all mistakes of the file."""
    import yaml

    if not path.is_file():
        raise ConfigError(f"no recipe at {path}", "name a YAML file")
    try:
        steps = _read(path.read_text(encoding="utf-8")).get("steps")
    except (yaml.YAMLError, AttributeError) as wrong:
        raise ConfigError(f"{path} is not a recipe: {wrong}", "write a list under `steps:`") from wrong
    if not isinstance(steps, list) or not steps:
        raise ConfigError(f"{path} has no steps", "write a list under `steps:`")
    bound, mistakes = [], []
    for number, step in enumerate(steps, start=1):
        try:
            bound.append(_bind(step))
        except ConfigError as wrong:
            mistakes.append(f"step {number}: {wrong.message} ({wrong.hint})")
    if mistakes:
        raise ConfigError(f"{path} has {len(mistakes)} mistakes:\n  " + "\n  ".join(mistakes))
    return bound


def _read(text: str) -> Mapping[str, object]:
    """Return what the YAML says. As in YAML 1.2 only true and false are truth values: `on` is the name of an option."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, regex) for tag, regex in kinds if not tag.endswith(":bool")]
        for first, kinds in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(true|True|TRUE|false|False|FALSE)$"), "tTfF")
    found: Mapping[str, object] = yaml.load(text, Loader) or {}
    return found


def _bind(step: object) -> Bound:
    """Check one step against its verb's signature, types included."""
    from pydantic import ConfigDict, TypeAdapter, ValidationError

    if not isinstance(step, Mapping) or len(step) != 1:
        raise ConfigError("a step is one verb over its options", f"verbs: {', '.join(RECIPES)}")
    name, settings = next(iter(step.items()))
    if name not in RECIPES:
        raise ConfigError(f"unknown verb {name!r}", f"verbs: {', '.join(RECIPES)}")
    verb = RECIPES[name]
    settings = {f"{key}_" if iskeyword(str(key)) else key: value for key, value in (settings or {}).items()}  # `as`
    hints = get_type_hints(verb)
    required = [p.name for p in signatures.signature(verb).parameters.values() if p.default is p.empty]
    for key in [*settings, *required]:
        if key not in hints or key not in settings:
            options = ", ".join(other for other in hints if other != "return")
            raise ConfigError(f"{name} {'needs' if key in hints else 'has no option'} {key!r}", f"it takes {options}")
    lenient = ConfigDict(coerce_numbers_to_str=True)  # `budget: 1000` in YAML is a number
    try:
        return name, {key: TypeAdapter(hints[key], config=lenient).validate_python(settings[key]) for key in settings}
    except ValidationError as wrong:
        raise ConfigError(f"{name}: {wrong.errors()[0]['msg']}", f"got {wrong.errors()[0]['input']!r}") from None
