"""Divide by N or by N - 1? Both estimates of a covariance, simulated.

    S = (1/N) sum_i (x_i - m)(x_i - m)',    m = (1/N) sum_i x_i

maximises the likelihood of a Gaussian, and is too small: m was fitted to these very rows and lies nearer
to them than the true mean does. On average

    E[S] = (N - 1)/N Sigma

so that dividing by N - 1 gives the truth on average. Left, the mean of both estimates of a variance of 1
over many samples of N rows; in the middle, single estimates from 5 rows: the unbiased one is right on
average, not each time, and scatters more. Right, what 12 rows say of a Gaussian, beside the truth.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from common import BLACK, BLUE, GREEN, ORANGE, arguments, save

from deepen.covariance import EmpiricalCovariance, covariance

N_REPEATS = 4000

options = arguments(__doc__)
rng = np.random.default_rng(0)
figure, (bias, spread, plane) = plt.subplots(1, 3, figsize=(10, 3.4))

sizes = [2, 3, 4, 5, 7, 10, 15, 20, 30]
means = {0: [], 1: []}
for n in sizes:
    samples = rng.normal(size=(N_REPEATS, n, 1))
    estimates = {
        ddof: np.array([covariance(X, ddof=ddof)[0, 0] for X in samples]) for ddof in (0, 1)
    }
    for ddof, values in estimates.items():
        means[ddof].append(values.mean())
    print(
        f"N = {n:2d}: over N {means[0][-1]:.4f}, (N-1)/N = {(n - 1) / n:.4f},"
        f" over N-1 {means[1][-1]:.4f}"
    )
    if n == 5:
        for ddof, colour in ((0, BLUE), (1, ORANGE)):
            label = f"over N{f' - {ddof}' * ddof}: mean {estimates[ddof].mean():.2f}"
            bins = np.linspace(0, 4, 50)
            spread.hist(estimates[ddof], bins, histtype="step", color=colour, label=label)
            spread.axvline(estimates[ddof].mean(), color=colour, linestyle="--", linewidth=1)
bias.plot(sizes, [(n - 1) / n for n in sizes], color=BLACK, linewidth=1, label="(N - 1)/N")
bias.axhline(1, color=BLACK, linewidth=0.5)
bias.plot(sizes, means[0], "o", color=BLUE, label="divided by N")
bias.plot(sizes, means[1], "s", color=ORANGE, label="divided by N - 1")
bias.set(xlabel="rows N", ylabel="mean estimate of a variance of 1", title="The bias")
bias.legend()
spread.set(xlabel="estimate of a variance of 1", ylabel="samples", title="Single samples of 5 rows")
spread.legend(loc="center right")

truth = np.array([[1.5, 0.9], [0.9, 1.0]])
X = rng.multivariate_normal([0, 0], truth, size=12)


def ellipse(mean, S):
    """Points at one standard deviation from the mean."""
    angle = np.linspace(0, 2 * np.pi, 100)
    return mean[:, None] + np.linalg.cholesky(S) @ np.array([np.cos(angle), np.sin(angle)])


plane.plot(*X.T, ".", color=BLACK)
plane.plot(*ellipse(np.zeros(2), truth), color=GREEN, label="the truth")
for ddof, colour, name in ((0, BLUE, "over N"), (1, ORANGE, "over N - 1")):
    model = EmpiricalCovariance(ddof=ddof).fit(X)
    plane.plot(*ellipse(model.location_, model.covariance_), color=colour, label=name)
    print(f"{name}: log-likelihood of the 12 rows {12 * model.score(X):.3f} nats")
plane.set(title="A Gaussian from 12 rows", xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
plane.legend(loc="upper left", fontsize=8)
save(figure, options, "covariance")
