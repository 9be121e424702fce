"""The verbs on a command line: in the order of work, their options in groups, and what every command can do besides."""

import functools
import inspect
import logging
import sys
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Annotated, Any

import cyclopts
from cyclopts import Parameter

from cuvee import progress
from cuvee.commands import flowing
from cuvee.errors import CuveeError
from cuvee.result import Result
from cuvee.verbs.grouped import BESIDES, COMMANDS, GROUPS, OTHERS

Verb = Callable[..., Result]

HELP = {
    "": "From a pool of instruction data and a budget to the training set the budget deserves.\n\n"
    "Start with `cuvee inspect POOL`, then `cuvee select POOL --budget 5%`. `cuvee VERB --help` has the options of a verb.",
    "models": "Bring models once and use them offline.",
}
QUIET = Annotated[bool, Parameter(help="Say nothing but what goes wrong.", group=GROUPS["quiet"])]
JSON = Annotated[
    bool, Parameter(help="Write the summary to standard output as JSON, and nothing else.", group=GROUPS["json"])
]
OPEN = Annotated[bool, Parameter(help="Open the page of the run in a browser.", group=GROUPS["open"])]


@dataclass(frozen=True)
class Display:
    """What is shown of a result: nothing (``quiet``), its summary as JSON, its page too (``open``)."""

    quiet: bool = False
    json: bool = False
    open: bool = False


@dataclass(frozen=True)
class Spoken:
    """What a command returned, and how it is shown."""

    result: Result
    how: Display


def app(verbs: Mapping[str, Verb], **settings: str) -> cyclopts.App:
    """Return the parser of these verbs; a verb's signature and docstring are its options and its help."""
    plain = {"result_action": "return_value", "exit_on_error": False, "print_error": False, "group_commands": BESIDES}
    whole = _app("cuvee", HELP[""], **plain, **settings)
    words = dict.fromkeys(name.partition(" ")[0] for name in verbs if " " in name)
    groups = {word: _app(word, HELP.get(word, ""), **_place(word)) for word in words}
    for name, verb in verbs.items():
        word, _, own = name.partition(" ")
        if own:
            groups[word].command(_command(verb), name=own)
        elif word in groups:
            groups[word].default(_command(verb))
            groups[word].help = _command(verb).__doc__
        else:
            placed: dict[str, Any] = _place(name)
            whole.command(_command(verb), name=name, **placed)
    for group in groups.values():
        whole.command(group)
    return whole


def _app(name: str, text: str, **more: object) -> cyclopts.App:
    own = {"name": name, "help": text, "help_format": "plaintext", "default_parameter": Parameter(negative=()), **more}
    return cyclopts.App(**own)  # type: ignore[arg-type]  # its own checks are stricter than its stubs can say here


def _place(name: str) -> dict[str, object]:
    """Return where a command stands in ``cuvee --help``."""
    at = list(COMMANDS).index(name) if name in COMMANDS else len(COMMANDS)
    return {"group": COMMANDS.get(name, OTHERS), "sort_key": at}


def _command(verb: Verb) -> Callable[..., Spoken]:
    """Return a verb with its options in groups, and with --quiet, --json and --open."""

    @functools.wraps(verb)
    def call(*values: object, quiet: bool = False, json: bool = False, open: bool = False, **options: object) -> Spoken:
        how = Display(quiet, json, open)
        with _hushed(how):
            return Spoken(verb(*values, **options), how)

    signature = inspect.signature(verb)
    own = [one.replace(annotation=_grouped(one)) for one in signature.parameters.values()]
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=kind)
        for name, kind in (("quiet", QUIET), ("json", JSON), ("open", OPEN))
    ]
    call.__signature__ = signature.replace(parameters=[*own, *more])  # type: ignore[attr-defined]
    call.__annotations__ = {one.name: one.annotation for one in [*own, *more]}
    call.__doc__ = flowing(verb.__doc__ or "")
    return call


def _grouped(option: inspect.Parameter) -> object:
    return Annotated[option.annotation, Parameter(group=GROUPS.get(option.name, GROUPS["choice"]))]


@contextmanager
def _hushed(how: Display) -> Iterator[None]:
    """Keep standard output free for JSON while a verb runs, and standard error free of progress where nothing is wanted."""
    log = logging.getLogger("cuvee")
    before = log.level
    with ExitStack() as stack:
        if how.json:
            stack.enter_context(redirect_stdout(sys.stderr))
        if how.quiet:
            stack.enter_context(progress.quiet())
            log.setLevel(logging.WARNING)
            stack.callback(log.setLevel, before)
        yield


def show(told: Spoken) -> None:
    """Show what a command returned, as it asked."""
    result, how = told.result, told.how
    if how.json:
        _print_json(result)
    elif not how.quiet:
        from cuvee.reports.text import show as shown

        shown(result, progress.console())
    if how.open:
        _open(result)


def _print_json(result: Result) -> None:
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    sys.stdout.write(orjson.dumps(result.summary, default=str, option=options).decode() + "\n")


def _open(result: Result) -> None:
    try:
        page = result.report.resolve()
    except CuveeError as none:
        print(f"cuvee: there is no page to open: {none.message}", file=sys.stderr)  # noqa: T201
        return
    if not webbrowser.open(page.as_uri()):
        print(f"cuvee: no browser was found; the page is {page}", file=sys.stderr)  # noqa: T201
