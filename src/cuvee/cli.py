"""The command line: parse, call the verb, show what it returned; the one place that catches."""

import logging
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

import cyclopts

from cuvee.errors import ConfigError, CuveeError, refused
from cuvee.names import granting
from cuvee.progress import guard, shown
from cuvee.recipes import run
from cuvee.stopping import Stopped, say_stopped, stoppable
from cuvee.verbs import VERBS
from cuvee.verbs.shown import Spoken, app, show
from cuvee.version import VERSION

ALLOW_KEY = "--allow-key"
STDIN = "/dev/stdin"  # what "-" stands for: the parser would take a lone hyphen for an option


def build() -> cyclopts.App:
    """Return the parser of all verbs; a verb's signature and docstring are its options and help."""
    return app({**VERBS, "run": run}, version=VERSION)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command. Foreseen failures are one line on standard error and exit code 1; defects keep their traceback."""
    warnings.filterwarnings("ignore", category=FutureWarning)  # of libraries to their own callers, not to our users
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("cuvee").setLevel(logging.INFO)
    guard()
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        words, keys = _allowed(words)
        with stoppable(), granting(code=True, keys=keys):
            told = build()([STDIN if word == "-" else word for word in words])
            if isinstance(told, Spoken):
                show(told)
            if sys.stdout is not None:  # closed by whoever started us
                sys.stdout.flush()
    except (CuveeError, cyclopts.CycloptsError) as problem:
        _fail(problem)
    except BrokenPipeError:  # whoever read our output, such as `head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(128 + signal.SIGPIPE) from None
    except OSError as problem:
        _fail(refused(problem))
    except KeyboardInterrupt as stopped:
        say_stopped()
        raise SystemExit(stopped.code if isinstance(stopped, Stopped) else 128 + signal.SIGINT) from None


def _fail(problem: Exception) -> NoReturn:
    print(shown(f"cuvee: {problem}"), file=sys.stderr)  # noqa: T201
    raise SystemExit(1) from None


def _allowed(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Take --allow-key NAME out of a command of any verb; a recipe's is an option of ``run``. Return both."""
    kept: list[str] = []
    keys: list[str] = []
    rest = iter(words if words[:1] != ["run"] else ())
    for word in rest:
        flag, equals, name = word.partition("=")
        if flag != ALLOW_KEY:
            kept.append(word)
            continue
        name = name if equals else next(rest, "")
        if not name:
            raise ConfigError(f"{ALLOW_KEY} names no variable", f"{ALLOW_KEY} NAME")
        keys.append(name)
    return kept or list(words), keys
