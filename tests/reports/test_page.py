"""The page as text: deterministic, escaped, without any request, and whole whatever is missing."""

import itertools
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import orjson
import pyarrow as pa
import pytest

from cuvee.reports import frame, page
from cuvee.result.summary import PageSummary

Run = Callable[[int, int], Any]
LINKS = {"src", "href", "action", "data", "poster", "srcset", "formaction", "background"}


class Seen(HTMLParser):
    """Collects elements, attributes and the text outside scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def see(html: str) -> Seen:
    seen = Seen()
    seen.feed(html)
    return seen


def test_equal_arguments_give_equal_bytes(made: Any, tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        page.write(made.summary, made.points, tmp_path / name)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.html", "two.html"]  # nothing temporary is left


def test_a_failed_write_leaves_the_old_page(made: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    page.write(made.summary, made.points, path)
    before = path.read_bytes()
    with pytest.raises(KeyError):
        page.write(made.summary, made.points.drop_columns(["status"]), path)
    assert path.read_bytes() == before


def test_hostile_text_makes_no_element_no_attribute_and_no_script(made: Any, poisoned: Any) -> None:
    clean, foul = see(page.make(made.summary, made.points)), see(page.make(poisoned.summary, poisoned.points))
    assert foul.tags.count("script") == clean.tags.count("script") == 3
    assert not {"img", "iframe", "object", "base"} & set(foul.tags)
    assert not [name for name, _ in foul.attributes if name.startswith("on")]
    assert "<script>window.hacked=1</script>" in "".join(foul.words)  # shown, as text
    assert "{{7*7}}" in "".join(foul.words)


def test_no_attribute_and_no_style_asks_the_network(poisoned: Any) -> None:
    html = page.make(poisoned.summary, poisoned.points)
    targets = [value for name, value in see(html).attributes if name in LINKS]
    assert targets
    assert all(value.startswith("#") or value == "data:," for value in targets)
    style = html.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert "http" not in style


def test_what_is_invisible_or_turns_the_reading_direction_is_shown(poisoned: Any) -> None:
    html = page.make(poisoned.summary, poisoned.points)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", html)
    assert "right [U+202E]to left[U+202C], NUL ␀, bell ␇" in html


def test_embedded_json_cannot_leave_its_script_element() -> None:
    value = {"</script><!--": ["<", ">", "&", "\u2028", "\u2029", "'\""]}
    text = frame.embedded(value)
    assert not re.search("[<>&\u2028\u2029]", text)
    assert orjson.loads(str(text)) == value


def test_lone_surrogates_are_replaced(made: Any) -> None:
    assert "\ufffd" in page.make({"title": "broken \ud800 text"}, made.points)


def test_the_page_renders_with_any_one_or_two_keys_missing(made: Any) -> None:
    few = made.points.slice(0, 50)
    for gone in itertools.combinations(made.summary, 2):
        html = page.make(cast(PageSummary, {key: value for key, value in made.summary.items() if key not in gone}), few)
        assert html.rstrip().endswith("</html>")


@pytest.mark.parametrize(
    "summary", [{}, {"measures": None, "curve": {}, "drops": [], "distributions": {}, "rows": None}]
)
def test_the_page_renders_with_nothing_to_tell(summary: PageSummary, made: Any) -> None:
    nothing = made.points.slice(0, 0)
    assert "No row of this run has a place on a map." in page.make(summary, nothing)


def test_the_page_renders_where_every_inner_value_is_none(made: Any) -> None:
    summary = dict(made.summary)
    summary["measures"] = [
        {key: None if isinstance(value, float) else value for key, value in measure.items()}
        for measure in summary["measures"]
    ]
    nothing = {"selection": [None] * 8, "random_mean": [float("nan")] * 8}
    summary["curve"] = made.summary["curve"] | {"measures": {"covering radius": nothing, "novelsum": {}}}
    assert "NaN" not in page.make(cast(PageSummary, summary), made.points).split("curve-data")[-1].split("<script>")[0]


def test_a_pool_of_full_size_stays_below_three_megabytes(a_run: Run) -> None:
    run = a_run(89_189, 1_000)
    assert len(page.make(run.summary, run.points).encode()) < 3_000_000


def test_long_excerpts_of_a_script_of_three_bytes_stay_below_three_megabytes(a_run: Run) -> None:
    run = a_run(30_000, 5_000)
    at = run.points.schema.get_field_index("text")
    points = run.points.set_column(at, "text", pa.array(["汉<" * 150] * 30_000))
    assert len(page.make(run.summary, points).encode()) < 3_200_000


def test_the_schema_names_every_key_of_a_full_summary_and_column(made: Any) -> None:
    assert set(made.summary) == set(PageSummary.__annotations__)
    assert set(made.points.column_names) == {*page.POINTS, "score:mine"}
