"""Variables, functions, automatic gradients: what every tool for deep learning gives, in three steps.

Theano and TensorFlow began with symbolic variables, compiled functions of them, and gradients that the
tool derives from the graph. In JAX a variable is an array, a function is a Python function, and both
`grad` and `jit` take a function and return another:

    f(x) = x^2 + x                   grad(f)(x) = 2x + 1, exactly, by the chain rule and not by differences
    cost(w, b) = mean log(1 + exp(-s_i (w.x_i + b))) + |w|^2 / (2 C N),    s_i = +-1

The second is logistic regression. Twenty lines minimise it here from scratch; deepen's estimator
minimises the same cost, and so must find the same weights. Left: f, and the slope that grad finds.
Right: the two sets of weights.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
from common import BLUE, ORANGE, arguments, save
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

from deepen.linear_model import LogisticRegression

options = arguments(__doc__)

# 1. Variables are arrays; operations on them give arrays.
A, v = jnp.array([[1.0, 2.0], [3.0, 4.0]]), jnp.array([5.0, 6.0])
print(f"A v = {(A @ v).tolist()}")


# 2. Functions: write once, compile with jit, map over many inputs with vmap.
@jax.jit
def f(x):
    """x^2 + x."""
    return x**2 + x


# 3. Gradients: the derivative is again a function.
slope = jax.grad(f)
x = jnp.linspace(-2.5, 1.5, 200)
print(f"f(3) = {f(3.0)}, f'(3) = {slope(3.0)}, f'(-1/2) = {slope(-0.5)}")

# Logistic regression from scratch: cost, gradient, and the one line of gradient descent.
data = load_breast_cancer()
X = StandardScaler().fit_transform(data.data)
y = data.target
C, learning_rate = 0.1, 1.0


def cost(params):
    """Mean cross-entropy in nats, with a penalty on w but not on b."""
    w, b = params
    margins = (2 * y - 1) * (X @ w + b)
    return jnp.logaddexp(0, -margins).mean() + (w**2).sum() / (2 * C * len(X))


@jax.jit
def step(params):
    """Params <- params - learning_rate * gradient(cost)."""
    return jax.tree.map(lambda p, g: p - learning_rate * g, params, jax.grad(cost)(params))


params = (jnp.zeros(X.shape[1]), jnp.zeros(()))
for _ in range(3000):
    params = step(params)
w, b = params

# The same with deepen: one line, and L-BFGS instead of plain steps.
model = LogisticRegression(C=C, tol=1e-6, max_iter=1000).fit(X, y)
difference = max(np.abs(model.coef_[0] - w).max(), abs(model.intercept_[0] - float(b)))
print(
    f"cost from scratch {cost(params):.6f}, by deepen {cost((model.coef_[0], model.intercept_[0])):.6f}"
)
print(f"largest difference of a weight: {difference:.1e}")
print(f"steps: 3000 from scratch, {model.n_iter_[0]} of L-BFGS; accuracy {model.score(X, y):.3f}")

figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4.3), width_ratios=(1, 1.25))
left.plot(x, f(x), color=BLUE, label="$f(x) = x^2 + x$")
left.plot(x, jax.vmap(slope)(x), "--", color=ORANGE, label="grad(f)")
left.axhline(0, color="#888888", linewidth=0.8)
left.plot(-0.5, f(-0.5), "*", color="black", markersize=11)
left.annotate(
    "slope 0 at $-1/2$",
    (-0.5, -0.3),
    (-1.1, -2.2),
    arrowprops={"arrowstyle": "-", "color": "#888888"},
)
left.set(title="a function and its gradient", xlabel="x", ylabel="f(x), f'(x)")
left.legend()
order = np.argsort(w)
right.plot(
    np.asarray(w)[order],
    "o",
    color=BLUE,
    markersize=8,
    markerfacecolor="none",
    label="from scratch, in JAX",
)
right.plot(
    model.coef_[0][order], "x", color=ORANGE, markersize=6, label="deepen.LogisticRegression"
)
right.axhline(0, color="#888888", linewidth=0.8)
right.set(
    title="30 weights of one model, found twice",
    xlabel="feature, in the order of its weight",
    ylabel="weight",
)
right.legend()
save(figure, options, "variables_functions_gradients")
