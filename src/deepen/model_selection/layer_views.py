"""What the layers of a pre-trained rung learnt: filters, reconstructions, samples, maps of the rows.

The network is that of the first repeat, trained on its training rows, so that everything is shown on rows
that it was not trained on. Filters, reconstructions and samples are those of the layers before they
saw a target; the maps are of the features after fine-tuning.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.model_selection import training
from deepen.model_selection.ascent import Ascent
from deepen.model_selection.attempt import Attempt
from deepen.model_selection.climb import seed_of
from deepen.model_selection.clock import now
from deepen.model_selection.data import Arrays, Data, rows
from deepen.model_selection.pictures import at_pixels, picture_shape
from deepen.report import FeatureMap, Filters, LayersView

N_PICTURES, GIBBS_STEPS = 8, 500
# Of the variance; less calls for a word.
LITTLE = 0.05
LITTLE_IN_COMMON = ": little of what is in these columns is common to several of them."
# What comes back is told of no more rows than these, whose features must be in memory all at once.
MOST_ROWS = 5000
MOST_POINTS, LEAST_POINTS, PERPLEXITY, MAP_ITERATIONS = 400, 20, 30.0, 500
# What a map is thought to take before the first of its kind.
SECONDS = {"PCA": 0.5, "t-SNE": 3.0}
Array = NDArray[Any]


def layer_views(ascent: Ascent, deadline: float) -> list[LayersView]:
    """One view of each pre-trained rung that finished, the best first; as many as fit before `deadline`.

    Parameters
    ----------
    ascent : Ascent
        Finished.
    deadline : float
        In the seconds of `clock.now`.
    """
    data, ready = ascent.climber.data, with_layers(ascent)
    views: list[LayersView] = []
    for attempt in sorted(ready, key=lambda attempt: attempt.result.mean):
        first = attempt.outcomes[0]
        if now() + first.fit_seconds + first.pretraining_seconds > deadline:
            break
        ascent.climber.tell("after", f"what the layers of {attempt.result.title} learnt")
        view = _view(attempt, data, deadline, has_maps=not views)
        if view is not None:
            views.append(view)
    return views


def with_layers(ascent: Ascent) -> list[Attempt]:
    """Pre-trained rungs that finished."""
    return [a for a in ascent.attempts.values() if a.rung.pretraining and a.result.is_compared]


def _view(attempt: Attempt, data: Data, deadline: float, *, has_maps: bool) -> LayersView | None:
    arrays, outcome = data.arrays(0, attempt.rung.form), attempt.outcomes[0]
    fitted = training.fit_candidate(
        attempt.rung, outcome.params, arrays, data, seed=seed_of(data.seed, 0, 0), deadline=deadline
    )
    if fitted.model is None or arrays.pretraining is None:
        return None
    layers = fitted.model.pretrainers_
    X = held_out(arrays)[0][:MOST_ROWS]
    back = _down(layers, _up(layers, X))
    n, n_unlabelled = arrays.pretraining.n_learnt, arrays.pretraining.n_unlabelled
    inputs = _pixels_of(data, arrays)
    scaled = _own_units(data, arrays, inputs) if inputs else lambda values: values
    share = _share_back(scaled(X), scaled(back))
    without = f", {n_unlabelled:,} of them without a target" if n_unlabelled else ""
    units = " and ".join(f"{weights.shape[1]:,}" for weights in filters_of(layers))
    words = (
        f"{len(layers)} layers of {units} units learnt from {n:,} rows{without}. "
        f"Of rows that they had not seen, {share:.0%} of the variance comes back "
        "from the top layer"
    ).replace("%", " %")
    words += "." if share >= LITTLE else LITTLE_IN_COMMON
    made = {"rows": X[:N_PICTURES], "reconstructions": back[:N_PICTURES]}
    if attempt.rung.pretraining == "rbm":
        made["samples"] = samples_of(layers, N_PICTURES, data.seed)
    pictures = {}
    if inputs:
        made = {name: scaled(values) for name, values in made.items()}
        pictures = _pictures(list(data.X.columns), inputs, filters_of(layers), made)
    maps, labels = _maps(fitted.model, arrays, data, deadline) if has_maps else ([], [])
    if has_maps and not maps and len(X) >= LEAST_POINTS:
        words += " No time was left for maps of its features."
    return LayersView(attempt.result.title, words, maps=maps, labels=labels, **pictures)


def held_out(arrays: Arrays) -> tuple[Array, Array]:
    """Rows of a repeat that trained nothing, those of the verdict first."""
    parts = (arrays.verdict, arrays.tuning, arrays.stopping)
    return np.concatenate([X for X, _ in parts]), np.concatenate([y for _, y in parts])


def _up(layers: Sequence[Any], X: Array) -> Array:
    for layer in layers:
        X = layer.transform(X)
    return X


def _down(layers: Sequence[Any], H: Array) -> Array:
    for layer in reversed(layers):
        H = layer.inverse_transform(H)
    return H


def _share_back(X: Array, back: Array) -> float:
    """Share of the variance that a reconstruction has, not below zero."""
    total = float(np.sum((X - X.mean(axis=0)) ** 2))
    return max(0.0, 1 - float(np.sum((X - back) ** 2)) / total) if total > 0 else 0.0


def _pixels_of(data: Data, arrays: Arrays) -> list[str]:
    """Names of the inputs where all of them are pixels of a picture; empty elsewhere."""
    names = [str(name) for name in getattr(data.X, "columns", ())]
    inputs = [str(name) for name in arrays.encoder.get_feature_names_out()]
    return inputs if picture_shape(names) and set(inputs) <= set(names) else []


def _pictures(
    names: list[Any], inputs: list[str], weights: Sequence[Array], made: dict[str, Array]
) -> dict[str, Any]:
    """Filters of each layer, and rows of the inputs, as pictures."""
    shape = picture_shape(names) or (0, 0)
    filters = [
        Filters(f"layer {number}", at_pixels(one, inputs, names), shape)
        for number, one in enumerate(weights, 1)
    ]
    tiles = {
        name: at_pixels(values.T, inputs, names).T.reshape(-1, *shape)
        for name, values in made.items()
    }
    return {"filters": filters, **tiles}


def filters_of(layers: Sequence[Any]) -> list[Array]:
    """Weights from the inputs to the units of each layer, as if the layers below were linear."""
    from deepen.neural_network._pretraining import encoder_weights

    found: list[Array] = []
    for layer in layers:
        weights = encoder_weights(layer).weights
        found.append(found[-1] @ weights if found else weights)
    return found


def samples_of(layers: Sequence[Any], n_samples: int, seed: int) -> Array:
    """Rows that a deep belief network makes up: Gibbs steps of the top machine, then down once."""
    top = layers[-1].sample(n_samples, n_steps=GIBBS_STEPS, random_state=seed % 2**32)
    return _down(layers[:-1], top.astype(layers[-1].components_.dtype))


def _own_units(data: Data, arrays: Arrays, inputs: Sequence[Any]) -> Any:
    """From [0, 1] of each column to the pixels' own scale, and that to [0, 1] of all together."""
    own = rows(data.X, data.splits[0].training)[[str(name) for name in inputs]].to_numpy(float)
    unit = arrays.training[0].astype(float)
    low, high = np.nanmin(own, axis=0), np.nanmax(own, axis=0)
    span = np.maximum(unit.max(axis=0) - unit.min(axis=0), 1e-12)
    slope = (high - low) / span
    start = low - slope * unit.min(axis=0)
    floor, ceiling = float(low.min()), float(high.max())
    return lambda values: ((start + slope * values - floor) / (ceiling - floor or 1.0)).clip(0, 1)


def _maps(
    model: Any, arrays: Arrays, data: Data, deadline: float
) -> tuple[list[FeatureMap], list[Any]]:
    """PCA and t-SNE of the columns and of each layer's features; a method is there for all or for none."""
    X, y = held_out(arrays)
    X, labels = X[:MOST_POINTS], _named(data, y[:MOST_POINTS])
    before = arrays.pretraining
    if before is not None and before.n_unlabelled and len(X) < MOST_POINTS:
        others = before.rows[-before.n_unlabelled :][: MOST_POINTS - len(X)]
        X, labels = np.concatenate([X, others]), [*labels, *[None] * len(others)]
    if len(X) < LEAST_POINTS:
        return [], []
    n_layers = len(model.coefs_) - 1
    features = {"the columns": X}
    features |= {f"layer {n}": model.transform(X, layer=n) for n in range(1, n_layers + 1)}
    found: list[FeatureMap] = []
    for method in ("PCA", "t-SNE"):
        own: list[FeatureMap] = []
        longest = SECONDS[method]
        for number, (name, values) in enumerate(features.items()):
            start = now()
            if start + (len(features) - number) * longest > deadline:
                break
            own.append(FeatureMap(name, method, _plane(method, values, data.seed)))
            longest = now() - start
        if len(own) == len(features):
            found += own
    return found, labels


def _plane(method: str, X: Array, seed: int) -> Array:
    from deepen.decomposition import PCA
    from deepen.manifold import TSNE

    if method == "PCA":
        return np.asarray(PCA(n_components=2, random_state=seed % 2**32).fit_transform(X))
    perplexity = min(PERPLEXITY, (len(X) - 1) / 3)
    # One thread: for so few rows others only wait for one another.
    tsne = TSNE(perplexity=perplexity, max_iter=MAP_ITERATIONS, n_jobs=1, random_state=seed % 2**32)
    return np.asarray(tsne.fit_transform(X))


def _named(data: Data, y: Array) -> list[Any]:
    """Classes as text; of numbers, the fifth of the targets in which they are."""
    if data.task == "classification":
        return [str(label) for label in y]
    ends = np.quantile(data.y, [0.2, 0.4, 0.6, 0.8])
    edges = [data.y.min(), *ends, data.y.max()]
    names = [f"{low:.3g} to {high:.3g}" for low, high in itertools.pairwise(edges)]
    return [names[place] for place in np.searchsorted(ends, y)]
