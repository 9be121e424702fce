"""What a verb returns: its tables, its page, and how it shows itself; hostile text is shown as text."""

import json
from html.parser import HTMLParser
from pathlib import Path

import orjson
import polars as pl
import pytest
from tests.result.fits import fits

import cuvee
from cuvee.errors import CuveeError
from cuvee.planting.files import write
from cuvee.result import Result, Summary

HOSTILE = '<script>alert(1)</script> & "quoted" \u202eturned'


@pytest.fixture(scope="module")
def selected(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("result")
    pool = write(folder, 200, seed=3).pool
    return cuvee.select([str(pool)], budget="12", draws=2, embedder="lexical", scores="length", out=folder / "run")


def run_of(folder: Path, *written: str) -> Path:
    """Make a run folder whose manifest lists these files."""
    folder.mkdir(exist_ok=True)
    manifest = {"verb": "train", "outputs": [{"file": name} for name in written]}
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest))
    return folder


def test_the_chosen_rows_are_those_of_the_file_in_its_order(selected: Result) -> None:
    rows = [orjson.loads(line) for line in (selected.folder / "selected.jsonl").read_bytes().splitlines()]
    table = selected.selected()
    assert table.height == len(rows) == 12
    for name in table.columns:
        column = table[name].to_list()
        if table[name].dtype == pl.String:
            assert column == [row.get(name) for row in rows]


def test_the_ledger_holds_every_row_and_becomes_pandas(selected: Result) -> None:
    ledger = selected.ledger()
    assert ledger.height == selected.summary["rows"]["input"] == 205
    assert (ledger["status"] == "kept").sum() == 12 and ledger["rank"].max() == 12 and "score:length" in ledger.columns
    assert list(ledger.to_pandas()["id"]) == ledger["id"].to_list()


def test_the_report_is_the_page_of_the_run(selected: Result) -> None:
    assert selected.report == selected.folder / "report.html" and selected.report.exists()
    again = cuvee.why(selected.folder, selected.ledger()["id"][0])
    assert again.report == selected.report and again.selected().height == 12


def test_a_run_without_them_says_what_it_holds(tmp_path: Path) -> None:
    result = Result(run_of(tmp_path / "run", "model/config.json"), {})
    for ask, what in ((result.selected, "chosen rows"), (result.ledger, "ledger"), (lambda: result.report, "report")):
        with pytest.raises(CuveeError, match=f"this run of `cuvee train` has no {what}") as problem:
            ask()
        assert "model/config.json" in problem.value.hint
    with pytest.raises(CuveeError, match=r"no manifest\.json"):
        Result(tmp_path, {}).ledger()
    with pytest.raises(CuveeError, match="a dry run has no ledger"):
        Result(tmp_path / "run", {"plan": {"files": [], "steps": [], "notes": []}}).ledger()


def test_values_of_several_types_stay_what_they_are(tmp_path: Path) -> None:
    big = 12345678901234567890123
    rows: list[dict[str, object]] = [
        {"id": 1, "mixed": "a", "turns": [{"role": "user"}], "big": big},
        {"id": 2, "mixed": ["b"], "turns": [{"role": "user", "name": "x"}], "line": "one\u2028line"},
        {"id": 3, "mixed": None, "turns": None},
    ]
    for name, text in (
        ("selected.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)),
        ("selected.json", json.dumps(rows)),
    ):
        folder = run_of(tmp_path / name.partition(".")[2], name)
        (folder / name).write_text(text, encoding="utf-8")
        table = Result(folder, {}).selected()
        assert table["id"].to_list() == [1, 2, 3]
        assert table["mixed"].to_list() == ['"a"', '["b"]', None]
        assert table["big"].to_list() == [str(big), None, None]
        assert table["line"].to_list() == [None, "one\u2028line", None]
        turns = [[{"role": "user", "name": None}], [{"role": "user", "name": "x"}], None]
        assert table["turns"].to_list() == turns


@pytest.mark.parametrize(
    ("line", "read"),
    [
        (b'{"text": "\\ud800"}', "\ufffd"),
        (b'{"text": "caf\xe9"}', "caf\ufffd"),
        (b'{"text": "a\tb"}', "a\tb"),
        (b'{"text": ' + b"7" * 5_000 + b"}", "7" * 5_000),
    ],
)
def test_what_strict_json_refuses_is_read_as_the_reader_does(line: bytes, read: str, tmp_path: Path) -> None:
    for name, data in (("selected.jsonl", line + b"\n"), ("selected.json", b"[" + line + b"]")):
        folder = run_of(tmp_path / name, name)
        (folder / name).write_bytes(data)
        assert Result(folder, {}).selected()["text"].to_list() == [read]


def test_parquet_is_read_too(tmp_path: Path) -> None:
    folder = run_of(tmp_path, "selected.parquet")
    pl.DataFrame({"id": ["a"]}).write_parquet(folder / "selected.parquet")
    assert Result(folder, {}).selected()["id"].to_list() == ["a"]


def test_it_shows_itself_in_short(selected: Result) -> None:
    text = str(selected)
    assert text == repr(selected) and len(text.splitlines()) < 30
    assert selected.summary["sentence"] in text and "205 read: 12 kept" in text
    assert str(selected.folder) in text and "selected.jsonl" in text and "kB" in text and selected.next in text


class Seen(HTMLParser):
    """Collects elements and addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]


def test_a_notebook_shows_it_without_scripts_and_requests(
    selected: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Seen()
    seen.feed(selected._repr_html_())
    assert set(seen.tags) <= {"div", "style", "p", "dl", "dt", "dd", "code", "span", "a"}
    assert seen.addresses == [selected.report.resolve().as_uri()]
    monkeypatch.chdir(selected.folder)
    seen = Seen()
    seen.feed(selected._repr_html_())
    assert seen.addresses == ["report.html"]


def test_hostile_text_is_shown_as_text() -> None:
    result = Result(
        Path(HOSTILE),
        {"sentence": HOSTILE, "warnings": [HOSTILE], "profile": {HOSTILE: HOSTILE}},
        [Path(HOSTILE)],
        HOSTILE,
    )
    html = result._repr_html_()
    assert "<script" not in html and "\u202e" not in html and "\u202e" not in str(result)
    assert html.count("&lt;script&gt;") >= 5


def test_a_selection_tells_nothing_that_its_type_does_not_name(selected: Result) -> None:
    assert fits(selected.summary, Summary) == []
    assert fits(selected.summary | {"new": 1}, Summary) == ["summary.new"]
