"""The compiled program: epochs of minibatch gradient descent.

For each batch B of an epoch, with the nominal weight N of a batch and its own weight n,

    C(w) = (1/N) sum_{i in B} weight_i cost_i(w) + (n/N) penalty(w),     w <- optimiser step along dC/dw

so that a short last batch takes a proportionally short step on the whole cost. One call runs one epoch
of large data, or up to ``n_epochs`` of small data, whose epochs are shorter than the way to the program
and back; there the program itself watches whether the cost still falls.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from deepen.engine.batches import Window
from deepen.engine.penalties import Penalty
from deepen.engine.transposes import written

ROUNDING = 8  # units in the last place by which the host may judge a loss otherwise


class Problem(NamedTuple):
    """What is minimised and how: numbers traced, structure static."""

    objective: Any
    optimizer: Any
    penalty: Penalty


class Carry(NamedTuple):
    """What one batch hands to the next; matrices may be kept as their transposes."""

    params: Any
    optimizer_state: Any
    objective_state: Any


class Totals(NamedTuple):
    """Sums over the batches of an epoch: cost, share of a nominal batch, gradient where asked."""

    cost: Any
    share: Any
    gradient: Any


class Clock(NamedTuple):
    """Numbers of the epochs at hand: rates (n_epochs,), the first epoch, the window's first step."""

    learning_rates: Any
    nominal_weight: Any
    seed: Any
    first_epoch: Any
    first_step: Any
    n_epochs: Any


class Watch(NamedTuple):
    """The rule of the flat training cost, as far as the program follows it."""

    best: Any
    n_stalled: Any
    tol: Any
    patience: Any


class Outcome(NamedTuple):
    """What comes back: losses of shape (n_epochs,), of which n_done count."""

    carry: Carry
    totals: Totals
    losses: Any
    n_done: Any


@partial(jax.jit, static_argnames=("batch_size", "is_random"))
def run_epochs(
    problem: Problem,
    carry: Carry,
    totals: Totals,
    watch: Watch,
    window: Window,
    clock: Clock,
    *,
    batch_size: int,
    is_random: bool,
) -> Outcome:
    """Epochs over a window, until n_epochs are done or the cost has stopped falling.

    With room for one epoch alone (``learning_rates`` of length 1) ``totals`` go on from those of the
    epoch's earlier windows; else each epoch has its own.
    """

    def pass_over(e: Any, carry: Carry, totals: Totals) -> tuple[Carry, Totals]:
        key: Any = _epoch_key(clock, e) if is_random else None
        rate = clock.learning_rates[e]

        def body(i: Array, loop: tuple[Carry, Totals]) -> tuple[Carry, Totals]:
            batch, weights = _batch(window, e, i, batch_size)
            step_key = jax.random.fold_in(key, clock.first_step + i) if is_random else None
            return _step(problem, *loop, batch, weights, (rate, clock.nominal_weight), step_key)

        return lax.fori_loop(0, window.n_batches, body, (carry, totals))

    if len(clock.learning_rates) == 1:
        carry, totals = pass_over(0, carry, totals)
        losses = (totals.cost / totals.share)[None]
        return Outcome(carry, totals, losses, jnp.int32(1))

    def epoch(state: tuple[Outcome, Watch]) -> tuple[Outcome, Watch]:
        before, watch = state
        carry, sums = pass_over(before.n_done, before.carry, jax.tree.map(jnp.zeros_like, totals))
        loss = sums.cost / sums.share
        losses = before.losses.at[before.n_done].set(loss)
        return Outcome(carry, sums, losses, before.n_done + 1), _watch(watch, loss)

    def goes_on(state: tuple[Outcome, Watch]) -> Array:
        outcome, watch = state
        # A run that goes on from a stalled one does an epoch all the same.
        is_patient = (outcome.n_done == 0) | (watch.n_stalled <= watch.patience)
        return (outcome.n_done < clock.n_epochs) & is_patient

    losses = jnp.zeros_like(clock.learning_rates)
    start = Outcome(carry, totals, losses, jnp.int32(0))
    return lax.while_loop(goes_on, epoch, (start, watch))[0]


def _batch(window: Window, e: Any, i: Array, batch_size: int) -> tuple[Any, Array]:
    """Rows and weights of batch i in epoch e."""

    def part(a: Array) -> Array:
        return lax.dynamic_slice_in_dim(a, i * batch_size, batch_size)

    if window.orders is None:
        return jax.tree.map(part, window.rows), part(window.weights)
    index = part(window.orders[e])
    taken = jnp.maximum(index, 0)
    batch = jax.tree.map(lambda rows: rows[taken], window.rows)
    return batch, jnp.where(index >= 0, window.weights[taken], 0)


def _epoch_key(clock: Clock, e: Any) -> Any:
    base = jax.random.wrap_key_data(clock.seed, impl="threefry2x32")
    return jax.random.fold_in(base, clock.first_epoch + jnp.uint32(e))


def _watch(watch: Watch, loss: Array) -> Watch:
    """Count a stall where the host might: it decides in double precision, so stop no later than it."""
    slack = ROUNDING * float(np.finfo(loss.dtype).eps) * jnp.abs(loss)
    gain = watch.best - loss - slack
    n_stalled = jnp.where(gain < watch.tol, watch.n_stalled + 1, 0)
    n_stalled = jnp.where(jnp.isfinite(loss), n_stalled, watch.patience + 1)
    return watch._replace(best=jnp.minimum(watch.best, loss), n_stalled=n_stalled)


def _step(
    problem: Problem,
    carry: Carry,
    totals: Totals,
    batch: Any,
    weights: Array,
    scale: tuple[Array, Array],
    key: Any,
) -> tuple[Carry, Totals]:
    """One step of gradient descent on one batch."""
    (objective, optimizer, penalty), (rate, nominal_weight) = problem, scale

    def cost_fn(params: Any) -> tuple[Array, tuple[Array, Any, Any]]:
        total, weight, state = objective(
            written(params), batch, weights, carry.objective_state, key
        )
        share, smooth = weight / nominal_weight, penalty.smooth(params)
        return total / nominal_weight + share * smooth, (share, smooth, state)

    value_and_gradient = jax.value_and_grad(cost_fn, has_aux=True)
    (cost, (share, smooth, state)), gradient = value_and_gradient(carry.params)
    proximal, value = None, smooth
    if penalty.l1 is not None:
        value = penalty.value(carry.params)
        cost = cost + share * (value - smooth)

        def proximal(params: Any, step_sizes: Any) -> Any:
            return penalty.proximal(params, jax.tree.map(lambda s: s * share, step_sizes))

    # XLA moves weights in place only where nothing may still read the old ones: the step waits for the
    # value of the penalty, which nothing else orders before it.
    rate = rate + 0 * value
    params, optimizer_state = optimizer.step(
        carry.params, carry.optimizer_state, gradient, rate, proximal
    )
    summed = totals.gradient
    if summed is not None:
        summed = jax.tree.map(jnp.add, summed, gradient)
    new_totals = Totals(totals.cost + cost, totals.share + share, summed)
    return Carry(penalty.project(params), optimizer_state, state), new_totals


@jax.jit
def stationarity(penalty: Penalty, params: Any, totals: Totals) -> Array:
    """Largest component of the smallest subgradient of the mean cost of an epoch."""
    mean = jax.tree.map(lambda g: g / totals.share, totals.gradient)
    return penalty.stationarity(params, mean)
