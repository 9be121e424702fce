"""The reference of the Python face, made of docstrings: every public name of ``cuvee``, and the errors that it raises."""

import inspect
import re
from collections.abc import Callable

import cuvee
from cuvee import errors
from cuvee.result import Result

PARAMETERS = re.compile(r"^(?P<name>\w+):\n(?P<text>(?: {4}.*\n?)+)", re.MULTILINE)
CODE = re.compile(r"``(.+?)``")


def everything() -> str:
    """Return a section for each public name: the verbs, the parts, the result, the errors."""
    verbs = [name for name in dir(cuvee) if _is_verb(name)]
    others = [name for name in dir(cuvee) if name not in verbs and name not in ("Result", "__version__")]
    rooms = [name for name in others if inspect.ismodule(getattr(cuvee, name))]
    parts = [name for name in others if name not in rooms]
    told = ["## Verbs\n", *map(_function, verbs), "## Parts of the verbs\n", *map(_function, parts), *map(_room, rooms)]
    told += ["## What a verb returns\n", _result(), "## Errors\n", *map(_error, _errors())]
    told.append('## The version\n\n`cuvee.__version__`: text, such as "0.1.0".\n')
    return "\n" + "\n".join(told)


def _is_verb(name: str) -> bool:
    return name in __import__("cuvee.verbs", fromlist=["__all__"]).__all__


def _room(name: str) -> str:
    return f"### `cuvee.{name}`\n\n{_prose(inspect.getdoc(getattr(cuvee, name)) or '')}"


def _function(name: str) -> str:
    found = getattr(cuvee, name)
    return f"### `cuvee.{name}`\n\n{_call(f'cuvee.{name}', found)}\n{_prose(inspect.getdoc(found) or '')}"


def _call(name: str, found: Callable[..., object]) -> str:
    """Return a call as one writes it: what must be named with its name and default."""
    words = []
    named = False
    for one in inspect.signature(found).parameters.values():
        if one.name == "self":
            continue
        if one.kind is one.KEYWORD_ONLY and not named:
            named = True
            words.append("*")
        mark = {one.VAR_KEYWORD: "**", one.VAR_POSITIONAL: "*"}.get(one.kind, "")
        default = "" if one.default is one.empty else f"={_value(one.default)}"
        words.append(f"{mark}{one.name}{default}")
    line = f"{name}({', '.join(words)})"
    return f"```py\n{line if len(line) < 110 else _long(name, words)}\n```\n"


def _long(name: str, words: list[str]) -> str:
    lines, line = [], "   "
    for word in words:
        if len(line) + len(word) > 100:
            lines.append(line)
            line = "   "
        line += f" {word},"
    return "\n".join([f"{name}(", *lines, line, ")"])


def _value(value: object) -> str:
    return f'"{value}"' if hasattr(value, "__fspath__") else repr(value)


def _prose(text: str) -> str:
    """Return a docstring as Markdown: its paragraphs, then a table of its parameters."""
    head, _, own = text.partition("Parameters\n----------\n")
    rows = [(found["name"], " ".join(found["text"].split())) for found in PARAMETERS.finditer(own + "\n")]
    paragraphs = [_marked(part) for part in head.strip().split("\n\n")]
    table = "".join(f"| `{name}` | {_cell(words)} |\n" for name, words in rows)
    return "\n\n".join(paragraphs) + "\n" + (f"\n| parameter | what it is |\n| --- | --- |\n{table}" if rows else "")


def _marked(part: str) -> str:
    """Return a paragraph; a command or a name in it as code, a page as a link."""
    words = CODE.sub(r"`\1`", " ".join(part.split())).replace("<", "&lt;").replace("*", r"\*")
    if words.startswith("Example: "):
        return f"Example: `{words.removeprefix('Example: ')}`"
    return re.sub(r"docs/(\w+)\.md", r"[\1](\1.md)", words)


def _cell(words: str) -> str:
    return CODE.sub(r"`\1`", words).replace("|", r"\|").replace("<", "&lt;").replace("*", r"\*")


def _result() -> str:
    lines = [f"### `cuvee.Result`\n\n{_prose(inspect.getdoc(Result) or '')}"]
    for name, found in sorted(vars(Result).items()):
        if name.startswith("_") and name != "__len__":
            continue
        if isinstance(found, property):
            lines.append(f"#### `result.{name}`\n\n{_prose(inspect.getdoc(found) or '')}")
        elif callable(found):
            call = "len(result)" if name == "__len__" else f"result.{name}()"
            lines.append(f"#### `{call}`\n\n{_prose(inspect.getdoc(found) or '')}")
    return "\n".join(lines)


def _errors() -> list[str]:
    return [name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, errors.CuveeError)]


def _error(name: str) -> str:
    return f"### `cuvee.errors.{name}`\n\n{_prose(inspect.getdoc(getattr(errors, name)) or '')}"
