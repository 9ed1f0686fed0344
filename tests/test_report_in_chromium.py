"""The page in a browser: quiet, asks for nothing, fits a phone, runs no script, prints whole.

Needs playwright and a Chromium on the path; skipped without them.
"""

from __future__ import annotations

import re
import shutil

import pytest

from deepen.report import render
from sample_report import HOSTILE, sample_report

playwright = pytest.importorskip("playwright.sync_api", exc_type=ImportError)
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on the path")

PHONE, DESK = 390, 1440
NAMES = {"plain": "deep network", "hostile": HOSTILE, "long": "n" * 10_000}


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as p:
        chromium = p.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--headless=new"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page; says what it asked for and what stood in the console."""
    contexts = []

    def open_page(html, width=DESK, scheme="light", **options):
        file = tmp_path / "report.html"
        file.write_bytes(html.encode("utf-8"))
        size = {"width": width, "height": 900}
        context = browser.new_context(
            viewport=size, screen=size, color_scheme=scheme, is_mobile=width == PHONE, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.asked, page.said = [], []
        page.on("request", lambda r: page.asked.append(r.url))
        page.on("console", lambda m: page.said.append(m.text))
        page.on("pageerror", lambda e: page.said.append(str(e)))
        page.on("dialog", lambda d: page.said.append("dialog"))
        page.goto(file.as_uri())
        page.asked = [url for url in page.asked if not url.startswith("data:")]
        assert page.asked.pop(0) == file.as_uri()
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, 768, DESK])
@pytest.mark.parametrize("name", NAMES)
def test_quiet_fitting_and_untouched_by_names(opened, name, width, scheme):
    report = sample_report(NAMES[name], 40, has_pictures=name == "plain")
    page = opened(render(report), width, scheme)
    assert page.asked == [] and page.said == []
    assert page.title().endswith("deepen ladder") and page.title() != "x"
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # What is wider than the page scrolls in a box of its own.
    outside = page.evaluate(
        """() => [...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, svg, thead')
        && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 99))"""
    )
    assert outside == []
    assert page.locator("h2").count() == 13


def test_the_policy_stops_a_script_and_a_style_that_got_through(opened):
    page = render(sample_report())
    attack = "<script>document.title='x'</script><p id='p' style='color:red' onclick='f()'>p</p>"
    attack += "<img src='http://127.0.0.1:9/x.png'>"
    broken = opened(page.replace("</main>", f"{attack}</main>"))
    assert broken.title() != "x" and len(broken.said) >= 4
    assert broken.locator("#p").evaluate("e => getComputedStyle(e).color") != "rgb(255, 0, 0)"
    assert all("violates" in line for line in broken.said)


def test_readable_without_scripts_and_folds_open(opened):
    page = opened(render(sample_report(n_columns=40)), java_script_enabled=False)
    words = page.locator("body").inner_text()
    for text in ("suffices, error rate", "The rungs", "Which rows did what", "command"):
        assert text in words
    fold = page.locator("details").last
    assert not fold.locator("table").is_visible()
    fold.locator("summary").click()
    assert fold.locator("table").is_visible()


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_every_cell_stands_below_its_header(opened, width):
    """Empty cells too: a matrix that closes its gaps would say something else."""
    page = opened(render(sample_report(has_pictures=False)), width)
    for table in ("matrix", "mistakes"):
        lefts = page.locator(f"table.{table} tr").evaluate_all(
            "rows => rows.map(r => [...r.cells].map(c => Math.round(c.getBoundingClientRect().left)))"
        )
        assert len(lefts) > 3 and all(row == lefts[0] for row in lefts)


def test_dark_is_dark_and_pictures_follow(opened):
    html = render(sample_report())
    pages = [opened(html, DESK, scheme) for scheme in ("light", "dark")]
    for what, style in (
        ("body", "backgroundColor"),
        (".chart text", "fill"),
        ("svg .s1", "stroke"),
    ):
        values = [
            page.locator(what).first.evaluate(f"e => getComputedStyle(e).{style}") for page in pages
        ]
        assert values[0] != values[1]
    sums = [
        sum(map(int, re.findall(r"\d+", page.locator("body").evaluate(
            "e => getComputedStyle(e).backgroundColor"))[:3])) for page in pages
    ]  # fmt: skip
    assert sums[0] > 600 and sums[1] < 150


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_tables_stay_tables_for_those_who_hear_them(opened, width):
    page = opened(render(sample_report("rung")), width)
    ladder = page.get_by_role("table", name="The rungs")
    assert ladder.get_by_role("row").count() == 5  # the axis is for the eye
    assert ladder.get_by_role("rowheader").count() == 4
    assert ladder.get_by_role("columnheader").count() == 5
    assert page.get_by_role("img", name=re.compile("loss over 300 epochs")).count() == 4
    assert page.get_by_role("navigation", name="Contents").get_by_role("link").count() == 13


def test_paper_is_light_and_shows_what_is_folded(opened):
    page = opened(render(sample_report(n_columns=40)), DESK, "dark")
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF") and 3 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 15
    page.emulate_media(media="print")
    assert (
        page.locator("details table").first.evaluate("e => e.getBoundingClientRect().height") > 50
    )
    body = page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    assert body == "rgb(255, 255, 255)"
