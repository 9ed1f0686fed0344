"""A restricted Boltzmann machine: how it learns, which figures to believe, and what its pictures say.

    E(v, h) = -a'v - b'h - v'W h,    p(v) = sum_h exp(-E) / Z,    dW = <v h'>_data - <v h'>_machine

The last mean needs samples of the machine. CD-1 takes them one Gibbs step from the data, PCD from
chains that never end, PT from chains at several temperatures that exchange states. The figure that
counts is log p of test rows; its log Z comes from annealed importance sampling, forward and in reverse,
and where the two part (the band between them), neither is to be believed and the machine is sick. One
of the four machines here is: PCD with a rate that never falls. Its test rows grow less and less likely
while the error of their reconstruction, one Gibbs step away, is the smallest of all.
"""

from __future__ import annotations

import time

import jax
import matplotlib.pyplot as plt
import numpy as np
from common import COLOURS, arguments, digits, save

from deepen.engine import Cosine
from deepen.functions.bernoulli_energy import Params
from deepen.functions.sampling import gibbs
from deepen.neural_network import BernoulliRBM
from deepen.plotting import (
    plot_filters_by_use,
    plot_hidden_activations,
    plot_inpainting,
    plot_samples,
    plot_update_sizes,
)

options = arguments(__doc__)
X, _, X_test, _ = digits(n_train=1400)
X, X_test = ((pixels > 0.5).astype(np.float32) for pixels in (X, X_test))
n_epochs = 600 if options.full else 150
looks = sorted({round(epoch) for epoch in np.geomspace(3, n_epochs, 8)})
falling = Cosine(0.2, n_epochs)  # from .2 to 0


def figures(machine):
    """Log p of a test row by both annealings, pseudo-likelihood, error of the reconstruction."""
    log_p = [
        -machine.free_energy(X_test).mean()
        - machine.log_partition_function(method, X, n_temperatures=1000, random_state=0).value
        for method in ("ais", "reverse_ais")
    ]
    error = np.square(machine.reconstruct(X_test) - X_test).sum(axis=1).mean()
    return *log_p, machine.score_samples(X_test).mean(), error


def learn(algorithm, rate):
    """A machine, its figures after some of the epochs, and the mean update of the last but one."""
    snapshots = {}

    def remember(event):
        if event.epoch in (*looks, n_epochs // 2, n_epochs // 2 + 1):
            snapshots[event.epoch] = event.params()

    machine = BernoulliRBM(
        64, algorithm=algorithm, learning_rate=rate, batch_size=25, n_iter=n_epochs,
        callbacks=[remember], random_state=0,
    ).fit(X)  # fmt: skip
    told = []
    for epoch in looks:
        W, machine.intercept_visible_, machine.intercept_hidden_ = snapshots[epoch]
        machine.components_ = W.T
        told.append(figures(machine))
    before, after = (snapshots[n_epochs // 2 + k].weights for k in (0, 1))
    return machine, np.array(told), (before, (after - before) * 25 / len(X))


started = time.perf_counter()
figure, axes = plt.subplots(2, 4, figsize=(15, 7.6))
settings = {
    "CD-1": ("cd", falling),
    "PCD-1": ("pcd", falling),
    "PT": ("pt", falling),
    "PCD-1, the rate stays": ("pcd", 0.2),
}
machines, updates = {}, {}
for (name, (algorithm, rate)), colour in zip(settings.items(), COLOURS, strict=False):
    machines[name], told, updates[name] = learn(algorithm, rate)
    forward, reverse, pseudo, error = told.T
    axes[0, 0].fill_between(looks, forward, reverse, color=colour, alpha=0.3, linewidth=0)
    for ax, curve in zip(axes[0], ((forward + reverse) / 2, pseudo, error), strict=False):
        ax.plot(looks, curve, color=colour, label=name)
    print(
        f"{name:21s} log p(test row) {forward[-1]:.2f} forward and {reverse[-1]:.2f} in reverse,"
        f" pseudo-likelihood {pseudo[-1]:.2f}, reconstruction error {error[-1]:.2f}"
    )
titles = (
    "log p(v) by annealing: believe it",
    "pseudo-likelihood: a hint",
    "reconstruction error: do not",
)
for ax, title in zip(axes[0], titles, strict=False):
    ax.set(title=title, xlabel="epoch", xscale="log")
    ax.set_xticks(looks, [str(epoch) for epoch in looks])
    ax.minorticks_off()
axes[0, 0].set_ylabel("nats, mean of test rows")
axes[0, 2].legend()

machine, (weights, update) = machines["PCD-1"], updates["PCD-1"]
plot_update_sizes(weights, update, ax=axes[0, 3])
H = machine.transform(X)
plot_filters_by_use(machine.components_.T, H, ax=axes[1, 0])
axes[1, 0].set_title("filters, most used first")
plot_hidden_activations(H, ax=axes[1, 1])

# Chains that begin at test rows ...
steps = (1, 3, 10, 30, 100, 300, 1000)
params = Params(machine.components_.T, machine.intercept_visible_, machine.intercept_hidden_)
v, moments = X_test[:6], []
for step, further in zip(steps, np.diff((0, *steps)), strict=True):
    v = gibbs(params, v, jax.random.key(step), further)
    moments.append(v)
plot_samples(np.stack(moments), steps=steps, ax=axes[1, 2])
axes[1, 2].set_title("chains that begin at test rows")

# ... and rows that lose their right half.
damaged = X_test.reshape(-1, 8, 8).copy()
damaged[:, :, 4:] = np.nan
damaged = damaged.reshape(X_test.shape)
filled = machine.inpaint(damaged, n_steps=100, random_state=0)
is_missing = np.isnan(damaged)
plot_inpainting(damaged[:8], filled[:8], X_test[:8], ax=axes[1, 3])
axes[1, 3].set_title("the right half missing")
by_mean = np.broadcast_to(X.mean(axis=0), X_test.shape)
for name, guess in (("completed by the machine", filled), ("by the pixels' means", by_mean)):
    error = np.square(guess - X_test)[is_missing].mean()
    print(f"missing pixels {name}: mean squared error {error:.3f}")
print(f"{time.perf_counter() - started:.0f} s")
save(figure, options, "rbm")
