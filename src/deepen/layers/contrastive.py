"""The cost of a restricted Boltzmann machine on a batch of rows, and the samples that it needs.

    C(params) = sum_i w_i F(v_i) - (sum_i w_i) mean_m F(v~_m),      the samples v~ held constant,

whose gradient is that of the negative log-likelihood with the model's mean replaced by the samples'
(Hinton 2002, doi:10.1162/089976602760128018); the exact cost has -log Z in place of their mean.
One Gibbs step is v ~ p(v | h), h ~ p(h | v). The samples come from

    cd       h from the batch's own rows, k Gibbs steps                                  (Hinton 2002)
    pcd      chains that go on from one batch to the next, k steps each                (Tieleman 2008)
    fpcd     pcd at params + fast, fast <- .95 fast - rate dC              (Tieleman and Hinton 2009)
    pt       chains at several temperatures that exchange states             (Desjardins et al. 2010)

A persistent chain is kept as its hidden units, so that a step of pcd takes five products of matrices:
W h, v~'W, the data's v'W, and the two of the gradient. Since v~ does not wait for the data, v~'W and
v'W are one product of twice the rows, as the gradient's two are.

The gradient is the plain or the centred one (:mod:`deepen.layers.centred_gradient`). (Tieleman 2008,
doi:10.1145/1390156.1390290; Tieleman and Hinton 2009, doi:10.1145/1553374.1553506.)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from deepen.functions import bernoulli_energy, gaussian_energy, tempering
from deepen.functions.bernoulli_energy import draw
from deepen.functions.partition import exact_log_partition
from deepen.functions.tempered_path import base_rates, inverse_temperatures
from deepen.layers.centred_gradient import centred, contrast

ENERGIES: dict[str, ModuleType] = {"bernoulli": bernoulli_energy, "gaussian": gaussian_energy}
OFFSET_RATE = 0.01  # of the sliding means (Melchior et al. 2016, section 6.1)
FAST_DECAY = 0.95  # of the fast weights (Tieleman and Hinton 2009, section 3.2)


class State(NamedTuple):
    """What one batch hands to the next; None where the algorithm has no such part.

    Attributes
    ----------
    visible_offset, hidden_offset : arrays of shape (n_visible,) and (n_hidden,), mu and lambda
    chains : hidden units of shape (n_chains, n_hidden); of 'pt' a state of
        :mod:`deepen.functions.tempering`
    fast : Params, the fast weights
    """

    visible_offset: Any
    hidden_offset: Any
    chains: Any = None
    fast: Any = None


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ContrastiveDivergence:
    """Free-energy contrast of a batch.

    Parameters
    ----------
    units : {'bernoulli', 'gaussian'}
        Kind of the visible units.
    algorithm : {'pcd', 'cd', 'fpcd', 'pt', 'exact'}
    n_steps : int
        k, Gibbs steps per batch.
    centred : tuple of two bools
        Whether the gradient is centred by the visible and by the hidden units' means.
    learns_variance, is_binarized : bool
        Whether Gaussian units learn their variances, and whether every visit draws the units of a row
        with its values as probabilities.
    nominal_weight : float
        Weight of a full batch: a shorter one moves offsets and fast weights by its share.
    fast_rate : float or None
        Learning rate of the fast weights.
    sparsity_target, sparsity_cost : float or None
        Wished mean probability of a hidden unit, and how strongly (Hinton 2012, section 11).
    """

    units: str = field(metadata={"static": True})
    algorithm: str = field(metadata={"static": True})
    n_steps: int = field(metadata={"static": True})
    centred: tuple[bool, bool] = field(metadata={"static": True})
    learns_variance: bool = field(metadata={"static": True})
    is_binarized: bool = field(metadata={"static": True})
    nominal_weight: Any
    fast_rate: Any = None
    sparsity_target: Any = None
    sparsity_cost: Any = None

    @property
    def is_random(self) -> bool:
        """Whether two evaluations differ."""
        return self.is_binarized or self.algorithm != "exact"

    @property
    def energy(self) -> ModuleType:
        """Functions of the machine."""
        return ENERGIES[self.units]

    def __call__(
        self, params: Any, batch: tuple[Array, Array], weights: Array, state: State, key: Any
    ) -> tuple[Float[Array, ""], Float[Array, ""], State]:
        """Weighted sum of the rows' contrasts, total weight, and the chains and means gone on."""
        v, _ = batch
        if self.is_binarized:
            key, data_key = jax.random.split(key)
            v = draw(v, data_key)
        constant = lax.stop_gradient(params)
        samples, sample_weights, state = self._samples(constant, v, weights, state, key)
        rows, signed = self._joined((v, weights), (samples, sample_weights))
        mean = self.energy.hidden_mean(constant, rows[0])[: len(v)]
        state = self._slide(v, mean, weights, state)

        def cost_fn(params: Any) -> Array:
            return self._cost(params, (v, weights), rows, signed, state)

        if self.algorithm == "fpcd":
            state = self._quicken(jax.grad(cost_fn)(constant), state)
        return cost_fn(params), weights.sum(), state

    def _joined(
        self, data: tuple[Array, Array], samples: tuple[Any, Any]
    ) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        """Data and samples in one block, whose product with the weights is one; their signed weights.

        In two blocks for cd, whose samples wait for the data's product.
        """
        (v, weights), (v_samples, sample_weights) = data, samples
        if self.algorithm == "exact":
            return (v,), (weights,)
        if self.algorithm == "cd":
            return (v, v_samples), (weights, -sample_weights)
        signed = jnp.concatenate([weights, -sample_weights])
        return (jnp.concatenate([v, v_samples]),), (signed,)

    def _cost(
        self,
        params: Any,
        data: tuple[Array, Array],
        rows: tuple[Array, ...],
        signed: tuple[Array, ...],
        state: State,
    ) -> Float[Array, ""]:
        v, weights = data
        followed = self._followed(params, state)
        if self.units == "bernoulli" and self.algorithm != "exact":
            cost = contrast(params, rows, signed, self._offsets(state))
        else:
            energies = (self.energy.free_energy(followed, block) for block in rows)
            terms = [r @ F for r, F in zip(signed, energies, strict=True)]
            cost = jnp.stack(terms).sum()
            if self.algorithm == "exact":
                cost = cost + weights.sum() * exact_log_partition(followed)
        if self.sparsity_target is None:
            return cost
        # The cross-entropy between the target and a mean probability q has derivative q - target
        # in the unit's log-odds; q is the sliding mean.
        excess = self.sparsity_cost * (state.hidden_offset - self.sparsity_target)
        pull = weights @ self.energy.hidden_logits(followed, v) @ excess
        return cost + pull - lax.stop_gradient(pull)

    def _offsets(self, state: State) -> tuple[Array, Array]:
        """Offsets mu and lambda of the centred gradient; zeros of units that are not centred."""
        means = (state.visible_offset, state.hidden_offset)
        mu, lambda_ = (float(on) * mean for on, mean in zip(self.centred, means, strict=True))
        return mu, lambda_

    def _followed(self, params: Any, state: State) -> Any:
        """The parameters, with the gradient that is wanted of them."""
        mu, lambda_ = self._offsets(state)
        if self.units == "gaussian":
            variance = jnp.exp(params.log_variance)
            params = centred(params, self.energy.scaled(params, mu), lambda_, variance)
            if not self.learns_variance:
                params = params._replace(log_variance=lax.stop_gradient(params.log_variance))
        elif any(self.centred):
            params = centred(params, mu, lambda_, jnp.ones_like(mu))
        return params

    def _slide(self, v: Array, mean: Array, weights: Array, state: State) -> State:
        """Offsets moved towards the means of v and h: mu <- mu + nu (mean of v - mu), lambda likewise."""
        weight = weights.sum()
        rate = OFFSET_RATE * jnp.minimum(1, weight / self.nominal_weight)
        share = rate / jnp.where(weight > 0, weight, 1)
        return state._replace(
            visible_offset=state.visible_offset * (1 - rate) + share * (weights @ v),
            hidden_offset=state.hidden_offset * (1 - rate) + share * (weights @ mean),
        )

    def _samples(
        self, params: Any, v: Array, weights: Array, state: State, key: Any
    ) -> tuple[Any, Any, State]:
        """Samples of the model with weights that sum to the batch's, and the chains gone on."""
        if self.algorithm == "exact":
            return None, None, state
        if self.algorithm == "cd":
            start_key, key = jax.random.split(key)
            h = self.energy.sample_hidden(params, v, start_key)
            return gibbs_steps(self.energy, params, h, self.n_steps, key, v[:0])[0], weights, state
        if self.algorithm == "pt":
            chains: Any = tempering_steps(params, state.chains, self.n_steps, key)
            samples = chains.v[-1]
        else:
            beside = v
            if self.algorithm == "fpcd":
                params, beside = jax.tree.map(jnp.add, params, state.fast), v[:0]
            samples, chains = gibbs_steps(
                self.energy, params, state.chains, self.n_steps, key, beside
            )
        share = jnp.broadcast_to(weights.sum() / len(samples), (len(samples),))
        return samples, share, state._replace(chains=chains)

    def _quicken(self, gradient: Any, state: State) -> State:
        """Fast weights after one step of their own."""
        rate = self.fast_rate / self.nominal_weight
        fast = jax.tree.map(lambda w, g: FAST_DECAY * w - rate * g, state.fast, gradient)
        return state._replace(fast=fast)


def gibbs_steps(
    energy: ModuleType,
    params: Any,
    h: Float[Array, "n n_hidden"],
    n_steps: int,
    key: Array,
    beside: Float[Array, "m n_visible"],
) -> tuple[Float[Array, "n n_visible"], Float[Array, "n n_hidden"]]:
    """Visible and hidden units after n_steps >= 1 Gibbs steps from h.

    The last product takes the rows ``beside`` with it, so that it is the contrast's product too.
    """

    def step(i: Any, h: Array, beside: Array) -> tuple[Array, Array]:
        visible_key, hidden_key = jax.random.split(jax.random.fold_in(key, i))
        v = energy.sample_visible(params, h, visible_key)
        mean = energy.hidden_mean(params, jnp.concatenate([beside, v]))
        return v, draw(mean[len(beside) :], hidden_key)

    if n_steps > 1:  # the last step stands outside the loop, where its products join the gradient's
        h = lax.fori_loop(1, n_steps, lambda i, h: step(i, h, beside[:0])[1], h)
    return step(0, h, beside)


def tempering_steps(
    params: Any, chains: tempering.State, n_steps: int, key: Array
) -> tempering.State:
    """Chains of all temperatures after n_steps Gibbs steps and rounds of exchanges."""
    betas = jnp.asarray(inverse_temperatures(len(chains.v), chains.v.dtype))
    path = base_rates(params)

    def step(i: Any, chains: tempering.State) -> tempering.State:
        return tempering.step(path, betas, chains, jax.random.fold_in(key, i))[0]

    return lax.fori_loop(0, n_steps, step, chains)
