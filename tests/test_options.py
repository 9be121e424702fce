"""One option, one meaning: type and words are the same in every verb; help is in groups, in the order of work."""

import inspect
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Annotated, get_args, get_origin

import orjson
import pytest

from cuvee import cli, commands
from cuvee.planting.files import write
from cuvee.recipes import run as recipe
from cuvee.verbs import VERBS
from cuvee.verbs.grouped import COMMANDS, GROUPS
from cuvee.verbs.options import DIFFERS

EVERY = {**VERBS, "run": recipe}
ROOT = Path(__file__).parents[1]
OPTION = re.compile(r"^(\w+):\n((?:[ \t]+.*\n?)+)", re.MULTILINE)


def words_of(verb: object) -> dict[str, str]:
    """Return option -> its words in a verb's docstring, on one line."""
    text = (inspect.getdoc(verb) or "").partition("Parameters\n----------\n")[2] + "\n"
    return {name: " ".join(body.split()) for name, body in OPTION.findall(text)}


def plain(kind: object) -> object:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def test_one_name_has_one_type_and_one_text() -> None:
    kinds, texts = defaultdict(set), defaultdict(set)
    for name, verb in EVERY.items():
        told = words_of(verb)
        for option, parameter in inspect.signature(verb).parameters.items():
            if (name, option) not in DIFFERS:
                kinds[option].add(plain(parameter.annotation))
                texts[option].add(told[option])
    assert {option: found for option, found in kinds.items() if len(found) > 1} == {}
    assert {option: found for option, found in texts.items() if len(found) > 1} == {}


def test_a_difference_is_there_and_has_a_reason() -> None:
    for (name, option), why in DIFFERS.items():
        assert why and option in inspect.signature(EVERY[name]).parameters
        shared = {words_of(verb).get(option) for other, verb in EVERY.items() if other != name} - {None}
        same = [
            plain(verb_parameter.annotation)
            for other, verb in EVERY.items()
            if other != name and (verb_parameter := inspect.signature(verb).parameters.get(option))
        ]
        mine = inspect.signature(EVERY[name]).parameters[option]
        assert words_of(EVERY[name])[option] not in shared or plain(mine.annotation) not in same, (name, option)


def test_every_option_has_words_and_a_group() -> None:
    for name, verb in EVERY.items():
        for option in inspect.signature(verb).parameters:
            assert words_of(verb).get(option), (name, option)
            assert option in GROUPS, (name, option)


@pytest.mark.parametrize("name", EVERY)
def test_every_verb_has_an_example_that_parses_and_a_page_that_is_there(name: str) -> None:
    told = inspect.getdoc(EVERY[name]) or ""
    (example,) = re.findall(r"^Example: cuvee (.*)$", told, re.MULTILINE)
    assert example.startswith(name)
    cli.build().parse_args(example.split())
    (pages,) = re.findall(r"^More: (.*)$", told, re.MULTILINE)
    assert all((ROOT / page).exists() for page in pages.split(", "))


def test_help_is_in_the_order_of_work(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["--help"])
    text = capsys.readouterr().out
    words = [name for name in COMMANDS if re.search(rf"│ {name}\s", text)]
    places = [re.search(rf"│ {name}\s", text).start() for name in words]  # type: ignore[union-attr]
    assert words == list(COMMANDS) and places == sorted(places)
    assert words[:4] == ["inspect", "select", "train", "prove"]


def test_the_options_of_a_verb_are_in_groups(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["distill", "--help"])
    text = capsys.readouterr().out
    titles = ["Input", "Choice", "Cleaning", "Model", "Judge", "Output"]
    places = [text.index(f"─ {title} ─") for title in titles]
    assert places == sorted(places) and "Example: cuvee distill" in text and "docs/distill.md" in text
    for option in ("--quiet", "--json", "--open"):
        assert option in text


def test_paragraphs_and_options_flow() -> None:
    text = "One\ntwo.\n\nThree\nfour.\n\nParameters\n----------\na:\n    Five\n    six.\nb:\n    Seven.\n"
    flowing = "One two.\n\nThree four.\n\nParameters\n----------\na:\n    Five six.\nb:\n    Seven.\n"
    assert commands.flowing(text) == flowing
    assert commands.flowing("One\ntwo.") == "One two."


def test_json_is_the_summary_and_nothing_else_and_quiet_is_quiet(tmp_path: Path) -> None:
    pool = write(tmp_path, 200, seed=4).pool
    line = [
        sys.executable,
        "-m",
        "cuvee",
        "select",
        str(pool),
        "--budget",
        "10",
        "--draws",
        "1",
        "--embedder",
        "lexical",
    ]
    line += ["--out", str(tmp_path / "run")]
    told = subprocess.run([*line, "--json"], capture_output=True, check=True)
    assert orjson.loads(told.stdout) == orjson.loads((tmp_path / "run/summary.json").read_bytes())
    assert b"selected" in told.stderr
    again = subprocess.run([*line, "--quiet"], capture_output=True, check=True)
    assert (again.stdout, again.stderr) == (b"", b"")


def test_open_opens_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pool, seen = write(tmp_path, 200, seed=4).pool, list[str]()

    def opened(url: str) -> bool:
        seen.append(url)
        return True

    monkeypatch.setattr("webbrowser.open", opened)
    out = ["--out", str(tmp_path / "run")]
    cli.main(["select", str(pool), "--budget", "10", "--draws", "1", "--embedder", "lexical", "--open", *out])
    assert seen == [(tmp_path / "run/report.html").resolve().as_uri()]
    cli.main(["models", "list", "--open"])
    assert len(seen) == 1 and "no page" in capsys.readouterr().err
