"""A run folder that was made before the rooms were, with stages of other names: why and report still read it."""

import io
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

import cuvee
from cuvee.errors import InputError
from cuvee.reports.text import show
from cuvee.result import Result

# of `cuvee demo --rows 200` at 98d0250 the folder distill/run: ledger, map, manifest, selection, and the summary with one
# example of each drop
OLD = Path(__file__).parent / "old_run"


def printed(result: Result) -> str:
    console = Console(width=200, file=io.StringIO(), record=True)
    show(result, console)
    return console.export_text()


def test_report_shows_its_summary() -> None:
    result = cuvee.report(OLD)
    assert "45 weak rows" in result.summary["sentence"]
    text = printed(result)
    assert "51 rows read = 4 kept" in text and "mean distance" in text and "ledger.parquet" in text


def test_why_shows_a_row_and_the_old_name_of_its_stage() -> None:
    ledger = cuvee.report(OLD).ledger()
    row = ledger.filter(pl.col("stage") == "distil").row(0, named=True)
    result = cuvee.why(OLD, row["id"])
    entry = result.summary["why"]["entry"]
    assert (entry["stage"], entry["reason"]) == ("distil", row["reason"])
    text = printed(result)
    assert row["id"] in text and "distil" in text and result.summary["why"]["text"][:20] in text


def test_every_row_of_its_ledger_can_be_told() -> None:
    for name in cuvee.report(OLD).ledger()["id"]:
        assert str(cuvee.why(OLD, name)).startswith(f"{name} was ")


def test_what_it_does_not_hold_is_said() -> None:
    assert cuvee.report(OLD).ledger().height == 51
    assert cuvee.report(OLD).selected().height == 4
    with pytest.raises(InputError, match="no row"):
        cuvee.why(OLD, "nothing")
