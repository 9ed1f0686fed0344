"""The page in a browser: quiet, asks for nothing, fits a phone, runs no script, prints whole.

Needs a Chromium on the path; skipped without one.
"""

from __future__ import annotations

import base64
import re

import pytest

from deepen.report import render
from devtools import CHROMIUM, Page
from sample_report import HOSTILE, sample_report

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path")

PHONE, DESK, PAPER = 390, 1440, 690  # the last is A4 without its margins
N_SECTIONS = 13
NAMES = {"plain": "deep network", "hostile": HOSTILE, "long": "n" * 10_000}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    page = Page(tmp_path_factory.mktemp("profile"))
    yield page
    page.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page, and sees that it asks for nothing."""

    def open_page(html, width=DESK, scheme="light", **options):
        file = tmp_path / "report.html"
        file.write_bytes(html.encode("utf-8"))
        browser.size(width, 900, is_mobile=width == PHONE)
        browser.scheme(scheme)
        browser.open(file, **options)
        asked = [url for url in browser.requests() if not url.startswith("data:")]
        assert asked.pop(0) == file.as_uri()
        browser.asked = asked
        return browser

    yield open_page
    browser.call("Emulation.setEmulatedMedia", media="", features=[])


def style(page, selector, name):
    return page.run(f"getComputedStyle(document.querySelector({selector!r})).{name}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, 768, DESK])
@pytest.mark.parametrize("name", NAMES)
def test_quiet_fitting_and_untouched_by_names(opened, name, width, scheme):
    report = sample_report(NAMES[name], 40, has_pictures=name == "plain")
    page = opened(render(report), width, scheme)
    assert page.asked == [] and page.complaints() == []
    title = page.run("document.title")
    assert title.endswith("deepen ladder") and title != "x"
    page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.run("document.documentElement.scrollWidth") <= width
    # What is wider than the page scrolls in a box of its own.
    outside = page.run(
        """[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, svg, thead')
        && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 99))"""
    )
    assert outside == []
    assert page.run("document.querySelectorAll('h2').length") == N_SECTIONS


def test_the_policy_stops_a_script_and_a_style_that_got_through(opened):
    attack = "<script>document.title='x'</script><p id='p' style='color:red' onclick='f()'>p</p>"
    attack += "<img src='http://127.0.0.1:9/x.png'>"
    page = opened(render(sample_report()).replace("</main>", f"{attack}</main>"))
    page.run("document.querySelector('#p').click()")  # some versions look at a handler only then
    page.settle()
    said = [entry["entry"]["text"] for entry in page.complaints()]
    assert page.run("document.title") != "x" and len(said) >= 4
    assert style(page, "#p", "color") != "rgb(255, 0, 0)"
    assert all("violates" in line for line in said)


def test_readable_without_scripts_and_folds_open(opened):
    page = opened(render(sample_report(n_columns=40)), runs_scripts=False)
    words = page.run("document.body.innerText")
    for text in ("suffices, error rate", "The rungs", "Which rows did what", "command"):
        assert text in words
    last = "[...document.querySelectorAll('details')].at(-1)"
    assert not page.run(f"{last}.querySelector('table').checkVisibility()")
    page.run(f"{last}.scrollIntoView()")
    box = f"{last}.querySelector('summary').getBoundingClientRect()"
    x, y = page.run(f"[{box}.x + 5, {box}.y + 5]")
    for kind in ("mousePressed", "mouseReleased"):
        page.mouse(kind, x, y, button="left", clickCount=1)
    assert page.run(f"{last}.querySelector('table').checkVisibility()")


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_every_cell_stands_below_its_header(opened, width):
    """Empty cells too: a matrix that closes its gaps would say something else."""
    page = opened(render(sample_report(has_pictures=False)), width)
    for table in ("matrix", "mistakes"):
        lefts = page.run(
            f"[...document.querySelectorAll('table.{table} tr')].map(r => "
            "[...r.cells].map(c => Math.round(c.getBoundingClientRect().left)))"
        )
        assert len(lefts) > 3 and all(row == lefts[0] for row in lefts)


def test_dark_is_dark_and_pictures_follow(opened):
    html = render(sample_report())
    wanted = [("body", "backgroundColor"), (".chart text", "fill"), ("svg .s1", "stroke")]
    light, dark = (
        [style(opened(html, DESK, scheme), what, name) for what, name in wanted]
        for scheme in ("light", "dark")
    )
    assert all(a != b for a, b in zip(light, dark, strict=True))
    sums = [sum(map(int, re.findall(r"\d+", values[0])[:3])) for values in (light, dark)]
    assert sums[0] > 600 and sums[1] < 150


def roles(page, role, name):
    """Roles below the one node of this role and name, as those hear them who do not see the page."""
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    known = {node["nodeId"]: node for node in nodes}
    [found] = [
        n
        for n in nodes
        if n.get("role", {}).get("value") == role and n.get("name", {}).get("value") == name
    ]
    below, found_roles = [*found["childIds"]], []
    while below:
        node = known[below.pop()]
        below += node.get("childIds", [])
        if not node["ignored"]:
            found_roles.append(node["role"]["value"])
    return found_roles


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_tables_stay_tables_for_those_who_hear_them(opened, width):
    page = opened(render(sample_report("rung")), width)
    ladder = roles(page, "table", "The rungs")
    assert ladder.count("row") == 5  # the axis is for the eye
    assert ladder.count("rowheader") == 4 and ladder.count("columnheader") == 5
    curves = page.run(
        "[...document.querySelectorAll('svg[role=img]')].map(e => e.getAttribute('aria-label'))"
    )
    assert sum("loss over 300 epochs" in label for label in curves) == 4
    assert roles(page, "navigation", "Contents").count("link") == N_SECTIONS


def test_paper_is_light_and_shows_what_is_folded(opened):
    page = opened(render(sample_report(n_columns=40)), DESK, "dark")
    options = {"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": True}
    pdf = base64.b64decode(page.call("Page.printToPDF", **options)["data"])
    assert pdf.startswith(b"%PDF") and 3 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 15
    page.call("Emulation.setEmulatedMedia", media="print")
    height = "document.querySelector('details table').getBoundingClientRect().height"
    assert page.run(height) > 50
    assert style(page, "body", "backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.parametrize("name", ["customer_since_when", "n" * 10_000, HOSTILE])
def test_nothing_is_wider_than_paper(opened, name):
    """What is wider makes a browser shrink every page, or is cut off."""
    page = opened(render(sample_report(name, has_pictures=False)), PAPER)
    page.call("Emulation.setEmulatedMedia", media="print")
    page.settle()
    assert page.run("document.documentElement.scrollWidth") <= PAPER
