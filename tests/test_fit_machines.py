"""``deepen fit`` without a target: Boltzmann machines and autoencoders, their files and their pictures."""

from __future__ import annotations

import copy

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from typer.testing import CliRunner

import deepen
from deepen.cli import app
from deepen.cli._pictures import pictures_of
from deepen.datasets import TableEncoder
from deepen.engine import SGD, Adam, Cosine
from deepen.neural_network import BernoulliRBM, GaussianRBM
from deepen.plotting._axes import new_axes

SMALL = ("--set", "n_components=5", "--set", "n_iter=2")
OF_A_MACHINE = {"hidden-activations.png", "weights.png", "learning-curves.png"}
OF_A_SQUARE = {"filters.png", "samples.png"}


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def told_off(*words):
    """The one line with which a command ends."""
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.fixture
def pixels(tmp_path, rng):
    """Table of 4 by 4 pixels in [0, 1], the first of them constant, and a column that is no feature."""
    frame = pd.DataFrame(rng.random_sample((40, 16)).round(2)).add_prefix("pixel_")
    frame["pixel_0"] = 0.0
    frame["label"] = np.where(frame["pixel_5"] > 0.5, "yes", "no")
    frame.to_csv(tmp_path / "pixels.csv", index=False)
    return tmp_path / "pixels.csv"


@pytest.fixture
def amounts(tmp_path, rng):
    """Table of amounts beyond [0, 1], with gaps."""
    frame = pd.DataFrame({"width": rng.normal(5, 2, 40), "share": rng.random_sample(40)})
    frame["colour"] = ["red", "blue"] * 20
    frame.loc[3, "width"] = np.nan
    frame.to_csv(tmp_path / "amounts.csv", index=False)
    return tmp_path / "amounts.csv"


def test_a_machine_is_fitted_without_a_target_and_shown(pixels, tmp_path):
    model, shown = tmp_path / "m.deepen", tmp_path / "shown"
    result = run(
        "fit", pixels, "--target", "label", "--model", "rbm", *SMALL, "--out", model, "--pictures", shown
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "BernoulliRBM, 40 rows" in result.output and "filters.png" in result.output
    assert {path.name for path in shown.iterdir()} == OF_A_MACHINE | OF_A_SQUARE | {
        "inpainting.png"
    }
    machine = deepen.load(model)
    assert machine[-1].components_.shape == (5, 15)  # neither the constant pixel nor the label
    frame = pd.read_csv(pixels)
    np.testing.assert_allclose(
        machine[0].transform(frame), frame.iloc[:, 1:16], atol=1e-6
    )  # as they are
    described = run("inspect", model)
    for words in ("TableEncoder -> BernoulliRBM", "15 - 5", "n_iter=2", "as it is", "40"):
        assert words in described.output
    assert run("info", model).output == described.output
    alone = tmp_path / "alone"
    result = run("inspect", model, "--out", alone)
    assert result.exit_code == 0, result.output
    assert {path.name for path in alone.iterdir()} == OF_A_MACHINE | OF_A_SQUARE
    result = run("inspect", model, "--out", alone, "--data", pixels, "--force")
    assert result.exit_code == 0 and (alone / "inpainting.png").exists()
    assert "--out" in told_off("inspect", model, "--data", pixels)
    assert "no model that predicts" in told_off("predict", model, pixels)


def test_values_outside_the_unit_interval_are_refused_with_the_remedy(amounts, tmp_path):
    out = tmp_path / "m.deepen"
    line = told_off("fit", amounts, "--model", "rbm", "--out", out)
    assert "column 'width'" in line and "takes values in [0, 1]" in line
    assert "add --scale, or choose --model gaussian-rbm" in line
    assert not out.exists()
    result = run("fit", amounts, "--model", "rbm", "--scale", *SMALL, "--out", out)
    assert result.exit_code == 0 and "Note" not in result.output
    encoded = deepen.load(out)[0].transform(pd.read_csv(amounts))
    assert (encoded.min(), encoded.max()) == (0, 1)
    line = told_off(
        "fit", amounts, "--target", "colour", "--model", "rbm-classifier", "--out", tmp_path / "c"
    )
    assert "--scale, or choose --set objective=discriminative" in line
    line = told_off(
        "fit", amounts, "--model", "rbm", "--target", "nothing", "--out", out, "--force"
    )
    assert "nothing" in line


def test_new_rows_outside_the_unit_interval_are_refused_like_those_of_fit(pixels, tmp_path):
    model, wide = tmp_path / "m.deepen", tmp_path / "wide.csv"
    frame = pd.read_csv(pixels)
    frame.assign(pixel_7=16 * frame["pixel_7"]).to_csv(wide, index=False)
    commands = [
        (
            "embed",
            wide,
            "--model",
            model,
            "--method",
            "pca",
            "--out",
            tmp_path / "e.csv",
            "--force",
        ),
        ("inspect", model, "--data", wide, "--out", tmp_path / "shown", "--force"),
    ]
    fit = ("fit", pixels, "--target", "label", *SMALL, "--out", model, "--force")
    assert run(*fit, "--model", "rbm").exit_code == 0
    for words in commands:
        line = told_off(*words)
        assert "wide.csv: column 'pixel_7' has values from" in line
        assert "--model rbm takes values in [0, 1]" in line and "--scale" in line
        assert "--model gaussian-rbm" in line
    # Neither a machine of real values nor one whose columns were scaled; the latter tells of it.
    assert run(*fit, "--model", "gaussian-rbm").exit_code == 0
    assert all(run(*words).exit_code == 0 for words in commands)
    assert run(*fit, "--model", "rbm", "--scale").exit_code == 0
    for words in commands:
        result = run(*words)
        assert result.exit_code == 0, result.output
        assert "Note: column 'pixel_7' has values" in result.output
        assert "beyond those of the training" in result.output


def test_dates_are_named_with_the_way_to_leave_them_out(tmp_path, rng):
    path = tmp_path / "dates.csv"
    frame = pd.DataFrame({"share": rng.random_sample(30)})
    frame["when"] = pd.date_range("2024-01-01", periods=30, freq="17D").strftime("%Y-%m-%d")
    frame.to_csv(path, index=False)
    line = told_off("fit", path, "--model", "rbm", "--scale", "--out", tmp_path / "m.deepen")
    assert "column 'when'" in line and "--types when=ignore" in line
    more = ("--types", "when=ignore", "--out", tmp_path / "m.deepen")
    assert run("fit", path, "--model", "rbm", *SMALL, *more).exit_code == 0


@pytest.mark.parametrize(
    ("model", "settings", "name", "units"),
    [
        ("gaussian-rbm", SMALL, "GaussianRBM", 5),
        ("autoencoder", ("--set", "hidden_layer_sizes=3", "--set", "max_iter=2"), "Autoencoder", 3),
    ],
)
def test_other_models_of_rows_alone(model, settings, name, units, amounts, tmp_path):
    out, shown = tmp_path / "m.deepen", tmp_path / "shown"
    result = run("fit", amounts, "--model", model, *settings, "--out", out, "--pictures", shown)
    assert result.exit_code == 0, result.output
    assert name in run("inspect", out).output
    pipeline = deepen.load(out)
    assert pipeline.transform(pd.read_csv(amounts)).shape == (40, units)
    written = {path.name for path in shown.iterdir()}
    assert written == (OF_A_MACHINE if name == "GaussianRBM" else {"learning-curves.png"})


@pytest.mark.parametrize(
    ("model", "settings", "name"),
    [
        ("dbn", ("--set", "hidden_layer_sizes=3", "--set", "max_iter=2"), "DBNClassifier"),
        ("rbm-classifier", ("--set", "n_components=3", "--set", "max_iter=2"), "RBMClassifier"),
    ],
)
def test_machines_that_classify(model, settings, name, pixels, tmp_path):
    out = tmp_path / "m.deepen"
    result = run("fit", pixels, "--target", "label", "--model", model, *settings, "--out", out)
    assert result.exit_code == 0, result.output
    assert type(deepen.load(out)[-1]).__name__ == name
    predicted = run("predict", out, pixels, "--out", tmp_path / "p.csv")
    assert predicted.exit_code == 0, predicted.output


def test_numbers_to_the_unit_interval_or_as_they_are():
    table = pd.DataFrame({"x": [2.0, 4.0, 3.0, None], "share": [0.2, 0.7, 0.2, 0.7]})
    table["off"] = [3, 7, 3, 7]
    unit = TableEncoder(numbers="unit", dtype="float64").fit_transform(table)
    np.testing.assert_allclose(unit[:, 0], [0, 1, 0.5, 0.5])
    np.testing.assert_allclose(unit[:, 1], [0, 0, 0, 1])  # missing
    np.testing.assert_allclose(unit[:, 2:], [[0, 0], [1, 1], [0, 0], [1, 1]])
    kept = TableEncoder(numbers="none", dtype="float64").fit(table)
    values = kept.transform(table)
    np.testing.assert_allclose(values[:, 0], [2, 4, 3, 3])
    np.testing.assert_allclose(values[:, 2], table["share"])
    np.testing.assert_allclose(values[:, 3], [0, 1, 0, 1])
    treatments = [column.treatment for column in kept.columns_]
    assert treatments == ["as it is, median for missing, indicator", "as it is", "0 or 1"]


@pytest.mark.parametrize(
    ("settings", "rate"),
    [
        ({"learning_rate": Cosine(0.03, 2)}, "0.03"),
        ({"solver": "adam", "learning_rate": 0.02}, "0.02"),
        ({"solver": Adam(0.004)}, "0.004"),
        ({"solver": SGD(Cosine(0.05, 2))}, "0.05"),
    ],
)
def test_the_update_that_is_drawn_is_one_of_contrastive_divergence_at_the_named_rate(
    settings, rate, rng, monkeypatch
):
    X = (rng.random_sample((40, 6)) < 0.5).astype(np.float32)
    machine = BernoulliRBM(3, n_iter=2, random_state=0, **settings).fit(X)
    drawn = []
    monkeypatch.setattr(
        "deepen.plotting.plot_update_sizes", lambda *w: drawn.append(w[1]) or new_axes(None)
    )
    label = pictures_of(machine, X, seed=1)["weights.png"].get_xlabel()
    assert label.endswith(f"of one CD-1 update at rate {rate}")
    other = BernoulliRBM(3, algorithm="cd", learning_rate=float(rate), random_state=1)
    for name in ("components_", "intercept_visible_", "intercept_hidden_", "n_features_in_"):
        setattr(other, name, copy.deepcopy(getattr(machine, name)))
    other._memory, other.n_iter_ = copy.deepcopy(machine._memory), machine.n_iter_
    other.partial_fit(X[np.random.RandomState(1).permutation(40)[:10]])
    np.testing.assert_allclose(drawn[0], (other.components_ - machine.components_).T, atol=1e-7)
    assert np.abs(drawn[0]).max() > 1e-6


@pytest.mark.parametrize(("model", "numbers"), [(BernoulliRBM, "unit"), (GaussianRBM, "standard")])
def test_pictures_are_in_the_units_of_the_table(model, numbers, rng):
    """Whatever the encoder made of the columns, and with those that it left out in their places."""
    table = pd.DataFrame(rng.uniform(0, 10, (40, 16)) * np.arange(1, 17) + 3.0)
    table[0] = 0.0
    pipeline = make_pipeline(TableEncoder(numbers=numbers), model(3, n_iter=2, random_state=0))
    pictures = pictures_of(pipeline.fit(table), table)
    grid = np.asarray(pictures["samples.png"].images[0].get_array())
    chosen = table.iloc[np.random.RandomState(0).permutation(40)[:10]].to_numpy()
    first = np.stack([grid[5 * k : 5 * k + 4, :4].ravel() for k in range(10)])
    np.testing.assert_allclose(first, chosen, rtol=1e-4, atol=1e-3)
    assert 20 < np.nanmean(grid[:, -4:]) < 80  # the mean of all is 46
    # The third row of in-painting is the truth, brightest where the table is.
    truth = np.asarray(pictures["inpainting.png"].images[0].get_array())[-4:, :4, 0].ravel()
    assert np.corrcoef(truth, chosen[0])[0, 1] > 0.999
