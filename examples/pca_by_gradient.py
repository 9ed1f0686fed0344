"""Principal components by gradient ascent, without the covariance matrix.

    v <- normalise(v + eta grad J(v)),    J(v) = v'Xc'Xc v - sum_j lambda_j (v_j'v)^2

climbs to the direction in which the centred rows vary most; once v_1 and lambda_1 = v_1'Xc'Xc v_1 are
found, the second term takes them out of the cost, and the same climb finds v_2, and so on. The gradient is
Xc'(Xc v) less lambda_j v_j (v_j'v), twice: two products with the rows, and no matrix of pixels by pixels.

Left, one climb on a cloud in the plane. In the middle, the first four components of handwritten digits,
one after another: how far each is from LAPACK's. Right, all at once, as PCA(svd_solver="gradient") does
it, and what momentum is worth where variances are close to each other.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
from common import BLACK, BLUE, COLOURS, ORANGE, arguments, digits, save

from deepen.decomposition import PCA

options = arguments(__doc__)
rng = np.random.default_rng(0)


@jax.jit
def climb(v, Xc, found, variances, eta):
    """One step of the ascent, by the gradient of the cost as it stands above."""

    def cost(v):
        return ((Xc @ v) ** 2).sum() - (variances * (found @ v) ** 2).sum()

    v = v + eta * jax.grad(cost)(v)
    return v / jnp.linalg.norm(v)


def ascent(Xc, found, variances, eta, n_steps, v):
    """Every v on the way up."""
    path = [v]
    for _ in range(n_steps):
        path.append(np.asarray(climb(path[-1], Xc, found, variances, eta)))
    return np.array(path)


figure, (plane, one_by_one, together) = plt.subplots(1, 3, figsize=(11, 3.6))

cloud = (rng.normal(size=(300, 2)) * [2.0, 0.7] @ [[0.8, 0.6], [-0.6, 0.8]]).astype(np.float32)
cloud -= cloud.mean(axis=0)
start = np.array([-0.45, 0.9], np.float32) / np.hypot(0.45, 0.9).astype(np.float32)
nothing = np.zeros((1, 2), np.float32), np.zeros(1, np.float32)
path = ascent(cloud, *nothing, 1e-4, 40, start)
plane.plot(*cloud.T, ".", color="#bbbbbb", markersize=3)
circle = np.linspace(0, 2 * np.pi, 200)
plane.plot(3 * np.cos(circle), 3 * np.sin(circle), color="#dddddd", linewidth=0.8)
plane.plot(*(3 * path.T), "o-", color=ORANGE, markersize=3, linewidth=0.8)
plane.annotate("", 3 * path[-1], (0, 0), arrowprops={"arrowstyle": "->", "color": BLACK})
plane.set(title="The climb of one v", aspect="equal", xlabel="$x_1$", ylabel="$x_2$")

X = digits()[0]
exact = PCA(20, svd_solver="full").fit(X.astype(float))
Xc = X - X.mean(axis=0)
n_wanted = 4
found = np.zeros((n_wanted, X.shape[1]), np.float32)
variances = np.zeros(n_wanted, np.float32)
for k, colour in zip(range(n_wanted), COLOURS, strict=False):
    start = rng.normal(size=X.shape[1]).astype(np.float32)
    eta = 1 / exact.singular_values_[0] ** 2
    path = ascent(Xc, found, variances, eta, 300, start / np.linalg.norm(start))
    found[k], variances[k] = path[-1], ((Xc @ path[-1]) ** 2).sum()
    cosines = np.abs(path @ exact.components_[k])
    one_by_one.semilogy(1 - np.minimum(cosines, 1 - 1e-8), color=colour, label=f"$v_{k + 1}$")
    print(
        f"component {k + 1}: |cos| {cosines[-1]:.6f}, lambda {variances[k]:.2f},"
        f" singular value squared {exact.singular_values_[k] ** 2:.2f}"
    )
one_by_one.set(title="One after another: digits", xlabel="steps", ylabel="1 - |cos|")
one_by_one.legend()

for momentum, colour in ((False, BLUE), (True, ORANGE)):
    errors, n_steps = [], np.unique(np.geomspace(1, 100, 14).astype(int))
    for n in n_steps:
        settings = {"svd_solver": "gradient", "n_oversamples": 1, "momentum": momentum}
        pca = PCA(20, max_iter=int(n), tol=1e-12, random_state=0, **settings).fit(X.astype(float))
        within = np.linalg.svd(pca.components_ @ exact.components_.T, compute_uv=False)
        errors.append(max(1 - within.min(), 1e-12))
    label = f"momentum {'on' if momentum else 'off'}"
    together.loglog(n_steps, errors, "o-", color=colour, markersize=4, label=label)
    print(f"20 at once, {label}: the space is off by 1 - cos = {errors[-1]:.1e} after 100 steps")
together.set(title="20 components at once", xlabel="steps", ylabel="1 - cos of the spaces")
together.legend()
save(figure, options, "pca_by_gradient")
