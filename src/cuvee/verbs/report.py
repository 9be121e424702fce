"""``cuvee report``: where a run's page is, and its summary again."""

from pathlib import Path

from cuvee.result import Result


def report(run: Path) -> Result:
    """Show the summary of a finished run and the path of its page.

    Parameters
    ----------
    run:
        A run folder.
    """
    import orjson

    from cuvee.errors import InputError

    folder = Path(run)
    if not (folder / "summary.json").exists():
        raise InputError(f"{folder} holds no summary.json", "name the folder that `cuvee select --out` made")
    files = [folder / name for name in ("report.html", "ledger.parquet") if (folder / name).exists()]
    return Result(folder, orjson.loads((folder / "summary.json").read_bytes()), files)
