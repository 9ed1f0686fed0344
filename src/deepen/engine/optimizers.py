"""Update rules: how a gradient g moves the parameters w.

    gradient descent  w <- w - eta g
    momentum          v <- mu v - eta g,   w <- w + v                     (Polyak 1964)
    Nesterov          v <- mu v - eta g,   w <- w + mu v - eta g          (Sutskever et al. 2013, sec. 2)
    AdaGrad           c <- c + g^2,                w <- w - eta g / (sqrt(c) + eps)    (Duchi et al. 2011)
    RMSprop           c <- rho c + (1 - rho) g^2,  w <- w - eta g / (sqrt(c) + eps)    (Hinton 2012)
    Adam              m <- b1 m + (1 - b1) g,      c <- b2 c + (1 - b2) g^2,
                      w <- w - eta m^ / (sqrt(c^) + eps),  m^ = m / (1 - b1^t), c^ = c / (1 - b2^t)
                                                                 (Kingma and Ba 2015, algorithm 1)

With an L1 penalty each rule ends in the proximal map of its own metric: the step size of every single
weight, eta or eta / (sqrt(c) + eps), is also the size of its threshold, and a velocity is the
displacement that the map left. Then a fixed point of the rule is an optimum of the penalised cost,
which a plain soft threshold after momentum, RMSprop or Adam does not have. (Forward-backward
splitting; with momentum, iPiano of Ochs et al. 2014; with Nesterov's, Beck and Teboulle 2009; with a
diagonal metric, Duchi et al. 2011, section 1.2, and Yun et al. 2021, arXiv:2007.02133.)

An optimiser is a frozen dataclass of numbers, which the program traces, with ``init(params)`` and
``step(params, state, gradient, learning_rate, proximal)``; ``proximal(params, step_sizes)`` is None
without L1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from deepen.engine.schedules import Schedule

tree_map = jax.tree.map
Proximal = Callable[[Any, Any], Any] | None


class Displacement(NamedTuple):
    """State of momentum: the velocity, and with Nesterov and L1 the iterate behind the look-ahead."""

    velocity: Any
    iterate: Any = None


class Moments(NamedTuple):
    """State of the scaled rules: what is averaged, of the gradient and of its square."""

    second: Any
    first: Any = None
    count: Any = None


def _zeros(params: Any) -> Any:
    return tree_map(np.zeros_like, params)  # on the host: nothing to compile


def _step_sizes(params: Any, second: Any, learning_rate: Array, epsilon: Any) -> Any:
    return tree_map(lambda w, c: learning_rate / (jnp.sqrt(c) + epsilon), params, second)


def _descend(params: Any, direction: Any, step_sizes: Any, proximal: Proximal) -> Any:
    moved = tree_map(lambda w, d, s: w - s * d, params, direction, step_sizes)
    return moved if proximal is None else proximal(moved, step_sizes)


def look_ahead(optimizer: Any, params: Any, state: Any) -> Any:
    """Point at which the next gradient is taken, from the parameters that a run has kept."""
    if not isinstance(state, Displacement) or state.iterate is None:
        return params
    mu = np.asarray(optimizer.momentum, jax.tree.leaves(params)[0].dtype)
    return tree_map(lambda x, v: np.asarray(x + mu * v), params, state.velocity)


def solution(params: Any, state: Any) -> Any:
    """Parameters to keep: the proximal iterate, where the gradient was taken ahead of it."""
    has_iterate = isinstance(state, Displacement) and state.iterate is not None
    return state.iterate if has_iterate else params


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent, plain, with momentum, or with Nesterov's.

    Parameters
    ----------
    learning_rate : float or schedule, default=0.001
        eta, positive.
    momentum : float or None, default=None
        mu in [0, 1); None has no velocity.
    nesterov : bool, default=False
        Look ahead along the velocity before taking the gradient.

    Examples
    --------
    >>> from deepen.engine import SGD, Step
    >>> from deepen.neural_network import MLPClassifier
    >>> solver = SGD(learning_rate=Step(0.1, every=20), momentum=0.9, nesterov=True)
    >>> network = MLPClassifier(solver=solver)
    """

    learning_rate: float | Schedule = 0.001
    momentum: float | None = None
    nesterov: bool = field(default=False, metadata={"static": True})

    def init(self, params: Any, *, has_l1: bool = False) -> Any:
        """State before the first step."""
        if self.momentum is None:
            return ()
        look_ahead = has_l1 and self.nesterov
        return Displacement(_zeros(params), params if look_ahead else None)

    def step(
        self, params: Any, state: Any, gradient: Any, learning_rate: Array, proximal: Proximal
    ) -> tuple[Any, Any]:
        """Parameters and state after one step."""
        eta, mu = learning_rate, self.momentum
        if mu is None:
            sizes = tree_map(lambda w: eta, params)
            return _descend(params, gradient, sizes, proximal), state
        if proximal is not None:
            return self._proximal_step(params, state, gradient, eta, proximal)
        velocity = tree_map(lambda v, g: mu * v - eta * g, state.velocity, gradient)
        if self.nesterov:
            move = tree_map(lambda v, g: mu * v - eta * g, velocity, gradient)
        else:
            move = velocity
        return tree_map(jnp.add, params, move), Displacement(velocity)

    def _proximal_step(
        self,
        params: Any,
        state: Any,
        gradient: Any,
        eta: Array,
        proximal: Callable[[Any, Any], Any],
    ) -> tuple[Any, Any]:
        # x_t = prox(y - eta g),  v = x_t - x_tm1;  y = x_t + mu v (Nesterov) or g at x itself
        mu, sizes = self.momentum, tree_map(lambda w: eta, params)
        x_tm1 = state.iterate if self.nesterov else params
        start = (
            params if self.nesterov else tree_map(lambda x, v: x + mu * v, params, state.velocity)
        )
        x_t = _descend(start, gradient, sizes, proximal)
        velocity = tree_map(jnp.subtract, x_t, x_tm1)
        if not self.nesterov:
            return x_t, Displacement(velocity)
        return tree_map(lambda x, v: x + mu * v, x_t, velocity), Displacement(velocity, x_t)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class AdaGrad:
    """AdaGrad: each weight's rate falls with the sum of its squared gradients.

    Parameters
    ----------
    learning_rate : float or schedule, default=0.01
        eta, positive.
    epsilon : float, default=1e-10
        eps, outside the root, positive.
    """

    learning_rate: float | Schedule = 0.01
    epsilon: float = 1e-10

    def init(self, params: Any, *, has_l1: bool = False) -> Moments:
        """State before the first step."""
        return Moments(_zeros(params))

    def step(
        self, params: Any, state: Moments, gradient: Any, learning_rate: Array, proximal: Proximal
    ) -> tuple[Any, Moments]:
        """Parameters and state after one step."""
        second = tree_map(lambda c, g: c + g * g, state.second, gradient)
        sizes = _step_sizes(params, second, learning_rate, self.epsilon)
        return _descend(params, gradient, sizes, proximal), Moments(second)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class RMSprop:
    """RMSprop: each weight's rate is divided by a running mean of its gradient's size.

    Parameters
    ----------
    learning_rate : float or schedule, default=0.001
        eta, positive.
    decay : float, default=0.9
        rho in [0, 1).
    epsilon : float, default=1e-8
        eps, outside the root, positive.
    """

    learning_rate: float | Schedule = 0.001
    decay: float = 0.9
    epsilon: float = 1e-8

    def init(self, params: Any, *, has_l1: bool = False) -> Moments:
        """State before the first step."""
        return Moments(_zeros(params))

    def step(
        self, params: Any, state: Moments, gradient: Any, learning_rate: Array, proximal: Proximal
    ) -> tuple[Any, Moments]:
        """Parameters and state after one step."""
        rho = self.decay
        second = tree_map(lambda c, g: rho * c + (1 - rho) * g * g, state.second, gradient)
        sizes = _step_sizes(params, second, learning_rate, self.epsilon)
        return _descend(params, gradient, sizes, proximal), Moments(second)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Adam:
    """Adam: momentum on the gradient, RMSprop's scale, both corrected for their start at zero.

    Parameters
    ----------
    learning_rate : float or schedule, default=0.001
        eta, positive.
    beta_1, beta_2 : float, default=0.9, 0.999
        Decay of the two means, in [0, 1).
    epsilon : float, default=1e-8
        eps, positive.
    """

    learning_rate: float | Schedule = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def init(self, params: Any, *, has_l1: bool = False) -> Moments:
        """State before the first step."""
        count = np.zeros((), jax.tree.leaves(params)[0].dtype)
        return Moments(_zeros(params), _zeros(params), count)

    def step(
        self, params: Any, state: Moments, gradient: Any, learning_rate: Array, proximal: Proximal
    ) -> tuple[Any, Moments]:
        """Parameters and state after one step."""
        b1, b2, t = self.beta_1, self.beta_2, state.count + 1
        first = tree_map(lambda m, g: b1 * m + (1 - b1) * g, state.first, gradient)
        second = tree_map(lambda c, g: b2 * c + (1 - b2) * g * g, state.second, gradient)
        # eta m^ / (sqrt(c^) + eps) = (eta r / (1 - b1^t)) m / (sqrt(c) + eps r),  r = sqrt(1 - b2^t)
        r = jnp.sqrt(1 - b2**t)
        sizes = _step_sizes(params, second, learning_rate * r, self.epsilon * r)
        direction = tree_map(lambda m: m / (1 - b1**t), first)
        return _descend(params, direction, sizes, proximal), Moments(second, first, t)


@dataclass(frozen=True)
class LBFGS:
    """Limited-memory BFGS over all rows at once, driven by scipy's L-BFGS-B.

    Parameters
    ----------
    max_fun : int, default=15000
        Most evaluations of the cost.
    ftol : float, default=2.2e-9
        Stop when the cost falls by a smaller share than this in one step.
    max_line_search : int, default=20
        Most evaluations in one line search.
    """

    max_fun: int = 15000
    ftol: float = 2.2204460492503131e-09  # scipy's default
    max_line_search: int = 20


@dataclass(frozen=True)
class ConjugateGradient:
    """Nonlinear conjugate gradient of Polak and Ribiere over all rows, driven by scipy."""


STOCHASTIC = (SGD, AdaGrad, RMSprop, Adam)
DETERMINISTIC = (LBFGS, ConjugateGradient)
