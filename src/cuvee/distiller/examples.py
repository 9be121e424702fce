"""The training corpus: weak variants in, reasoning and one good text out. One JSON object per line; MIXTURE is read too."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from cuvee import disk
from cuvee.distiller import kinds, parse
from cuvee.errors import InputError
from cuvee.render import Messages
from cuvee.runs import digest

CORPUS, RATED = "corpus.jsonl", "rated.jsonl"


@dataclass(frozen=True)
class Example:
    """One example of a corpus, and one line of its file.

    id: unique in the corpus. kind: one of ``kinds.KINDS``. variants: the weak texts, in the kind's form. think: the reasoning.
    answer: the good text, in the kind's form. topics: ids of the passages or rows that it was made from; more than one where
    near topics were merged. noisy: whether typing errors were added to the variants.
    """

    id: str
    kind: str
    variants: tuple[str, ...]
    think: str
    answer: str
    topics: tuple[str, ...] = ()
    noisy: bool = False

    @property
    def prompt(self) -> str:
        """What the distiller is asked."""
        return ask(self.kind, self.variants)

    @property
    def reply(self) -> str:
        """What it should say."""
        return parse.written(self.think, self.answer)

    def messages(self) -> Messages:
        """Return the conversation that a distiller learns from."""
        return [*asked(self.kind, self.variants), {"role": "assistant", "content": self.reply}]


@dataclass(frozen=True)
class Rated:
    """A text whose worth is known: one row of the library. rating: 0 to 5, higher is better."""

    kind: str
    text: str
    rating: float


def ask(kind: str, variants: Sequence[str]) -> str:
    """Return the prompt over weak texts: each as it is, a blank line between two."""
    return kinds.find(kind).prompt("distill", variants="\n\n".join(text.strip() for text in variants))


def asked(kind: str, variants: Sequence[str]) -> list[dict[str, str]]:
    """Return the turns that a distiller answers."""
    return [{"role": "user", "content": ask(kind, variants)}]


def asked_plainly(kind: str, variants: Sequence[str]) -> list[dict[str, str]]:
    """Return the turns that a chat model answers which was never taught to merge. Kind qa has such a prompt."""
    told = kinds.find(kind).prompt("merge", variants="\n\n".join(text.strip() for text in variants))
    return [{"role": "user", "content": told}]


def write(rows: Iterable[Example | Rated], path: Path) -> None:
    """Write one JSON object per line."""
    disk.write(path, b"".join(orjson.dumps(asdict(row)) + b"\n" for row in rows))


def load(path: Path) -> list[Example]:
    """Return the examples of a corpus: a run folder, a file in our schema, or MIXTURE's layout (a file, or one per kind).

    Raises InputError, with file and line, for what is neither.
    """
    if not path.exists():
        raise InputError(f"there is no corpus at {path}", "make one: cuvee distill corpus DATA --offline")
    if path.is_dir() and (path / CORPUS).is_file():
        path = path / CORPUS
    files = sorted(file for file in path.iterdir() if file.suffix in (".json", ".jsonl")) if path.is_dir() else [path]
    found = [example for file in files for example in _examples(file)]
    if not found:
        raise InputError(f"{path} holds no example", "a corpus is JSON Lines; see docs/distill.md")
    return found


def load_rated(path: Path) -> list[Rated]:
    """Return the rated texts that stand beside a corpus; where there are none, its answers as 5 and its variants as 2."""
    file = path / RATED if path.is_dir() else path.parent / RATED
    if file.is_file():
        return [_rated(f"{file}:{line}", row) for line, row in _lines(file)]
    every = load(path)
    good = [Rated(example.kind, example.answer, 5.0) for example in every]
    return good + [Rated(example.kind, text, 2.0) for example in every for text in example.variants]


def _rated(where: str, row: object) -> Rated:
    if not isinstance(row, dict):
        raise InputError(f"{where}: not a JSON object", "one rated text per line")
    return Rated(**row)


def _examples(file: Path) -> Iterator[Example]:
    for line, row in _lines(file):
        where = f"{file}:{line}"
        if not isinstance(row, dict):
            raise InputError(f"{where}: not a JSON object", "one example per line")
        if {"kind", "variants", "answer"} <= set(row):
            kinds.find(row["kind"])
            pieces = {name: tuple(row.get(name, ())) for name in ("variants", "topics")}
            yield Example(**{"id": digest(row), "think": "", **row, **pieces})
        else:
            yield _published(row, file.stem, where)


def _published(row: Mapping[str, object], stem: str, where: str) -> Example:
    """Read MIXTURE's layout: instruction, input, output, cot; the kind in a column of its own or in the file's name."""
    shown, answer = row.get("input"), row.get("output")
    if not isinstance(answer, str) or not isinstance(shown, str):
        raise InputError(f"{where}: neither our schema nor MIXTURE's", "keys: instruction, input, output, cot")
    named = str(row.get("kind") or row.get("type") or row.get("task_type") or row.get("task") or stem).lower()
    kind = next((name for name in sorted(kinds.KINDS, key=len, reverse=True) if name in named), None)
    if kind is None:
        raise InputError(
            f"{where}: no kind in {named!r}", f"name the file or a column `kind` after one of {', '.join(kinds.KINDS)}"
        )
    think = str(row.get("cot") or "")
    said = parse.read(kinds.find(kind), answer)
    if said.think or said.row:  # some outputs hold both blocks already
        answer, think = said.answer, think or said.think
    variants = tuple(part.strip() for part in shown.split("\n\n") if part.strip())
    return Example(str(row.get("id") or digest(row)), kind, variants, think, answer)


def _lines(file: Path) -> Iterator[tuple[int, object]]:
    raw = file.read_bytes()
    try:
        if raw.lstrip().startswith(b"["):
            yield from enumerate(orjson.loads(raw), start=1)
            return
    except orjson.JSONDecodeError as wrong:
        raise InputError(f"{file}: {wrong}", "it begins as a JSON array and is none") from wrong
    for number, line in enumerate(raw.splitlines(), start=1):
        if line.strip():
            try:
                yield number, orjson.loads(line)
            except orjson.JSONDecodeError as wrong:
                raise InputError(f"{file}:{number}: {wrong}", "one JSON object per line") from wrong
