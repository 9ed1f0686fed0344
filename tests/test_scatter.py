"""The page of an embedding: text stays text, in Chromium it is quiet, finds the right point, and is quick."""

from __future__ import annotations

import base64
import json
import re
import statistics

import numpy as np
import pytest

from deepen.plotting import plot_embedding
from deepen.plotting.colouring import colouring, name_places
from deepen.report.scatter import Scatter, render_scatter
from devtools import CHROMIUM, Page

HOSTILE = "<script>document.title='x'</script>\"'&</style><!--\u2028"


def scatter(n=300, seed=0, **more):
    rng = np.random.default_rng(seed)
    columns = {
        HOSTILE: np.array([HOSTILE, "b", None], dtype=object)[rng.integers(0, 3, n)],
        "size": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
        "id": np.array([f"row {i} {HOSTILE}" for i in range(n)], dtype=object),
        "big": 10**12 + np.arange(n),
    }
    return Scatter(HOSTILE, rng.normal(size=(n, 2)), columns, note=HOSTILE, **more)


def data_of(page):
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    return json.loads(text)


def numbers(text, dtype):
    return np.frombuffer(base64.b64decode(text), dtype)


def test_hostile_names_stay_text():
    page = render_scatter(scatter(facts={HOSTILE: HOSTILE}))
    assert page.count("<script") == 2 and page.count("</script>") == 2
    assert page.count("<style") == 1 and page.count("</style>") == 1 and "<!--" not in page
    assert page.count("&lt;script&gt;document") == 5  # title twice, note, name and value of a fact
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert not re.search(r'(src|href)="(?!data:)', page)


def test_the_page_holds_the_numbers():
    shown = scatter(rows=np.arange(300) * 7)
    data = data_of(render_scatter(shown))
    np.testing.assert_array_equal(numbers(data["places"], "<f4"), shown.places.astype("f4").ravel())
    np.testing.assert_array_equal(numbers(data["rows"], "<i4"), np.arange(300) * 7)
    classes, size, rows, big = data["columns"]
    assert [c["kind"] for c in data["columns"]] == ["classes", "numbers", "text", "numbers"]
    names = np.array([*classes["names"], None], dtype=object)
    said = names[numbers(classes["data"], "<i4")]
    assert set(said) == {"b", None, classes["name"]}
    np.testing.assert_array_equal(said == "b", shown.columns[HOSTILE] == "b")
    np.testing.assert_allclose(numbers(size["data"], "<f4"), shown.columns["size"], rtol=1e-6)
    assert len(rows["names"]) == 300 and max(map(len, rows["names"])) <= 80
    np.testing.assert_array_equal(numbers(big["data"], "<f8"), shown.columns["big"])


def test_many_classes_keep_their_names_and_share_a_colour(rng):
    labels = np.array([f"c{i:03d}" for i in rng.randint(0, 60, 2000)])
    (column,) = data_of(render_scatter(Scatter("", rng.rand(2000, 2), {"c": labels})))["columns"]
    assert column["kind"] == "classes" and len(column["groups"]) == 20
    assert column["groups"][-1]["colour"] is None and column["groups"][-1]["name"] == "41 others"
    names = np.array(column["names"])[numbers(column["data"], "<i4")]
    np.testing.assert_array_equal(names, labels)
    groups = np.array(column["group"])[numbers(column["data"], "<i4")]
    values, counts = np.unique(labels, return_counts=True)
    least_named = min(counts[values == g["name"]][0] for g in column["groups"][:-1])
    assert max(counts[np.isin(values, labels[groups == 19])]) <= least_named


def test_images_become_one_picture_of_bounded_size(rng):
    from matplotlib.image import imread

    images = rng.randint(0, 16, (50, 7, 9)) / 15
    sprite = data_of(render_scatter(Scatter("", rng.rand(50, 2), images=images)))["sprite"]
    import io

    pixels = imread(io.BytesIO(base64.b64decode(sprite["source"].partition(",")[2])))
    pixels = pixels if pixels.ndim == 2 else pixels[..., 0]
    for row in range(50):
        top, left = row // sprite["across"] * 7, row % sprite["across"] * 9
        np.testing.assert_allclose(pixels[top : top + 7, left : left + 9], images[row], atol=0.01)


def test_too_many_pixels_are_averaged_or_left_out(rng, monkeypatch):
    from deepen.report import scatter as module

    images = np.kron(rng.rand(20, 8, 8), np.ones((2, 2)))
    for most, side in ((20 * 256, 16), (20 * 64, 8), (20 * 16, None)):
        monkeypatch.setattr(module, "SPRITE_PIXELS", most)
        sprite = data_of(render_scatter(Scatter("", rng.rand(20, 2), images=images)))["sprite"]
        assert sprite is None if side is None else sprite["height"] == side


def test_a_table_of_many_columns_is_cut_in_words(rng, monkeypatch):
    from deepen.report import scatter as module

    columns = {f"c{i:03d}": rng.rand(30) for i in range(120)}
    for n_values, n_kept in ((10**6, 100), (30 * 20, 20), (1, 12)):
        monkeypatch.setattr(module, "MOST_VALUES", n_values)
        page = render_scatter(Scatter("", rng.rand(30, 2), columns))
        data = data_of(page)
        assert [c["name"] for c in data["columns"]] == list(columns)[:n_kept] and data["told"] == 12
        assert f"the first {n_kept} of 120" in page
    assert "in the menu" not in render_scatter(Scatter("", rng.rand(30, 2), {"a": rng.rand(30)}))


def test_wrong_lengths_are_named(rng):
    with pytest.raises(ValueError, match="size must have 3 rows, got 2"):
        render_scatter(Scatter("", rng.rand(3, 2), {"size": [1, 2]}))
    with pytest.raises(ValueError, match="labels must have a row for each of the 3 points"):
        plot_embedding(rng.rand(3, 2), [1, 2])
    with pytest.raises(ValueError, match=r"embedding must have shape \(n_samples, 2\)"):
        plot_embedding(rng.rand(3, 3))


def test_numbers_are_a_scale_and_few_of_them_are_names(rng):
    values = rng.standard_normal(500)
    values[0], values[1] = 1e9, np.nan  # one absurd value must not flatten the ramp
    scale = colouring(values)
    assert scale.codes is None and scale.high < 5 and np.isnan(scale.values[1])
    few = colouring(np.array([10.0, 2.0, np.nan, 2.0]))
    assert few.names == ["2", "10"] and few.codes.tolist() == [1, 0, -1, 0]
    assert colouring([True, False, None]).names == ["False", "True"]
    assert colouring([None, None]).codes.tolist() == [-1, -1]


def test_names_stand_where_their_rows_are_and_apart(rng):
    centres = np.array([[0, 0], [10, 0], [0, 10], [0.1, 0.1]])
    codes = np.repeat(range(4), 200)
    places = name_places(centres[codes] + 0.5 * rng.standard_normal((800, 2)), codes, 5)
    assert np.isnan(places[4]).all()
    assert np.linalg.norm(places[:4] - centres, axis=1).max() < 2
    assert np.linalg.norm(places[0] - places[3]) > 0.5


@pytest.mark.parametrize("labels", [None, "classes", "numbers", "many", "missing"])
def test_pictures_of_every_kind_of_label(labels, rng):
    n = 60
    kinds = {
        "classes": np.array(["$a$", "b", "c" * 90])[rng.randint(0, 3, n)],
        "numbers": rng.rand(n),
        "many": np.arange(n).astype(str),
        "missing": np.array(["a", None] * (n // 2), dtype=object),
    }
    images = rng.rand(n, 8, 8)
    ax = plot_embedding(rng.rand(n, 2), kinds.get(labels), name="$x$", title="$t$", images=images)
    ax.figure.canvas.draw()
    written = [text.get_text() for text in ax.texts]
    if labels == "classes":
        assert written == [r"\$a\$", "b", "c" * 23 + "…"]
    if labels in ("many", "missing"):
        (quiet,) = ax.get_legend().get_texts()
        assert quiet.get_text() == {"many": "41 others", "missing": "missing"}[labels]


# ---- in the browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if CHROMIUM is None:
        pytest.skip("no Chromium on the path")
    page = Page(tmp_path_factory.mktemp("profile"))
    yield page
    page.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page at 1440 pixels and gives it."""

    def open_page(shown):
        browser.size(1440, 900)
        browser.scheme("light")
        path = tmp_path / "embedding.html"
        path.write_text(render_scatter(shown), encoding="utf-8")
        browser.open(path)
        return browser

    return open_page


SCREEN = """(() => { const box = document.getElementById('points').getBoundingClientRect();
  return Array.from({length: %d}, (_, i) => deepenScatter.screen(i)).map(
    ([x, y]) => [x + box.left, y + box.top]); })()"""


def points_of(page, n):
    return np.array(page.run(SCREEN % n))


def test_the_page_is_quiet_and_asks_for_nothing(opened):
    page = opened(scatter(images=np.random.default_rng(0).random((300, 8, 8))))
    menu = "for (const v of ['1', '2', '-1', '0']) { colour.value = v;"
    page.run(f"{{ {menu} colour.dispatchEvent(new Event('change')) }} }}")
    page.scheme("dark")
    page.size(390, 844, 3, True)
    page.settle()
    assert page.complaints() == []
    assert [url for url in page.requests() if not url.startswith("data:")] == page.requests()[:1]
    assert page.run("document.title").startswith("<script>")
    assert page.run("document.scripts.length") == 2
    assert page.run("document.documentElement.scrollWidth") <= 390


def test_hovering_finds_the_nearest_point(opened, rng):
    shown = scatter(n=500, seed=rng.randint(1000), rows=np.arange(500) + 1000)
    page = opened(shown)
    for zoom in (1, 6):
        page.run(f"deepenScatter.zoom({zoom}, 500, 300)")
        page.settle()
        points = points_of(page, 500)
        box = page.run("(b => [b.left, b.top, b.right, b.bottom])(plot.getBoundingClientRect())")
        inside = np.all((points > np.add(box[:2], 5)) & (points < np.subtract(box[2:], 5)), axis=1)
        for row in rng.choice(np.flatnonzero(inside), 12):
            x, y = points[row] + rng.uniform(-6, 6, 2)
            page.mouse("mouseMoved", x=x, y=y)
            distances = np.hypot(*(points - [x, y]).T)
            found = page.run("deepenScatter.hovered()")
            assert distances[found] == pytest.approx(distances.min(), abs=1e-3)
            told = page.run("tip.textContent")
            assert f"row {found + 1000:,}" in told
            (size,) = re.findall(r"size(missing|-?[\d.]+(?:e-?\d+)?)id", told)
            truth = shown.columns["size"][found]
            assert (
                np.isnan(truth) if size == "missing" else float(size) == pytest.approx(truth, 1e-5)
            )
            assert page.run("tip.hidden") is False
        page.mouse("mouseMoved", x=box[0] - 5, y=box[1] - 5)
        assert page.run("deepenScatter.hovered()") == -1


PICTURE_OF_THE_TIP = """(() => { const small = tip.querySelector('canvas');
  const seen = small.getContext('2d').getImageData(0, 0, small.width, small.height).data;
  return Array.from(seen).filter((_, i) => i % 4 === 0); })()"""


def test_the_tip_shows_the_picture_of_the_row(opened):
    images = np.tile(np.eye(8), (300, 1, 1))
    images[7] = images[7][::-1]  # a picture of the other rows does not pass for this one
    page = opened(scatter(images=images))
    page.settle()
    page.run("deepenScatter.zoom(40, ...deepenScatter.screen(7))")
    page.settle()
    x, y = points_of(page, 300)[7]
    page.mouse("mouseMoved", x=x, y=y)
    assert page.run("deepenScatter.hovered()") == 7
    ink = np.reshape(page.run(PICTURE_OF_THE_TIP), (8, 8)) / 255
    assert abs(np.corrcoef(ink.ravel(), images[7].ravel())[0, 1]) > 0.9


def test_zoom_pan_and_reset(opened):
    page = opened(scatter())
    before = points_of(page, 300)
    x, y = np.round(before[7])
    page.mouse("mouseWheel", x=x, y=y, deltaX=0, deltaY=-400)
    page.settle()
    closer = points_of(page, 300)
    factor = page.run("deepenScatter.view.k / deepenScatter.view.fit")
    assert factor > 1.5  # and what is under the wheel stays there
    np.testing.assert_allclose(closer - [x, y], factor * (before - [x, y]), atol=1e-6)
    page.mouse("mousePressed", x=600, y=400, button="left", buttons=1, clickCount=1)
    page.mouse("mouseMoved", x=650, y=430, button="left", buttons=1)
    page.mouse("mouseReleased", x=650, y=430, button="left", clickCount=1)
    np.testing.assert_allclose(
        points_of(page, 300) - closer, np.tile([50, 30], (300, 1)), atol=1e-6
    )
    page.run("document.getElementById('reset').click()")
    np.testing.assert_allclose(points_of(page, 300), before, atol=1e-6)


def test_fingers(opened):
    page = opened(scatter())
    page.size(390, 844, 2, True)
    page.settle()
    x, y = points_of(page, 300)[5]
    page.touch("touchStart", (x, y))
    page.touch("touchEnd")
    assert page.run("deepenScatter.hovered()") >= 0  # a tap tells
    start = page.run("deepenScatter.view.k")
    x, y = page.run(
        "(b => [b.left + b.width / 2, b.top + b.height / 2])(plot.getBoundingClientRect())"
    )
    page.touch("touchStart", (x - 30, y), (x + 30, y))
    for reach in (40, 50, 60):
        page.touch("touchMove", (x - reach, y), (x + reach, y))
    page.touch("touchEnd")
    assert page.run("deepenScatter.view.k") == pytest.approx(2 * start, rel=0.1)


def test_the_legend_hides_classes(opened):
    page = opened(scatter())
    x, y = points_of(page, 300)[3]
    page.mouse("mouseMoved", x=x, y=y)
    row = page.run("deepenScatter.hovered()")
    assert row >= 0
    page.run("document.querySelectorAll('.all button')[1].click()")
    page.mouse("mouseMoved", x=x + 1, y=y)
    assert page.run("deepenScatter.hovered()") == -1
    assert page.run("document.getElementById('count').textContent") == "0 of 300 points"
    page.run("document.querySelector('.legend li button').click()")
    shown = page.run("document.querySelector('.legend li small').textContent")
    assert page.run("document.getElementById('count').textContent") == f"{shown} of 300 points"


def test_the_menu_offers_columns_that_the_tip_does_not_tell(opened, rng):
    columns = {f"c{i:02d}": rng.rand(50) for i in range(30)}
    page = opened(Scatter("", rng.rand(50, 2), columns))
    offered = page.run("[...colour.options].map((option) => option.textContent)")
    assert offered == [*columns, "one colour"]
    page.run("{ colour.value = '27'; colour.dispatchEvent(new Event('change')) }")
    x, y = points_of(page, 50)[3]
    page.mouse("mouseMoved", x=x, y=y)
    told = page.run("[...tip.querySelectorAll('dt')].map((name) => name.textContent)")
    assert told == ["c27", *list(columns)[:12]]


def test_points_have_the_colours_of_their_classes(opened):
    places = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    page = opened(Scatter("", places, {"c": ["a", "b", None]}))
    blocks = page.run("""(() => { const at = document.getElementById('points').getContext('2d');
      return [0, 1, 2].map((i) => { const [x, y] = deepenScatter.screen(i).map(Math.floor);
        return [...at.getImageData(x - 4, y - 4, 9, 9).data]; }); })()""")
    wanted = [(0, 0x72, 0xB2), (0xD5, 0x5E, 0), (0x9A, 0xA0, 0xA8)]
    for block, rgb in zip(blocks, wanted, strict=True):
        pixels = np.reshape(block, (81, 4))[:, :3]
        others = [np.abs(pixels - other).max(axis=1).min() for other in wanted if other != rgb]
        # One disc is not quite opaque, so that many show where they are dense.
        assert np.abs(pixels - rgb).max(axis=1).min() < 0.2 * 256 < 2 * min(others)


@pytest.mark.slow
def test_seventy_thousand_points_are_drawn_at_once(opened):
    rng = np.random.default_rng(0)
    n = 70_000
    labels = rng.integers(0, 10, n)
    places = rng.normal(size=(n, 2)) + 6 * np.stack([np.cos(labels), np.sin(labels)], axis=1)
    page = opened(Scatter("", places, {"c": labels, "x": places[:, 0]}))
    for zoom in (1, 3):
        times = page.run(f"""(() => {{ deepenScatter.zoom({zoom}, 400, 300); const times = [];
          for (let i = 0; i < 20; i++) {{ const start = performance.now(); deepenScatter.draw();
            times.push(performance.now() - start); }} return times; }})()""")
        assert statistics.median(times) < 50, times
