"""A run's command line: what the parser makes of it is what was asked."""

import ast
import inspect
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

import cuvee
from cuvee import cli, commands
from cuvee.verbs import VERBS

ASKED: dict[str, dict[str, Any]] = {
    "select": {"data": ["a b.json", "c"], "budget": "3%", "strict": True, "given": ["old", "older"], "seed": 3},
    "prove": {
        "data": ["a"],
        "arms": "random,base",
        "metrics": "loss,exact_match",
        "on": ["x", "y"],
        "lr": 1e-4,
        "lora": 8,
    },
    "interpolate": {"data": ["a"], "as_": "regulariser", "weight": 0.5, "align": "start"},
    "adapt": {"data": ["a"], "goal": ["g", "h"], "reward": "exact_match", "policy": Path("old/policy")},
    "distill train": {"corpus": Path("c"), "grpo_lr": 2e-5, "quality": 0.0},
    "train": {"data": ["a"], "replay": True, "tokens": "2M"},
}


def of_python(name: str) -> object:
    """Return the function of the Python face."""
    return getattr(cuvee, name.replace(" ", "_"))


@pytest.mark.parametrize("name", ASKED)
def test_the_line_is_parsed_to_what_was_asked(name: str) -> None:
    line = commands.command(name, {**commands.defaults(name), **ASKED[name]}, Path("runs/x"))
    verb, bound, _ = cli.build().parse_args(shlex.split(line)[1:])
    assert inspect.unwrap(verb, stop=lambda one: one is of_python(name)) is of_python(name)
    assert bound.arguments == {**ASKED[name], "out": Path("runs/x")}


def test_python_values_are_written_as_the_command_line_has_them() -> None:
    typed = {"data": ["a"], "arms": ["random", "base"], "columns": {"prompt": "q", "response": "a"}, "embedder": None}
    line = commands.command("prove", typed, Path("x"))
    assert line == "cuvee prove a --arms random,base --columns prompt=q,response=a --out x"


@pytest.mark.parametrize(
    "word",
    [
        "a b",
        "$(touch x)",
        "`x`;&|",
        "it's",
        "a\nb\t",
        "\x1b[2J'\\n",
        "\x9b\u202e",
        "\udcff\udc80",
        "*?[~",
        "",
        "Größe 東京",
    ],
)
def test_a_shell_reads_a_line_as_its_words(word: str) -> None:
    line = commands.line("printf", "%s", word)
    assert line.isprintable()
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
    )
    assert done.stdout == os.fsencode(word)


def test_no_command_is_written_without_quotes() -> None:
    """A command with values in it comes from ``commands.line``: no f-string puts a value behind "cuvee verb"."""
    verbs = {name.split()[0] for name in VERBS}
    for path in sorted((Path(cuvee.__file__).parent).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                before = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
                assert not re.search(rf"\bcuvee ({'|'.join(verbs)})\b[^`]*{{}}", before), (path, before)
