"""Media in a written file: whether every row names as many files as its text has marks, as LLaMA-Factory wants it."""

from collections.abc import Mapping, Sequence

from cuvee.samples.media import ELSEWHERE, KINDS, MARKS

NAMES = frozenset((*KINDS, *KINDS.values()))
PARTS = "Some turns hold parts, where it takes text with marks and names of files: `--format messages` writes those"
UNEVEN = "In {rows:,} rows the text has another number of {mark} than there are {name}"
AWAY = "In {rows:,} rows {name} are URLs or bytes, which it does not fetch"


class MediaCheck:
    """What was found so far. content: the key of a turn's text."""

    def __init__(self, content: str) -> None:
        self._content = content
        self._columns: dict[str, str] = {}
        self._marked: list[dict[str, int]] = []
        self._away: dict[str, int] = dict.fromkeys(MARKS, 0)
        self._parts = False

    def add(self, row: Mapping[str, object], turns: Sequence[Mapping[str, object]]) -> None:
        """Look at a row and its turns."""
        said = [turn.get(self._content) for turn in turns]
        self._parts = self._parts or any(isinstance(one, list) for one in said)
        self._parts = self._parts or any(not NAMES.isdisjoint(turn) for turn in turns)
        text = "".join(one for one in said if isinstance(one, str))
        counts = {name: text.count(mark) for name, mark in MARKS.items()} if "<" in text else dict.fromkeys(MARKS, 0)
        for name, kind in KINDS.items():
            column = name if row.get(name) else kind
            value = row.get(column)
            files = value if isinstance(value, list) else [value] if value else []
            if files:
                self._columns.setdefault(name, column)
                self._away[name] += any(_is_away(one) for one in files)
            counts[name] -= len(files)
        if any(counts.values()):
            self._marked.append(counts)

    def told(self) -> tuple[dict[str, str], str]:
        """Return the columns of media by kind, and why LLaMA-Factory cannot take the file ("" where it can)."""
        if self._parts:
            return self._columns, PARTS
        for name, mark in MARKS.items():
            uneven = sum(bool(counts[name]) for counts in self._marked)
            if self._columns and uneven:
                return self._columns, UNEVEN.format(rows=uneven, mark=mark, name=name)
            if self._away[name]:
                return self._columns, AWAY.format(rows=self._away[name], name=name)
        return self._columns, ""


def _is_away(value: object) -> bool:
    return not isinstance(value, str | list) or (isinstance(value, str) and value.startswith(ELSEWHERE))
