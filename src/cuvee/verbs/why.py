"""``cuvee why``: what happened to a row, and its nearest kept neighbour."""

from pathlib import Path

from cuvee.result import Result
from cuvee.verbs.face import verb


@verb("why", example="cuvee why runs/select demo-00001", page="docs/concepts.md")
def why(run: Path, row_id: str) -> Result:
    """Tell what happened to one row of a run.

    Parameters
    ----------
    run:
        A run folder.
    row_id:
        The row's id, as in ledger.parquet; or FILE:LINE.
    """
    from cuvee.publication.explain import explain

    return Result(Path(run), {"why": explain(Path(run), row_id)})
