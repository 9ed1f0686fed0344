"""``deepen embed``: what it writes, what it leaves out of the picture, how it fails."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline
from typer.testing import CliRunner

import deepen
from deepen.cli import app
from deepen.cli._rows_to_embed import image_rows, rows_to_embed
from deepen.datasets import TableEncoder
from deepen.linear_model import LogisticRegression
from deepen.neural_network import MLPClassifier

HOSTILE = "<script>document.title='x'</script>"
FILES = ["embedding.csv", "embedding.html", "embedding.png", "embedding.svg"]
N = 60


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": rng.random(N), HOSTILE: rng.random(N), "city": ["Rome", "Oslo"] * (N // 2)}
    )
    frame["label"] = np.where(frame["a"] > 0.5, "yes", "no")
    frame["when"] = pd.date_range("2020-01-01", periods=N).astype(str)
    frame.loc[3, "city"] = None
    path = tmp_path / "my data.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture
def model(table):
    frame = pd.read_csv(table).drop(columns="label")
    y = pd.read_csv(table)["label"]
    network = MLPClassifier((5, 3), max_iter=3, random_state=0)
    with pytest.warns(match="Maximum iterations"):
        pipeline = Pipeline([("table", TableEncoder()), ("model", network)]).fit(frame, y)
    path = table.parent / "model.deepen"
    deepen.save(pipeline, path, info={"target": "label"})
    return path


def run(*words):
    return CliRunner().invoke(app, ["embed", *map(str, words)])


def rows(data, **options):
    usual = dict.fromkeys(("model", "layer", "colour", "target", "sample"))
    return rows_to_embed(str(data), **{**usual, "seed": 0, **options})


def refused(result, *parts):
    assert result.exit_code == 2, result.output
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("Error: ")
    assert all(part in lines[0] for part in parts), lines[0]


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_four_files(table, tmp_path, method):
    out = tmp_path / "out"
    result = run(table, "--color", "label", "--method", method, "--out", out)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in out.iterdir()) == FILES
    assert "trustworthiness" in result.stdout and str(out / "embedding.html") in result.stdout
    frame = pd.read_csv(out / "embedding.csv")
    assert list(frame.columns) == ["row", "x", "y", "label"]
    np.testing.assert_array_equal(frame["row"], range(1, N + 1))
    assert frame["label"].tolist() == pd.read_csv(table)["label"].tolist()
    page = (out / "embedding.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="data">(.*?)</script>', page)[1])
    names = [column["name"] for column in data["columns"]]
    assert names == ["label", "a", HOSTILE, "city", "when"] and page.count("<script") == 2
    assert (out / "embedding.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (out / "embedding.svg").read_bytes()[:1000]


def test_thumbnails_in_the_picture_where_rows_are_images(tmp_path, rng):
    pixels = pd.DataFrame(rng.randint(0, 9, (N, 64)), columns=[f"pixel_{i}" for i in range(64)])
    tables = {"images": pixels, "numbers": pixels.add_prefix("of_")}
    n_pictures = {}
    for name, frame in tables.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
        out = tmp_path / f"{name}.svg"
        result = run(tmp_path / f"{name}.csv", "--method", "pca", "--out", out)
        assert result.exit_code == 0, result.output
        n_pictures[name] = out.read_text().count("<image")
    assert n_pictures["numbers"] == 0 and 10 < n_pictures["images"] <= N


def test_every_column_of_a_wide_table_is_offered(tmp_path, rng):
    frame = pd.DataFrame(rng.rand(20, 110)).add_prefix("c").assign(label=["yes", "no"] * 10)
    frame.to_csv(tmp_path / "wide.csv", index=False)
    out = tmp_path / "wide.html"
    result = run(tmp_path / "wide.csv", "--color", "label", "--method", "pca", "--out", out)
    assert result.exit_code == 0, result.output
    page = out.read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="data">(.*?)</script>', page)[1])
    assert [c["name"] for c in data["columns"]] == ["label", *(f"c{i}" for i in range(99))]
    assert "the first 100 of 111" in page


def test_same_seed_same_files(table, tmp_path):
    for name in ("a", "b"):
        run(table, "--color", "label", "--out", tmp_path / name, "--sample", 30, "--seed", 4)
    for file in FILES:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    kept = pd.read_csv(tmp_path / "a" / "embedding.csv")["row"].to_numpy()
    assert len(kept) == 30 and np.all(np.diff(kept) > 0) and kept.max() > 30


def test_one_file(table, tmp_path):
    result = run(table, "--method", "pca", "--out", tmp_path / "picture.SVG")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "picture.SVG").exists() and not (tmp_path / "embedding.html").exists()


def test_the_picture_does_not_know_the_target(table):
    plain, told = rows(table, colour="label"), rows(table)
    # as a boolean or as two categories
    assert told.codes.shape[1] > plain.codes.shape[1] and told.colour is None
    both = rows(table, target="label", colour="a")
    np.testing.assert_array_equal(both.codes, plain.codes)  # colour by a column that stays in
    assert list(both.columns)[:2] == ["a", "label"]
    assert rows("iris").codes.shape == (150, 4) and rows("iris").colour == "target"
    assert rows("iris", colour="sepal length (cm)").codes.shape == (150, 3)


def test_images_are_known_by_their_columns(rng):
    digits = rows("digits")
    assert digits.images.shape == (1797, 8, 8) and digits.images.max() == 1
    np.testing.assert_array_equal(digits.codes, digits.images.reshape(1797, 64))
    assert list(digits.columns) == ["target"]
    pixels = pd.DataFrame(rng.randint(0, 9, (5, 36)), columns=[f"column_{i}" for i in range(36)])
    assert image_rows(pixels).shape == (5, 6, 6)
    assert image_rows(pixels - 1) is None  # no picture is darker than black
    assert image_rows(pixels * 1.5) is None
    assert image_rows(pixels.rename(columns={"column_3": "age"})) is None
    assert image_rows(pixels.iloc[:, :35]) is None


def test_layers_of_a_model(table, model):
    pipeline, features = deepen.load(model), pd.read_csv(table).drop(columns="label")
    for layer, width in ((1, 5), (2, 3), (None, 3), (-2, 5)):
        found = rows(table, model=model, layer=layer)
        truth = pipeline[-1].transform(pipeline[0].transform(features), layer=layer)
        np.testing.assert_allclose(found.codes, truth, rtol=1e-6)
        assert found.codes.shape == (N, width) and found.colour == "label"
    result = run(table, "--model", model, "--layer", 1, "--out", table.parent / "e.html")
    assert result.exit_code == 0, result.output
    assert "hidden layer 1 of a MLPClassifier" in (table.parent / "e.html").read_text()


def test_models_without_the_layer(table, model, tmp_path):
    refused(run(table, "--model", model, "--layer", 3), "--layer must be between 1 and 2, got 3")
    frame = pd.read_csv(table)
    linear = LogisticRegression().fit(frame[["a"]], frame["label"])
    deepen.save(linear, tmp_path / "linear.deepen")
    refused(
        run(table, "--model", tmp_path / "linear.deepen"),
        "a LogisticRegression has no hidden layer",
    )
    frame.drop(columns="a").to_csv(tmp_path / "other.csv", index=False)
    refused(run(tmp_path / "other.csv", "--model", model), "lacks 'a'")
    refused(run(table, "--model", tmp_path / "none.deepen"), "no such file")
    refused(run(table, "--model", table), "not a model file")


def test_wrong_input_is_one_line(table, tmp_path):
    refused(run(tmp_path / "none.csv"), "none.csv")
    refused(run(table, "--color", "labl"), "labl", "label")
    refused(run(table, "--method", "umap"), "choose one of tsne, pca")
    refused(run(table, "--layer", 1), "--model")
    refused(run(table, "--out", tmp_path / "no" / "way"), "no such folder")
    refused(run(table, "--out", table, "--force"), "is the data itself")
    (tmp_path / "note.txt").write_text("mine")
    refused(run(table, "--out", tmp_path / "note.txt", "--force"), "is a file")
    (tmp_path / "few.csv").write_text("a,b\n1,2\n3,4\n4,1\n5,2\n")
    refused(run(tmp_path / "few.csv"), "at least 10 rows, got 4; use --method pca")
    assert run(tmp_path / "few.csv", "--method", "pca", "--out", tmp_path / "few").exit_code == 0


def test_nothing_is_overwritten_unasked(table, tmp_path):
    (tmp_path / "out").mkdir()
    taken = tmp_path / "out" / "embedding.svg"
    taken.write_text("mine")
    words = (table, "--method", "pca", "--out", tmp_path / "out")
    refused(run(*words), "embedding.svg", "--force")
    assert taken.read_text() == "mine" and len(list((tmp_path / "out").iterdir())) == 1
    assert run(*words, "--force").exit_code == 0
    assert "<svg" in taken.read_text()


def test_one_column_and_many(tmp_path, rng):
    pd.DataFrame({"a": rng.rand(12)}).to_csv(tmp_path / "one.csv", index=False)
    pd.DataFrame(rng.rand(12, 70)).add_prefix("c").to_csv(tmp_path / "many.csv", index=False)
    for name in ("one", "many"):
        for method in ("pca", "tsne"):
            result = run(
                tmp_path / f"{name}.csv", "--method", method, "--out", tmp_path / f"{method}-{name}"
            )
            assert result.exit_code == 0, result.output
    assert "12 principal components" in (tmp_path / "tsne-many" / "embedding.html").read_text()
