"""CPU against GPU: the same network, the same numbers, another clock.

A GPU multiplies large matrices tens of times faster than a CPU, and starts each piece of work more
slowly. So the ratio of times depends on the size of the matrices: one epoch of

    h_1 = relu(W_1 x + b_1),  h_2 = relu(W_2 h_1 + b_2),  p = softmax(W_3 h_2 + b_3)

costs 6 operations a row and weight, about 6 N (784 H + H^2 + 10 H) for N rows and H units a layer.
With few units the CPU wins, with many the GPU does. The result must not depend on the device: the
largest difference of a predicted probability should stay below 1e-4, since a 32-bit float has seven
digits. Where there is no GPU the script says so, and shows the CPU's times alone.
"""

from __future__ import annotations

import time

import jax
import matplotlib.pyplot as plt
import numpy as np
from common import BLUE, ORANGE, arguments, save

from deepen.layers.feed_forward import Params, forward
from deepen.neural_network import MLPClassifier

options = arguments(__doc__)
cpu = jax.local_devices(backend="cpu")[0]
others = [device for device in jax.local_devices() if device != cpu]
devices = {"CPU": cpu} | ({others[0].platform.upper(): others[0]} if others else {})
widths = (64, 256, 1024, 4096) if options.full or others else (64, 256, 512)

# Random rows cost as much time as real ones; the classes are those of a random linear rule.
rng = np.random.default_rng(0)
X = rng.random((4000, 784), dtype=np.float32)
y = (X @ rng.normal(size=(784, 10))).argmax(axis=1)


def train(device, width, n_epochs):
    """A network trained on a device, and the seconds that it took."""
    network = MLPClassifier(
        (width, width), max_iter=n_epochs, n_iter_no_change=np.inf, batch_size=500, random_state=0
    )
    started = time.perf_counter()
    with jax.default_device(device):
        network.fit(X, y)
    return network, time.perf_counter() - started


def seconds_per_epoch(device, width):
    """Time of an epoch: that of eight less that of two, so that what a fit costs once drops out."""
    train(device, width, 2)  # compiles
    return max(train(device, width, 8)[1] - train(device, width, 2)[1], 1e-6) / 6


def probabilities(device, network):
    """Predictions computed on a device, in full 32-bit precision."""
    params = Params(tuple(network.coefs_), tuple(network.intercepts_))
    with jax.default_device(device), jax.default_matmul_precision("highest"):
        return np.asarray(
            jax.nn.softmax(forward(jax.device_put(params), jax.device_put(X), ["relu"] * 2))
        )


times = {name: [seconds_per_epoch(device, w) for w in widths] for name, device in devices.items()}
network, _ = train(cpu, 256, 8)
on_device = {name: probabilities(device, network) for name, device in devices.items()}
for i, width in enumerate(widths):
    line = "   ".join(f"{name} {1000 * seconds[i]:.1f} ms" for name, seconds in times.items())
    ratio = f"   ratio {times['CPU'][i] / list(times.values())[1][i]:.1f}" if others else ""
    print(f"{width:4d} units a layer, one epoch of {len(X)} rows: {line}{ratio}")
if others:
    cpu_p, other_p = on_device.values()
    print(
        f"largest difference of a prediction: {np.abs(cpu_p - other_p).max():.1e} (below 1e-4 is agreement)"
    )
else:
    print("No GPU here: install deepen[cuda] on a machine that has one, and run this again.")
in_numpy = network.predict_proba(X)
print(f"largest difference to NumPy's predictions: {np.abs(on_device['CPU'] - in_numpy).max():.1e}")

figure, ax = plt.subplots(figsize=(7.5, 4.4))
for (name, seconds), colour, marker in zip(times.items(), (BLUE, ORANGE), "os", strict=False):
    ax.loglog(
        widths,
        1000 * np.array(seconds),
        color=colour,
        marker=marker,
        label=f"{name} ({devices[name].device_kind})",
    )
n_weights = np.array([784 * w + w * w + 10 * w for w in widths])
scaled = n_weights / n_weights[-1] * 1000 * times["CPU"][-1]
ax.loglog(widths, scaled, ":", color="#888888", label="proportional to the number of weights")
ax.set(xlabel="units in each of two hidden layers", ylabel="time of one epoch (ms)")
ax.set(
    title=f"{len(X)} rows of 784 numbers, batches of 500"
    + ("" if others else " (no GPU on this machine)")
)
ax.set_xticks(widths, [str(w) for w in widths])
ax.minorticks_off()
ax.legend()
save(figure, options, "cpu_and_gpu")
