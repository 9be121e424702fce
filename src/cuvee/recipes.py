"""Recipes: the same verbs, written down in YAML; every step is bound before any step runs."""

import inspect as signatures
import re
from collections.abc import Mapping
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path
from typing import get_type_hints

from cuvee.commands import pairs
from cuvee.commands import verb as known
from cuvee.errors import ConfigError, CuveeError
from cuvee.models.server import KEY_VARIABLE
from cuvee.names import granting, may_read
from cuvee.progress import say
from cuvee.result import Result
from cuvee.verbs import RECIPES
from cuvee.verbs import options as o

NAMING = (
    "method",
    "arms",
    "scores",
    "embedder",
    "dialect",
    "settings",
    "strategy",
    "format",
    "metrics",
    "reward",
    "judge",
)
CODE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(?:\.\w+)*")
Bound = tuple[str, dict[str, object]]  # a verb of RECIPES, and its settings


@known("run", example="cuvee run recipes/k-center.yaml", page="recipes/, docs/python.md")
def run(
    recipe: Path, *, dry_run: o.DryRun = False, allow_code: bool = False, allow_key: list[str] | None = None
) -> Result:
    """Run the steps of a recipe; all of them are checked before the first one starts.

    A recipe may be somebody else's: it can neither run code of its own nor send any of your environment to a server, but for
    variables called *_API_KEY, unless you say so here. It reads and writes the files that it names.

    Parameters
    ----------
    recipe:
        A YAML file with a list of steps, each a verb's name over its options.
    allow_code:
        Let the recipe name code that is run (package.module:object, or a YAML task of lm-eval): read that code first.
    allow_key:
        An environment variable that the recipe may name as a server's key, besides those called *_API_KEY.
    """
    steps = load(Path(recipe))
    code = [f"step {number} names code: {name}" for number, (_, one) in enumerate(steps, 1) for name in code_in(one)]
    if dry_run:
        return _plan(Path(recipe), steps, code)
    if code and not allow_code:
        raise ConfigError(f"{recipe}: {'; '.join(code)}", "read that code, then run the recipe with --allow-code")
    for one in code:
        say(one)
    with granting(code=allow_code, keys=allow_key or []):
        for _, settings in steps:
            may_read(str(pairs(str(settings.get("judge_settings") or ""), "judge-settings").get("key", KEY_VARIABLE)))
        results = [RECIPES[name](**settings) for name, settings in steps]
    return results[-1]


def code_in(settings: Mapping[str, object]) -> list[str]:
    """Return what names code among a step's settings: package.module:object, and tasks of lm-eval in YAML.

    What is missed here is refused where it is looked up (``names.may_run``); here it is found before any step runs.
    """
    found = []
    for key, value in settings.items():
        for text in value if isinstance(value, list | tuple) else [value]:
            words = re.split(r"[,=\s]", str(text))
            if key in NAMING:
                found += [word for word in words if CODE.fullmatch(word) and _is_module(word)]
            elif key == "lm_eval":
                found += [word for word in words if word.endswith((".yaml", ".yml"))]
    return found


def _is_module(word: str) -> bool:
    from cuvee.embedders import EMBEDDERS

    first = word.partition(":")[0].partition(".")[0]
    return "." in word.partition(":")[0] or (first not in EMBEDDERS and find_spec(first) is not None)


def _plan(recipe: Path, steps: list[Bound], code: list[str]) -> Result:
    """Say what every step would do; one that reads what an earlier one will write cannot be looked at yet."""
    told, seconds, known = [], 0, True
    for name, settings in steps:
        words, took = _foreseen(name, settings)
        told.append(f"{name} {settings}: {words}")
        seconds, known = seconds + (took or 0), known and took is not None
    notes = [] if known else ["the time of a step that reads what another will write is known once that has run"]
    plan: dict[str, object] = {"files": [], "steps": told, "notes": [*code, *notes], "seconds": seconds}
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
    except OSError as wrong:
        raise ConfigError(f"{path} cannot be read: {wrong.strerror}", "name a YAML file") from wrong
    except (yaml.YAMLError, AttributeError, ValueError, RecursionError) as wrong:
        reason = "it is nested too deep" if isinstance(wrong, RecursionError) else wrong
        raise ConfigError(f"{path} is not a recipe: {reason}", "write a list under `steps:`") from wrong
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
        def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
            if self.check_event(yaml.AliasEvent):  # a few of them in each other are gigabytes of text
                raise yaml.YAMLError("it repeats a part by *name; write the part out")
            node: yaml.Node | None = super().compose_node(parent, index)
            return node

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
    if not isinstance(settings, Mapping | None):
        raise ConfigError(f"the options of {name} are no mapping", "write them as name: value")
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
        raise ConfigError(f"{name}: {wrong.errors()[0]['msg']}", f"got {wrong.errors()[0]['input']!r:.200}") from None
