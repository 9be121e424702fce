"""Write the tables of these pages from the code: python docs/tables.py [--check]."""

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import fields
from functools import partial
from pathlib import Path

import reference

from cuvee.embedders import EMBEDDERS
from cuvee.evaluation.kinds import SHAPES
from cuvee.evaluation.question import KINDS
from cuvee.evaluation.table import MEASURES as JUDGED
from cuvee.intake.judge import KNOWN
from cuvee.models.catalog import CATALOG
from cuvee.models.server import KEY_VARIABLE, ReplySampling, Server
from cuvee.publication.measure import MEASURES
from cuvee.samples.dialects import DIALECTS
from cuvee.samples.formats import FORMATS
from cuvee.samples.ledger import LEDGER
from cuvee.scorers import SCORERS
from cuvee.selectors import SELECTORS, settings_of

sys.path.insert(0, str(Path(__file__).parent))  # beside this page: also where a test imports it by its path
import results

HERE = Path(__file__).parent
HOUSE = HERE.parent
BLOCK = re.compile(r"(<!-- table: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(head: str, rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table; head: the column names, separated by commas."""
    names = head.split(", ")
    lines = [names, ["---"] * len(names), *rows]
    return "".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def selectors() -> str:
    """Return every selector, its settings with their defaults, and its source."""
    rows = []
    for member in SELECTORS.values():
        settings = ", ".join(f"`{name}={value}`" for name, value in settings_of(member.name).items())
        rows.append([f"`{member.name}`", member.summary, settings, member.gain, member.source])
    return table("method, what it chooses, settings, gain in the ledger, source", rows)


def scorers() -> str:
    """Return every score and its direction."""
    rows = []
    for s in SCORERS.values():
        needs = "vectors" if s.needs_vectors else "a model" if s.needs_model else "a judge" if s.asks else ""
        rows.append([f"`{s.name}`", s.summary, "higher" if s.higher_is_better else "lower", needs])
    return table("score, what it says, better, needs", rows)


def judge_settings() -> str:
    """Return every setting of a judge, and its default."""
    defaults = {f.name: f.default for f in (*fields(Server), *fields(ReplySampling))} | {"key": KEY_VARIABLE}
    rows = [[f"`{name}`", "" if defaults.get(name) is None else f"`{defaults[name]}`", w] for name, w in KNOWN.items()]
    return table("setting, default, what it is", rows)


def dialects() -> str:
    """Return every dialect and the keys of its example."""
    rows = []
    for dialect in DIALECTS.values():
        keys = (
            ", ".join(f"`{key}`" for key in dialect.example) if isinstance(dialect.example, dict) else "a list of turns"
        )
        rows.append([f"`{dialect.name}`", dialect.summary, keys])
    return table("dialect, what it is, for instance", rows)


def rooms() -> str:
    """Return every room, top floor first: the linter's layers, and the first line that each room says of itself."""
    (contract,) = tomllib.loads((HOUSE / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    floors = [floor.split(" | ") for floor in contract["layers"]]
    return table(
        "floor, room, what it is",
        [[len(floors) - at, f"`{_place(room)}`", _says(room)] for at, floor in enumerate(floors) for room in floor],
    )


def _place(room: str) -> str:
    path = HOUSE / "src" / room.replace(".", "/")
    return f"{path.name}/" if path.is_dir() else f"{path.name}.py"


def _says(room: str) -> str:
    path = HOUSE / "src" / room.replace(".", "/")
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return (ast.get_docstring(ast.parse(source.read_text())) or "").split("\n")[0]


def toy(name: str) -> str:
    """Return a toy member of a seam as a block: tests/architecture uses the very file."""
    return f"```python\n{(HOUSE / 'tests/architecture/toys' / name).with_suffix('.py').read_text()}```\n"


TOYS = ("shortest", "digits", "letters", "quiz", "first", "serial")
TABLES: dict[str, Callable[[], str]] = {
    "reference": reference.everything,
    "rooms": rooms,
    **{f"toy-{name}": partial(toy, name) for name in TOYS},
    "selectors": selectors,
    "scorers": scorers,
    "judge-settings": judge_settings,
    "dialects": dialects,
    "formats": lambda: table("format, what is written", [[f"`{f.name}`", f.summary] for f in FORMATS.values()]),
    "embedders": lambda: table("embedder, what it is", [[f"`{name}`", doc(make)] for name, make in EMBEDDERS.items()]),
    "models": lambda: table(
        "name, what, size, licence", [[f"`{m.name}`", m.what, m.size, m.licence] for m in CATALOG.values()]
    ),
    "measures": lambda: table(
        "measure, what it says, better", [[n, w, "higher" if h else "lower"] for n, (w, h) in MEASURES.items()]
    ),
    "shapes": lambda: table("shape, what a row holds", [[shape.name, shape.summary] for shape in SHAPES]),
    "kinds": lambda: table("kind, what is done", [[f"`{name}`", what] for name, what in KINDS.items()]),
    "evaluation": lambda: table(
        "measure, what it says, better",
        [[f"`{name}`", m.what, "higher" if m.higher_is_better else "lower"] for name, m in JUDGED.items()],
    ),
    "claims": lambda: table("plan, regime, on, written beforehand, difference, half-widths, verdict", results.claims()),
    "claimed-arms": lambda: table(
        "map, arm, loss, tasks reached, better than random by, on other tasks by, tokens read", results.beside()
    ),
    "ledger": lambda: table("column, type", [[f"`{column.name}`", column.type] for column in LEDGER]),
}


def doc(thing: object) -> str:
    """Return the first sentence of a docstring."""
    return (thing.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ").replace("    ", "")


def filled(text: str) -> str:
    """Return a page with its tables made anew."""
    return BLOCK.sub(lambda found: found[1] + TABLES[found["name"]]() + found[3], text)


def main() -> int:
    """Rewrite the pages, or with --check say which are stale and return 1."""
    stale = [page for page in sorted(HERE.glob("*.md")) if filled(page.read_text()) != page.read_text()]
    for page in stale:
        if "--check" in sys.argv:
            print(f"{page.name} is stale: run `make docs`")
        else:
            page.write_text(filled(page.read_text()))
    drawn = results.draw()
    if results.whole() and (not results.PICTURE.exists() or results.PICTURE.read_text() != drawn):
        stale.append(results.PICTURE)
        if "--check" not in sys.argv:
            results.PICTURE.write_text(drawn)
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    raise SystemExit(main())
