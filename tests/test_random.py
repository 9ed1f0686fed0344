"""Random draws: equal to the published generator, and independent across keys."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from deepen.functions import random

# Random draws. Thresholds hold for every seed up to about one failure in 10^6 tests.
RARE = 1e-6


def keys_of(seed, n):
    return jax.random.split(jax.random.key(seed), n)


def test_threefry_with_20_rounds_equals_jaxs_bit_for_bit(seed):
    from jax.extend.random import threefry_2x32 as of_jax

    rng = np.random.RandomState(seed)
    for _ in range(3):
        key = rng.randint(0, 2**32, 2, dtype=np.uint64).astype(np.uint32)
        counter = rng.randint(0, 2**32, 33, dtype=np.uint64).astype(np.uint32)
        own = random.threefry_2x32(jnp.asarray(key), jnp.asarray(counter), rounds=20)
        padded = jnp.concatenate([jnp.asarray(counter), jnp.zeros(33, jnp.uint32)])
        expected = np.asarray(of_jax(jnp.asarray(key), padded))
        np.testing.assert_array_equal(np.concatenate([np.asarray(w) for w in own]), expected)


def test_threefry_equals_the_published_known_answers():
    # Random123's kat_vectors: threefry2x32 with 13 and 20 rounds, key and counter zero
    zero = jnp.zeros(2, jnp.uint32)
    for rounds, answer in ((13, (0x9D1C5EC6, 0x8BD50731)), (20, (0x6B200159, 0x99BA4EFE))):
        words = random.threefry_2x32(zero, jnp.zeros(1, jnp.uint32), rounds=rounds)
        assert tuple(int(w[0]) for w in words) == answer


def test_uniform_draws_are_uniform_across_many_keys(seed):
    draws = np.asarray(jax.vmap(lambda k: random.uniform(k, (500,)))(keys_of(seed, 200)))
    assert draws.dtype == np.float32
    assert 0 < draws.min() and draws.max() < 1
    assert stats.kstest(draws.ravel(), "uniform").pvalue > RARE
    counts = np.histogram(draws, bins=64, range=(0, 1))[0]
    assert stats.chisquare(counts).pvalue > RARE
    p_values = [stats.kstest(row, "uniform").pvalue for row in draws]
    assert stats.kstest(p_values, "uniform").pvalue > RARE  # each key's stream on its own


def test_normal_draws_are_normal_across_many_keys(seed):
    draws = np.asarray(jax.vmap(lambda k: random.normal(k, (500,)))(keys_of(seed, 200)))
    n = draws.size
    assert stats.kstest(draws.ravel(), "norm").pvalue > RARE
    assert abs(draws.mean()) < 5 / np.sqrt(n)
    assert abs(draws.var() - 1) < 5 * np.sqrt(2 / n)
    assert abs((draws**4).mean() - 3) < 5 * np.sqrt(96 / n)


@pytest.mark.parametrize("probability", [0.2, 0.5, 0.8])
def test_bernoulli_draws_have_their_probability_in_every_place(probability, seed):
    keys, p = keys_of(seed, 2000), jnp.float32(probability)
    draws = np.asarray(jax.vmap(lambda k: random.bernoulli(k, p, (51,)))(keys))
    counts = draws.sum(axis=0)
    spread = np.sqrt(probability * (1 - probability) * len(draws))
    z = (counts - probability * len(draws)) / spread
    assert stats.chi2.sf((z**2).sum(), len(z)) > RARE
    rows = (draws.sum(axis=1) - 51 * probability) / np.sqrt(51 * probability * (1 - probability))
    assert abs(rows.var() - 1) < 0.25


def test_bernoulli_of_zero_and_one_are_certain():
    key = jax.random.key(0)
    assert np.asarray(random.bernoulli(key, jnp.float32(1), (9999,))).all()
    assert not np.asarray(random.bernoulli(key, jnp.float32(0), (9999,))).any()


def correlation_scores(streams):
    """Correlations of all pairs of rows, in standard deviations of independent ones."""
    n = streams.shape[1]
    z = np.corrcoef(streams) * np.sqrt(n)
    return z[np.triu_indices(len(streams), 1)]


@pytest.mark.parametrize("draw", ["uniform", "normal", "bernoulli"])
def test_streams_of_neighbouring_steps_and_sites_are_uncorrelated(draw, seed):
    def stream(key):
        if draw == "bernoulli":
            return random.bernoulli(key, jnp.float32(0.5), (4096,)).astype(jnp.float32)
        return getattr(random, draw)(key, (4096,))

    base = jax.random.key(seed)
    steps = jnp.arange(40, dtype=jnp.uint32)

    def of_step(i):
        return jax.vmap(stream)(jax.random.split(jax.random.fold_in(base, i), 3))

    streams = np.asarray(jax.vmap(of_step)(steps)).reshape(120, -1)
    z = correlation_scores(streams)
    limit = stats.norm.isf(RARE / len(z))
    assert abs(z).max() < limit
    assert abs(z.var() - 1) < 0.15
    for lag in (1, 2, 64, 2048):
        shifted = np.sum((streams - streams.mean()) * (np.roll(streams, lag, 1) - streams.mean()))
        assert abs(shifted / (streams.var() * np.sqrt(streams.size))) < 6


def test_the_stream_does_not_depend_on_the_dtype(seed):
    def draws(x64):
        with jax.enable_x64(x64):
            key = jax.random.wrap_key_data(np.array([0, seed], np.uint32), impl="threefry2x32")
            key = jax.random.fold_in(key, 3)
            p = jnp.asarray(0.3, jnp.float64 if x64 else jnp.float32)
            return [
                np.asarray(a)
                for a in (
                    random.uniform(key, (33,)),
                    random.normal(key, (33,)),
                    random.bernoulli(key, p, (33,)),
                )
            ]

    for single, double in zip(draws(False), draws(True), strict=True):
        assert single.dtype == double.dtype
        np.testing.assert_array_equal(single, double)
