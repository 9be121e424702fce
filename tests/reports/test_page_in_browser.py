"""The page in a real browser: it draws, it answers, it asks nothing, and hostile text stays text."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from cuvee.reports import page

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}"),
]

# How many pixels of the map are nearly of a colour of ours.
COUNT = """(name) => {
  const probe = document.createElement('i');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const [r, g, b] = getComputedStyle(probe).color.match(/[\\d.]+/g).map(Number);
  probe.remove();
  const canvas = document.getElementById('canvas');
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] && Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 24) count++;
  return count;
}"""
# The least contrast ratio (WCAG 2) of the text of the elements against the page or the sheet they stand on.
CONTRAST = """(selector) => {
  const light = (css) => css.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const css = getComputedStyle(e).backgroundColor;
      if (!/, 0\\)$/.test(css) && css !== 'transparent') return css;
    }
    return 'rgb(255, 255, 255)';
  };
  return Math.min(...[...document.querySelectorAll(selector)].map((element) => {
    const [a, b] = [light(getComputedStyle(element).color), light(ground(element))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }));
}"""
PICTURE = "() => document.getElementById('canvas').toDataURL()"
SETTLE = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def files(made: Any, poisoned: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for name, run in (("made", made), ("poisoned", poisoned)):
        page.write(run.summary, run.points, folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in ("made", "poisoned")}


@pytest.fixture
def visit(browser: Any, files: dict[str, Path]) -> Iterator[Open]:
    """Return a function that opens a page; when the test ends, it must have been quiet and have asked for one file."""
    opened: list[tuple[Any, list[str]]] = []

    def go(name: str, *, width: int = 1280, scheme: str = "light", scripts: bool = True, touch: bool = False) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=scripts,
            has_touch=touch,
            reduced_motion="reduce",
        )
        tab, wrong = context.new_page(), []
        tab.on("console", lambda message: wrong.append(f"console: {message.text}"))
        tab.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        tab.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
        url = files[name].as_uri()
        tab.on("request", lambda request: None if request.url == url else wrong.append(f"request: {request.url[:80]}"))
        tab.goto(url)
        if scripts:
            tab.evaluate(SETTLE)
        opened.append((context, wrong))
        return tab

    yield go
    for context, wrong in opened:
        context.close()
        assert wrong == []


def set_range(tab: Any, value: int) -> None:
    tab.evaluate(
        "(v) => { const s = document.getElementById('upto'); s.value = v; s.dispatchEvent(new Event('input')); }", value
    )
    tab.evaluate(SETTLE)


def test_the_map_draws_the_chosen_rows_and_the_others(visit: Open) -> None:
    tab = visit("made")
    assert tab.evaluate(COUNT, "accent") > 2_000
    canvas = tab.evaluate("() => [document.getElementById('canvas').width, document.getElementById('canvas').height]")
    sheet = tab.evaluate(COUNT, "sheet")
    assert 0.3 * canvas[0] * canvas[1] < sheet < 0.97 * canvas[0] * canvas[1]


def test_hostile_text_stays_text_everywhere(visit: Open) -> None:
    tab = visit("poisoned")
    tab.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert tab.evaluate("() => window.hacked") is None
    assert tab.evaluate("() => document.querySelectorAll('img, script').length") == 3
    for place in (
        "h1",
        ".facts",
        ".warnings",
        ".measures",
        ".bars",
        ".drops",
        "#found",
        "#commands",
        ".lists",
        ".rows",
    ):
        told = " ".join(tab.locator(place).all_inner_texts())
        assert any(sign in told for sign in ("window.hacked=1", "{{7*7}}", "[U+202E]", "wwwwww")), place
    options = tab.locator("#curve-measure option").all_inner_texts()
    assert "<script>window.hacked=1</script>" in options


def test_hostile_text_stays_text_in_the_tooltip_the_pin_and_the_legend(visit: Open) -> None:
    tab = visit("poisoned")
    tab.locator("#canvas").focus()
    seen = ""
    for _ in range(8):
        tab.keyboard.press("n")
        seen += tab.locator("#pin").inner_text()
    assert "<script>window.hacked=1</script>" in seen
    assert '"><img src=x onerror="window.hacked=1">' in seen
    assert "NUL ␀" in seen
    for mode in ("task", "source"):
        tab.locator(f"input[value={mode}]").check(force=True)
        tab.evaluate(SETTLE)
    for step in range(30):
        sweep(tab, step / 30)
    assert tab.evaluate("() => window.hacked") is None
    assert tab.evaluate("() => document.querySelectorAll('.tip img, .tip script, #pin img, #legend img').length") == 0


def sweep(tab: Any, height: float) -> None:
    """Send the pointer across the map at a height: every row under it fills the tooltip."""
    tab.evaluate(
        """(height) => {
          const canvas = document.getElementById('canvas'), box = canvas.getBoundingClientRect();
          const clientY = box.top + height * box.height;
          for (let clientX = box.left; clientX < box.right; clientX += 12)
            canvas.dispatchEvent(new PointerEvent('pointermove', { clientX, clientY, pointerType: 'mouse' }));
        }""",
        height,
    )


def test_hovering_shows_the_row_under_the_pointer_and_a_click_keeps_it(visit: Open, made: Any) -> None:
    tab = visit("made")
    tab.locator("#pin button", has_text="Start at rank 1").click()
    rank_one = tab.locator("#pin").inner_text()
    best = next(row for row in made.points.to_pylist() if row["rank"] == 1 and row["x"] is not None)
    tab.locator("#canvas").focus()
    tab.keyboard.press("Escape")
    box = tab.locator("#canvas").bounding_box()
    x = box["x"] + 18 + best["x"] * (box["width"] - 36)
    y = box["y"] + 18 + (1 - best["y"]) * (box["height"] - 36)
    tab.mouse.move(x, y)
    assert "Rank 1" in tab.locator("#tip").inner_text()
    tab.mouse.click(x, y)
    assert "Rank 1" in tab.locator("#pin").inner_text()
    assert rank_one.splitlines()[-1] in tab.locator("#pin").inner_text()


def test_the_slider_grows_the_selection(visit: Open) -> None:
    tab = visit("made")
    full = tab.evaluate(COUNT, "accent")
    set_range(tab, 20)
    few = tab.evaluate(COUNT, "accent")
    assert 0 < few < full / 5
    assert tab.locator("#upto-out").inner_text() == "20"
    set_range(tab, 400)
    assert tab.evaluate(COUNT, "accent") == full


def test_colours_switches_legend_and_search_change_the_picture(visit: Open) -> None:
    tab = visit("made")
    pictures = [tab.evaluate(PICTURE)]

    def act(change: Callable[[], Any]) -> None:
        change()
        tab.evaluate(SETTLE)
        pictures.append(tab.evaluate(PICTURE))

    act(lambda: tab.locator("#show-dropped").check())
    assert tab.evaluate(COUNT, "dropped") > 0
    act(lambda: tab.locator("input[value=task]").check(force=True))
    act(lambda: tab.locator("#legend button").first.click())
    assert tab.locator("#legend button").first.get_attribute("aria-pressed") == "true"
    act(lambda: tab.locator("#legend button").first.click())
    act(lambda: tab.locator("#search").fill("the integral"))
    assert tab.locator("#found-count").inner_text().startswith(("1", "2", "3", "4", "5", "6", "7", "8", "9"))
    assert len(set(pictures)) == len(pictures) - 1  # the filter was taken back
    assert pictures[2] == pictures[4]


def test_keys_buttons_and_the_wheel_move_the_map(visit: Open) -> None:
    tab = visit("made")
    start = tab.evaluate(PICTURE)
    canvas = tab.locator("#canvas")
    canvas.hover()
    tab.mouse.wheel(0, -300)  # not focused: the page's wheel, with a hint
    tab.wait_for_timeout(50)
    assert tab.locator("#wheel-hint").is_visible()
    canvas.focus()
    seen = {start}
    for key in ("+", "ArrowLeft", "ArrowUp", "-"):
        tab.keyboard.press(key)
        tab.evaluate(SETTLE)
        seen.add(tab.evaluate(PICTURE))
    assert len(seen) == 5
    tab.keyboard.press("0")
    tab.mouse.move(5, 5)
    tab.evaluate(SETTLE)
    assert tab.evaluate(PICTURE) == start
    canvas.hover()
    tab.mouse.wheel(0, -300)
    tab.wait_for_timeout(80)
    assert tab.evaluate(PICTURE) != start


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_themes_are_readable(visit: Open, scheme: str) -> None:
    tab = visit("made", scheme=scheme)
    ground = tab.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert ("251" in ground) == (scheme == "light")
    assert tab.evaluate(CONTRAST, "body, h1, h2, h3, p, td, th, dt, dd, small, summary, .verdict, button, label") >= 4.5
    assert tab.evaluate(COUNT, "accent") > 2_000


def test_the_toggle_turns_the_theme_and_the_map_with_it(visit: Open) -> None:
    tab = visit("made", scheme="light")
    tab.locator("#theme").click()
    tab.evaluate(SETTLE)
    assert "20, 18, 19" in tab.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert tab.evaluate(COUNT, "accent") > 2_000
    assert tab.evaluate(COUNT, "sheet") > 100_000


@pytest.mark.parametrize("name", ["made", "poisoned"])
def test_a_phone_has_no_horizontal_scroll(visit: Open, name: str) -> None:
    tab = visit(name, width=390, touch=True)
    tab.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= 390
    assert tab.evaluate(COUNT, "accent") > 500


def test_without_scripts_the_tables_are_there_and_the_map_says_so(visit: Open) -> None:
    tab = visit("made", scripts=False)
    assert "works without scripts" in tab.locator("noscript").inner_text()
    assert not tab.locator("#canvas").is_visible()
    assert "covering radius" in tab.locator("#measures .measures").inner_text()
    assert tab.locator("#curve-numbers table").count() == 2


def test_the_curve_follows_its_selector_the_pointer_and_the_keys(visit: Open, made: Any) -> None:
    tab = visit("made")
    readout, plot = tab.locator("#curve-readout"), tab.locator("#curve-plot")
    assert readout.inner_text().startswith("400 rows chosen")
    plot.focus()
    tab.keyboard.press("ArrowLeft")
    assert readout.inner_text().startswith("200 rows chosen")
    first = plot.locator("path.line").get_attribute("d")
    tab.locator("#curve-measure").select_option("vendi score")
    assert plot.locator("path.line").get_attribute("d") != first
    plot.hover(position={"x": 60, "y": 50})
    assert readout.inner_text().startswith("3 rows chosen")


def test_every_control_has_a_name(visit: Open) -> None:
    tab = visit("made")
    unnamed = tab.evaluate(
        """() => [...document.querySelectorAll('button, input, select, canvas, svg[role=img], [tabindex]')]
          .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || (e.labels && e.labels.length)))
          .map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert unnamed == []


def test_the_table_follows_its_filters_and_the_map_follows_the_table(visit: Open, made: Any) -> None:
    tab = visit("made")
    count, rows = tab.locator("#rows-count"), tab.locator("#rows-body tr")
    assert rows.count() == 10 and rows.first.inner_text().startswith("Rank 1")
    tab.locator("#by-status").select_option("2")
    tab.locator("#by-reason").select_option("0")
    known = [row for row in made.points.to_pylist() if row["x"] is not None]
    fallen = [row for row in known if row["kind"] == "near duplicate"]
    assert count.inner_text() == f"{len(fallen):,} rows, 0 of them chosen"
    assert tab.locator("#found-count").inner_text() == f"{len(fallen):,} found, 0 chosen"
    tab.locator("#rows-clear").click()
    tab.locator("#by-score").select_option(label="mine")
    tab.locator("#score-from").fill("1.5")
    scored = [row for row in known if row["score:mine"] is not None and row["score:mine"] >= 1.5]
    found = int(count.inner_text().split(" ")[0].replace(",", ""))
    assert abs(found - len(scored)) <= 3  # a score is rounded to a step of its range
    tab.locator("#rows-sort").select_option(label="mine, highest first")
    best = max(row["score:mine"] for row in scored)
    assert f"mine {best:g}" in rows.first.inner_text()
    tab.locator("#by-text").fill("no such text")
    assert count.inner_text().startswith("0 rows") and tab.locator("#search").input_value() == "no such text"


def test_the_lasso_takes_the_rows_inside_and_the_download_holds_them(visit: Open, tmp_path: Path) -> None:
    tab = visit("made")
    tab.locator("#lasso").click()
    tab.evaluate("() => document.getElementById('canvas').scrollIntoView({ block: 'center' })")
    box = tab.locator("#canvas").bounding_box()
    corners = [(0.05, 0.05), (0.5, 0.05), (0.5, 0.95), (0.05, 0.95)]
    tab.mouse.move(box["x"] + corners[0][0] * box["width"], box["y"] + corners[0][1] * box["height"])
    tab.mouse.down()
    for across, down in corners[1:]:
        tab.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
    tab.mouse.up()
    told = tab.locator("#rows-count").inner_text()
    within = int(told.split(" ")[0].replace(",", ""))
    assert 1_000 < within < 11_000 and tab.locator("#lasso").inner_text() == "Undo lasso"
    with tab.expect_download() as download:
        tab.locator("#rows-save").click()
    download.value.save_as(tmp_path / "rows.jsonl")
    lines = [orjson.loads(line) for line in (tmp_path / "rows.jsonl").read_bytes().splitlines()]
    assert len(lines) == within and lines[0]["rank"] and lines[0]["question"] and lines[0]["whole"] is True
    tab.locator("#lasso").click()
    assert int(tab.locator("#rows-count").inner_text().split(" ")[0].replace(",", "")) > within


def test_a_row_of_the_table_is_shown_on_the_map(visit: Open) -> None:
    tab = visit("made")
    row = tab.locator("#rows-body tr").nth(2)
    row.locator("button").click()
    assert row.locator("button").inner_text() in tab.locator("#pin").inner_text()
