"""``cuvee report``: where a run's page is, and its summary again; two runs, or several proofs, on one page."""

from pathlib import Path

from cuvee.result import Result
from cuvee.verbs.face import verb


@verb("report", example="cuvee report runs/select", page="docs/proof.md")
def report(run: list[Path] | Path, *, out: Path = Path("runs/report.html")) -> Result:
    """Show the summary of a finished run and the path of its page; or compare runs on one page.

    Parameters
    ----------
    run:
        A run folder. Two: one page of what the second chose that the first did not, what it left out, and both maps. Several of
        `cuvee prove`: one page that shows every arm by budget and by setting.
    out:
        The page of several runs.
    """
    import orjson

    from cuvee.errors import InputError
    from cuvee.runs import output, outputs_of

    folders = [Path(run)] if isinstance(run, str | Path) else [Path(one) for one in run]
    if not folders:
        raise InputError("no run is named", "cuvee report RUN")
    if len(folders) > 1:
        from cuvee.proof import sweep
        from cuvee.publication import compared

        if any(output(one, "proof.json") for one in folders):
            return sweep.side_by_side(folders, Path(out))
        return compared.side_by_side(folders, Path(out))
    (folder,) = folders
    summary = output(folder, "summary.json") or output(folder, "profile.json")
    if summary is None:
        raise InputError(f"{folder} holds no summary.json", "name the folder that `cuvee select --out` made")
    shown = ("report.html", "ledger.parquet")
    files = [folder / name for name in outputs_of(folder) or shown if name in shown and (folder / name).is_file()]
    told = orjson.loads(summary.read_bytes())
    # that of `cuvee distill corpus` is a profile, and has no title
    return Result(folder, told if "title" in told else {"profile": told}, files)
