"""Every regular expression of the house takes linear time: each is found in the source, and fed 1 MB of its worst case."""

import ast
import importlib
import re
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.timing import TooSlowError, within

SRC = Path(__file__).parents[1] / "src"
USES = ("search", "match", "fullmatch", "findall", "finditer", "sub", "split")
LONG, SHORT = 1 << 20, 1 << 11  # characters of the worst case, and of the trials that find it
PIECES = 20  # of which the trials are made, two at a time
SECONDS = 10.0  # for 1 MB; the slowest takes a tenth of a second on a free machine, a square one a day
LOCALS: dict[str, object] = {
    "name": "rating",
    "head": r"\{\s*+\"a\"",
    "_STRING": "",
}  # what stands for a function's own names
OTHERS = {  # not over a user's text: our own docstrings, our own lists of numbers
    ("cuvee.commands", "_documented"),
    ("cuvee.evaluation.cage", "_calls"),
    ("cuvee.distiller.kinds", "_prompts"),
}

Pattern = re.Pattern[Any]


@cache
def trees() -> dict[str, ast.Module]:
    return {
        ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__"): ast.parse(path.read_text())
        for path in sorted((SRC / "cuvee").rglob("*.py"))
    }


def calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str, str]]:
    """Yield every call of the module ``re`` that takes a pattern: the call, its name, the function that it stands in."""

    def walk(node: ast.AST, inside: str) -> Iterator[tuple[ast.Call, str, str]]:
        if isinstance(node, ast.FunctionDef):
            inside = node.name
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            if isinstance(of, ast.Name) and of.id == "re" and node.func.attr in (*USES, "compile"):
                yield node, node.func.attr, inside
        for child in ast.iter_child_nodes(node):
            yield from walk(child, inside)

    yield from walk(tree, "")


def compiled(call: ast.Call, module: ModuleType) -> Pattern:
    """Return the pattern of a call, its flags too; names of the function's own stand for what ``LOCALS`` says."""
    names = {**LOCALS, **vars(module)}
    flags = 0
    for keyword in [*call.keywords, *(ast.keyword("flags", one) for one in call.args[1:] if call_is_compile(call))]:
        if keyword.arg == "flags":
            flags = eval(compile(ast.Expression(keyword.value), "flags", "eval"), names)
    pattern: str | bytes = eval(compile(ast.Expression(call.args[0]), "pattern", "eval"), names)
    return re.compile(pattern, flags)


def call_is_compile(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "compile"


@cache
def used() -> dict[str, set[str]]:
    """Return how a pattern of each name is used anywhere: NAME.search, module.NAME.search."""
    found: dict[str, set[str]] = {}
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in USES:
                of = node.value
                name = of.id if isinstance(of, ast.Name) else of.attr if isinstance(of, ast.Attribute) else ""
                found.setdefault(name, set()).add(node.attr)
    return found


def uses_of(name: str) -> set[str]:
    """Return how a pattern of this name is used; what is only handed on matches with it."""
    return used().get(name) or {"match", "fullmatch"}


@cache
def patterns() -> dict[str, tuple[str, ast.Call, frozenset[str]]]:
    """Return every pattern of the house, by where it stands: its module, the call that makes it, and how it is used."""
    found: dict[str, tuple[str, ast.Call, frozenset[str]]] = {}
    for name, tree in trees().items():
        named = {
            id(node.value): node.targets[0].id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for call, how, inside in calls(tree):
            if (name, inside) in OTHERS:
                continue
            uses = (
                uses_of(named[id(call)]) if id(call) in named else {"search", "findall"} if how == "compile" else {how}
            )
            label = f"{name}:{named.get(id(call), inside)}"
            while label in found:
                label += "'"
            found[label] = name, call, frozenset(uses)
    return found


def pieces(pattern: Pattern) -> list[str]:
    """Return the characters and short texts that the pattern speaks of, one of each kind that it tells apart."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    words = re.findall(r"[A-Za-z<>/#`]{2,}|[^A-Za-z0-9]", re.sub(r"\\[wsdbSWD]|\(\?[P<:!=>]+", " ", text))
    return list(dict.fromkeys(["a", "0", " ", "\n", '"', "\\", ".", *words]))[:PIECES]


def attacks(pattern: Pattern, size: int) -> Iterator[str]:
    """Yield texts of this size in which one piece, or two by turns, is repeated, behind each start and before an end."""
    parts = pieces(pattern)
    starts = ["", *parts]
    for piece in parts:
        yield piece * (size // len(piece))
    for start in starts:
        for piece in parts:
            if start != piece:
                yield start + piece * (size // len(piece)) + "\x00"
                yield (start + piece) * (size // len(start + piece)) + "\x00"


def take(pattern: Pattern, use: str, text: str) -> float:
    given: Any = text if isinstance(pattern.pattern, str) else text.encode("utf-8", "surrogatepass")
    run: Callable[..., Any] = getattr(pattern, use)
    begin = time.process_time()
    if use == "finditer":
        for _ in run(given):
            pass
    elif use == "sub":
        run(given[:0], given)
    else:
        run(given)
    return time.process_time() - begin


def worst(pattern: Pattern, use: str) -> Callable[[int], str]:
    """Return how to make a text of any size that takes the pattern longest, as short ones show."""
    every = list(enumerate(attacks(pattern, SHORT)))
    slowest = max(every, key=lambda pair: (take(pattern, use, pair[1]), pair[0]))[0]

    def made(size: int) -> str:
        return next(text for at, text in enumerate(attacks(pattern, size)) if at == slowest)

    return made


def test_every_pattern_is_found() -> None:
    found = patterns()
    assert len(found) > 40
    assert {
        "cuvee.cleaners.flags:_ENDS",
        "cuvee.scorers.prompting:_lines_of",
        "cuvee.samples.write:STRING_OR_BREAK",
    } <= set(found)


def test_a_square_one_is_told() -> None:
    with pytest.raises(TooSlowError), within(1.0):
        square = re.compile(r"([^\W\d_]+)$")
        take(square, "search", worst(square, "search")(LONG))


@pytest.mark.parametrize("name", sorted(patterns()))
def test_it_is_linear(name: str) -> None:
    module, call, uses = patterns()[name]
    pattern = compiled(call, importlib.import_module(module))
    for use in sorted(uses):
        text = worst(pattern, use)(LONG)
        try:
            with within(SECONDS):
                take(pattern, use, text)
        except TooSlowError:
            pytest.fail(
                f"{pattern.pattern!r}.{use} of {text[:20]!r} ... {text[-20:]!r} takes more than {SECONDS} s for 1 MB"
            )
