"""Figures equal scikit-learn's; intervals hold the truth as often as they say."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from deepen.evaluation import amount_figures, calibration_error, class_figures
from deepen.intervals import area_under_roc, balanced_interval, mean_interval, wilson_interval


@pytest.mark.parametrize("n_classes", [2, 4])
def test_figures_of_classes_are_scikit_learns(n_classes, rng):
    y = np.r_[np.arange(n_classes), rng.randint(0, n_classes, 300)]
    scores = rng.rand(len(y), n_classes) + np.eye(n_classes)[y]
    p = scores / scores.sum(axis=1, keepdims=True)
    said = p.argmax(axis=1)
    figures = class_figures(y, said, [str(k) for k in range(n_classes)], 0, p)
    assert figures.error == pytest.approx(1 - metrics.accuracy_score(y, said))
    assert figures.balanced_error == pytest.approx(1 - metrics.balanced_accuracy_score(y, said))
    assert figures.log_loss == pytest.approx(metrics.log_loss(y, p))
    assert figures.confusion == metrics.confusion_matrix(y, said).tolist()
    parts = metrics.precision_recall_fscore_support(y, said, zero_division=0)
    for k, row in enumerate(figures.classes):
        values = (row["precision"], row["recall"], row["f1"], row["rows"])
        np.testing.assert_allclose(values, [part[k] for part in parts])
    if n_classes == 2:
        assert figures.auc == pytest.approx(metrics.roc_auc_score(y, p[:, 1]))
        assert figures.brier == pytest.approx(metrics.brier_score_loss(y, p[:, 1]))
    else:
        assert figures.auc is None
        assert figures.brier == pytest.approx(np.mean(((p - np.eye(n_classes)[y]) ** 2).sum(1)))
    assert figures.gain == pytest.approx(np.mean(y != 0) - figures.error)
    assert figures.gain_interval[0] < figures.gain < figures.gain_interval[1]


def test_classes_that_the_model_never_saw_or_never_says():
    y, said = np.array([0, 1, 2, 2]), np.array([0, 0, 0, 1])
    figures = class_figures(y, said, ["a", "b", "new"], 0, np.array([[0.9, 0.1]] * 4))
    assert figures.error == 0.75
    assert figures.classes[2] == {
        "class": "new", "rows": 2, "precision": None, "recall": 0.0, "f1": 0.0
    }  # fmt: skip
    assert np.isfinite([figures.brier, figures.log_loss, figures.ece]).all()
    never = class_figures(y[:2], said[:2], ["a", "b", "c"], 1)
    assert never.classes[2]["recall"] is None and never.balanced_error == 0.5


def test_figures_of_amounts_are_scikit_learns(rng):
    y = rng.normal(size=200)
    said = y + rng.normal(size=200)
    figures = amount_figures(y, said, 0.3, {"90 %": (said - 1.5, said + 1.5)})
    assert figures.rmse == pytest.approx(metrics.root_mean_squared_error(y, said))
    assert figures.mae == pytest.approx(metrics.mean_absolute_error(y, said))
    assert figures.r2 == pytest.approx(metrics.r2_score(y, said))
    assert figures.baseline_rmse == pytest.approx(np.sqrt(np.mean((y - 0.3) ** 2)))
    assert figures.gain == pytest.approx(figures.baseline_rmse - figures.rmse)
    assert np.mean(figures.gain_interval) == pytest.approx(figures.gain)
    is_held = np.abs(y - said) <= 1.5
    assert figures.coverage == {"90 %": np.mean(is_held)}
    edges = np.sort(said)[[67, 134]]
    thirds = [is_held[np.searchsorted(edges, said, side="right") == k].mean() for k in range(3)]
    np.testing.assert_allclose(figures.coverage_by_third["90 %"], thirds)
    assert figures.residual_quantiles["50 %"] == pytest.approx(np.median(y - said))


@pytest.mark.parametrize("case", ["error", "gain of classes", "rmse", "gain of amounts"])
def test_intervals_hold_the_truth(case, rng):
    """In 95 % of draws, give or take four standard errors and what a first order leaves."""
    held, n_draws, n = 0, 400, 150
    for _ in range(n_draws):
        if "class" in case or case == "error":
            y = (rng.rand(n) < 0.4).astype(int)
            said = np.where(rng.rand(n) < 0.2, 1 - y, y)
            figures = class_figures(y, said, ["a", "b"], 0)
            truth = 0.2 if case == "error" else 0.4 - 0.2
            low, high = figures.error_interval if case == "error" else figures.gain_interval
        else:
            y = rng.normal(size=n)
            figures = amount_figures(y, y + 0.5 * rng.normal(size=n), 0.0)
            truth = 0.5 if case == "rmse" else 1 - 0.5
            low, high = figures.rmse_interval if case == "rmse" else figures.gain_interval
        held += low <= truth <= high
    assert held / n_draws > 0.95 - 4 * np.sqrt(0.95 * 0.05 / n_draws) - 0.02


def test_ends_of_intervals():
    assert wilson_interval(0.0, 50)[0] == 0 and wilson_interval(1.0, 50)[1] == 1
    assert mean_interval(np.array([1.0])) == (-np.inf, np.inf)
    assert mean_interval(np.zeros(10), floor=0.1)[1] > 0
    perfect = class_figures(np.array([0, 1]), np.array([0, 1]), ["a", "b"], 0)
    assert perfect.error == 0 and perfect.error_interval[1] > 0.5
    constant = amount_figures(np.ones(5), np.ones(5), 1.0)
    assert constant.r2 is None and constant.rmse == 0 and constant.gain == 0


def test_calibration_error_of_a_calibrated_and_a_boasting_model(rng):
    confidence = rng.uniform(0.5, 1, 40_000)
    right = (rng.rand(40_000) < confidence).astype(float)
    assert calibration_error(confidence, right) < 0.02
    assert calibration_error(np.full(1000, 0.99), np.zeros(1000)) == pytest.approx(0.99)


@pytest.mark.parametrize("n_rare", [12, 60])
def test_the_balanced_errors_and_the_areas_intervals_hold_the_truth(n_rare, rng):
    """In 95 % of draws, give or take four standard errors and what a normal distribution leaves."""
    held, n_draws = np.zeros(2), 400
    truth = (0.1 + 0.3) / 2, area_of_shift(1.0)
    for _ in range(n_draws):
        y = np.repeat([0, 1], [240, n_rare])
        said = np.where(rng.rand(len(y)) < np.array([0.1, 0.3])[y], 1 - y, y)
        found = [balanced_interval(metrics.confusion_matrix(y, said)),
                 area_under_roc(y == 1, rng.normal(size=len(y)) + y)[1]]  # fmt: skip
        held += [low <= one <= high for one, (low, high) in zip(truth, found, strict=True)]
    assert (held / n_draws > 0.95 - 4 * np.sqrt(0.05 * 0.95 / n_draws) - 0.02).all()
    assert (held / n_draws < 1).all()  # they are not safe by being wide


def area_of_shift(shift):
    """Area under the curve of two normal distributions of variance 1, so far apart."""
    return stats.norm.cdf(shift / np.sqrt(2))


def test_areas_are_scikit_learns_with_ties_and_few_rows(rng):
    y, score = rng.rand(60) < 0.3, rng.randint(0, 5, 60).astype(float)
    area, (low, high) = area_under_roc(y, score)
    assert area == pytest.approx(metrics.roc_auc_score(y, score)) and low < area < high
    assert area_under_roc(np.array([True, False, False]), np.array([2.0, 1, 3]))[1] == (0, 1)
    order = np.arange(40.0)
    area, (low, high) = area_under_roc(order >= 20, order)
    assert (area, high) == (1, 1) and area_under_roc(order < 20, order)[0] == 0
    order[[19, 20]] = 20, 19
    assert 0.9 < area_under_roc(np.arange(40) >= 20, order)[1][0] < low < 1  # a pair out of order


@pytest.mark.parametrize(
    ("n_classes", "n_rows", "rate"), [(2, 40, 0.1), (10, 36, 0.02), (26, 10, 0.1)]
)
def test_balanced_errors_of_many_classes_hold_the_truth_and_their_own_estimate(
    n_classes, n_rows, rate, rng
):
    held, n_draws = 0, 300
    for _ in range(n_draws):
        n_wrong = rng.binomial(n_rows, rate, n_classes)
        confusion = np.diag(n_rows - n_wrong) + np.roll(np.diag(n_wrong), 1, axis=1)
        low, high = balanced_interval(confusion)
        assert low <= n_wrong.mean() / n_rows <= high
        held += low <= rate <= high
    assert 0.95 - 4 * np.sqrt(0.05 * 0.95 / n_draws) - 0.02 < held / n_draws < 1
