"""The command line: parse, call the verb, show what it returned; the one place that catches."""

import logging
import sys
import warnings
from collections.abc import Sequence

import cyclopts

from cuvee.errors import CuveeError
from cuvee.recipes import run
from cuvee.verbs import VERBS
from cuvee.verbs.shown import Spoken, app, show
from cuvee.version import VERSION

STDIN = "/dev/stdin"  # what "-" stands for: the parser would take a lone hyphen for an option


def build() -> cyclopts.App:
    """Return the parser of all verbs; a verb's signature and docstring are its options and help."""
    return app({**VERBS, "run": run}, version=VERSION)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command. Foreseen failures are one line on standard error and exit code 1; defects keep their traceback."""
    warnings.filterwarnings("ignore", category=FutureWarning)  # of libraries to their own callers, not to our users
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("cuvee").setLevel(logging.INFO)
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        told = build()([STDIN if word == "-" else word for word in words])
    except (CuveeError, cyclopts.CycloptsError) as problem:
        print(f"cuvee: {problem}", file=sys.stderr)  # noqa: T201
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("cuvee: stopped; call the same command again to go on", file=sys.stderr)  # noqa: T201
        raise SystemExit(130) from None
    if isinstance(told, Spoken):
        show(told)
