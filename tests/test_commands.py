"""A run's command line: what the parser makes of it is what was asked."""

import inspect
import shlex
from pathlib import Path
from typing import Any

import pytest

import cuvee
from cuvee import cli, commands

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
