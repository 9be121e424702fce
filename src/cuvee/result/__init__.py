"""What a verb returns, and the types of what it tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cuvee.errors import InputError, MissingExtraError
from cuvee.result import frames, notebook, terminal
from cuvee.result.gist import Gist, gist, page_of
from cuvee.result.summary import Summary

if TYPE_CHECKING:
    import datasets
    import pandas as pd
    import polars as pl
    from rich.text import Text

__all__ = ["Result", "Summary"]


@dataclass(frozen=True, init=False, repr=False)
class Result:
    """A run folder and what it tells. It shows itself, in short, in a terminal and in a notebook.

    folder: the run folder. summary: what the report shows, as in ``summary.json``; its keys are those of ``Summary``.
    files: what was written, best first. next: the command a person would type next.
    """

    folder: Path
    summary: Summary
    files: list[Path]
    next: str

    def __init__(self, folder: Path, summary: Mapping[str, object], files: Sequence[Path] = (), next: str = "") -> None:
        # a verb hands in what it made, whatever its type says; that each is a Summary, tests/result checks
        values = {"folder": folder, "summary": cast(Summary, summary), "files": list(files), "next": next}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def selected(self) -> "pl.DataFrame":
        """Return the chosen rows as they were written, best first; ``.to_pandas()`` works from there.

        Raises CuveeError for a run that chose no rows.
        """
        return frames.read(self._written("chosen rows", frames.SELECTED))

    def ledger(self) -> "pl.DataFrame":
        """Return what became of every row that was read, and why: status, stage, reason, rank, scores.

        Raises CuveeError for a run that has no ledger.
        """
        return frames.read(self._written("ledger", ["ledger.parquet"]))

    to_polars = selected

    def to_pandas(self) -> "pd.DataFrame":
        """Return ``selected()`` as a pandas table."""
        return self.selected().to_pandas()

    def dataset(self) -> "datasets.Dataset":
        """Return ``selected()`` as a data set of the ``datasets`` library, in memory.

        Raises MissingExtraError where that is not installed.
        """
        try:
            import datasets
        except ImportError as wrong:
            raise MissingExtraError("datasets", "hub", "result.dataset()") from wrong
        return datasets.Dataset.from_polars(self.selected())

    def __len__(self) -> int:
        """The number of rows that the run kept."""
        return self.summary.get("rows", {}).get("kept", 0)

    def __bool__(self) -> bool:
        return True  # a run that kept nothing is a run

    @property
    def report(self) -> Path:
        """The page of the run, to be opened in a browser. Raises CuveeError for a run that has none."""
        return page_of(self.files) or self._written("report", ["report.html"])

    def _written(self, what: str, names: Sequence[str]) -> Path:
        if "plan" in self.summary:
            raise InputError(f"a dry run has no {what}: it holds its plan only", "call it again without dry_run")
        return frames.find(self.folder, what, names)

    def _gist(self) -> Gist:
        return gist(self.summary, self.folder, self.files, self.next)

    def __repr__(self) -> str:
        return self.__rich__().plain

    def __rich__(self) -> "Text":
        return terminal.text(self._gist())

    def _repr_html_(self) -> str:
        return notebook.html(self._gist())
