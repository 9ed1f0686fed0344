"""t-SNE as functions of arrays: neighbours, start, descent, places of new rows. The numbers are openTSNE's.

    p_j|i ~ exp(-|x_i - x_j|² / 2 s_i²),  s_i such that the entropy of p_.|i is log perplexity
    p_ij = (p_j|i + p_i|j) / 2n,          q_ij ~ (1 + |y_i - y_j|²)⁻¹
    cost = sum_ij p_ij log(p_ij / q_ij),  descended from p times ``early_exaggeration``, then from p

(van der Maaten and Hinton 2008, eqs. 1, 4 and 12; Belkina et al. 2019 for the learning rate). Neither
JAX nor openTSNE is imported before the first fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.neighbors import NearestNeighbors

Array = NDArray[Any]

EXPLORATION = 250  # iterations with exaggeration, as in scikit-learn
EVERY = 10  # iterations from one event to the next
MANY_ROWS = 10_000  # up to here the tree is as fast as interpolation, and closer
SCALE = 4  # scikit-learn's gradient is four times openTSNE's, its learning rate a fourth
MOMENTUM = 0.8
START_SPREAD = 1e-4  # standard deviation of the first axis at the start
JITTER = 1e-10  # equal rows must not share one place: the grid of no extent has no cells
SAME = 1e-10  # threads add up in any order: divergences that differ by less are equal
# Multiply-adds of an exact search that are borne, some minutes on two cores.
EXACT_SEARCH = 2e13
ANNOY_METRICS = {"euclidean": "euclidean", "l2": "euclidean", "cosine": "cosine"}
ANNOY_METRICS |= {"manhattan": "manhattan", "cityblock": "manhattan", "l1": "manhattan"}
FFT_SETTINGS = {
    "n_interpolation_points": 3,
    "min_num_intervals": 50,
    "ints_in_interval": 1,
}  # its own
# How openTSNE places new rows (Policar, Strazar and Zupan 2023, sec. 2.2).
NEW_PERPLEXITY, NEW_NEIGHBORS, NEW_ITERATIONS = 5, 25, 250
NEW_RATE, NEW_EXAGGERATION, NEW_GRADIENT_NORM = 0.1, 1.5, 0.25


class Event(NamedTuple):
    """What a callback of :class:`deepen.manifold.TSNE` is told.

    Attributes
    ----------
    iteration : int, 1 for the first
    max_iter : int, the most iterations that the fit may take
    kl_divergence : float, in nats, of the present places and the unexaggerated probabilities
    """

    iteration: int
    max_iter: int
    kl_divergence: float


class Descent(NamedTuple):
    """How far and how fast to descend."""

    max_iter: int
    early_exaggeration: float
    learning_rate: float | None  # in scikit-learn's scale; None follows the number of rows
    n_iter_without_progress: int
    min_grad_norm: float
    method: str  # 'barnes_hut' or 'fft'
    angle: float
    degrees_of_freedom: int
    n_threads: int


class Places(NamedTuple):
    """Where the rows ended."""

    embedding: Array
    kl_divergence: float
    n_iter: int


def searcher(X: Any, metric: Any, metric_params: Any, n_jobs: int | None) -> NearestNeighbors:
    """Exact search among the rows of X."""
    index = NearestNeighbors(metric=metric, metric_params=metric_params, n_jobs=n_jobs)
    return index.fit(X)


def neighbors(
    X: Any, n_neighbors: int, metric: Any, metric_params: Any, n_jobs: int | None, seed: int
) -> tuple[Array, Array]:
    """Distances and numbers of the nearest other rows, each (n_samples, n_neighbors).

    Approximate, by openTSNE's copy of Annoy, where an exact search would take too long.
    """
    n_operations = X.shape[0] ** 2 * X.shape[1]
    is_known = isinstance(metric, str) and metric in ANNOY_METRICS and not metric_params
    if n_operations <= EXACT_SEARCH or issparse(X) or not is_known:
        return searcher(X, metric, metric_params, n_jobs).kneighbors(n_neighbors=n_neighbors)
    from openTSNE.nearest_neighbors import Annoy

    # One thread: with several the trees depend on which thread was first.
    index = Annoy(X, n_neighbors, metric=ANNOY_METRICS[metric], random_state=seed, n_jobs=1)
    rows, distances = index.build()
    if metric == "cosine":  # Annoy's distance of angles is sqrt(2 (1 - cos)), its root
        distances = distances**2 / 2
    return distances, rows


def start(X: Any, init: Any, n_components: int, random_state: np.random.RandomState) -> Array:
    """First places (n_samples, n_components): principal components or noise, or as given."""
    n_samples = X.shape[0]
    if not isinstance(init, str):
        return np.asarray(init, np.float64) + JITTER * random_state.standard_normal(
            (n_samples, n_components)
        )
    places = START_SPREAD * random_state.standard_normal((n_samples, n_components))
    if init == "random":
        return places
    from deepen.decomposition import PCA

    n_found = min(n_components, *X.shape)
    pca = PCA(n_found, random_state=random_state).set_output(transform="default")
    with np.errstate(invalid="ignore"):  # of equal rows: no variance to take a share of
        scores = np.asarray(pca.fit_transform(X), np.float64)
    spread = scores[:, 0].std()
    if spread > 0:
        places[:, :n_found] *= 1e-2  # openTSNE's jitter
        places[:, :n_found] += START_SPREAD / spread * scores
    return places


def descend(
    distances: Array,
    rows: Array,
    places: Array,
    perplexity: float,
    descent: Descent,
    callbacks: Sequence[Callable[[Event], Any]],
) -> Places:
    """Minimise the divergence from the neighbours' probabilities; two phases."""
    from openTSNE.affinity import joint_probabilities_nn
    from openTSNE.tsne import TSNEEmbedding

    P = joint_probabilities_nn(rows, distances, [perplexity], n_jobs=descent.n_threads)
    watch = _Watch(descent, callbacks)
    embedding = TSNEEmbedding(
        places,
        SimpleNamespace(P=P),  # all that openTSNE reads of its affinities
        dof=descent.degrees_of_freedom,
        negative_gradient_method=watch.recording(_objective(descent.method)),
        theta=descent.angle,
        momentum=MOMENTUM,
        n_jobs=descent.n_threads,
        callbacks=[watch],
        callbacks_every_iters=EVERY,
    )
    n_exaggerated = min(EXPLORATION, descent.max_iter)
    phases = [
        (n_exaggerated, descent.early_exaggeration),
        (descent.max_iter - n_exaggerated, 1.0),
    ]
    for n_iter, exaggeration in phases:
        rate = learning_rate(descent.learning_rate, len(places), exaggeration)
        watch.begin(n_iter, is_last=exaggeration == 1.0)
        if n_iter and not watch.is_told_to_stop:
            embedding.optimize(
                n_iter, exaggeration=exaggeration, learning_rate=SCALE * rate, inplace=True
            )
            watch.end()
    # In one thread, since a sum over several depends on which was first.
    objective = _objective(descent.method)
    settings = {"bh_params": {"theta": descent.angle}, "fft_params": FFT_SETTINGS}
    kl_divergence, _ = objective(
        np.array(embedding), P, descent.degrees_of_freedom, should_eval_error=True, **settings
    )
    return Places(np.array(embedding), float(kl_divergence), watch.n_done)


def learning_rate(given: float | None, n_samples: int, exaggeration: float) -> float:
    """The given rate, or n / exaggeration / 4 (Belkina et al. 2019).

    Without scikit-learn's least rate of 50, which throws a hundred rows apart with our momentum.
    """
    return given if given is not None else n_samples / exaggeration / SCALE


def _objective(method: str) -> Any:
    from openTSNE.tsne import kl_divergence_bh, kl_divergence_fft

    return kl_divergence_fft if method == "fft" else kl_divergence_bh


class _Watch:
    """Tells the callbacks, and stops where they say so or nothing moves any more."""

    def __init__(self, descent: Descent, callbacks: Sequence[Callable[[Event], Any]]) -> None:
        self.descent, self.callbacks = descent, callbacks
        self.n_done, self.is_told_to_stop, self.gradient_norm = 0, False, np.inf

    def recording(self, objective: Any) -> Any:
        """The objective, which also leaves the gradient's norm here."""

        def evaluate(*args: Any, should_eval_error: bool = False, **settings: Any) -> Any:
            result = objective(*args, should_eval_error=should_eval_error, **settings)
            if should_eval_error:
                self.gradient_norm = SCALE * float(np.linalg.norm(result[1]))
            return result

        return evaluate

    def begin(self, n_iter: int, *, is_last: bool) -> None:
        self.patience = self.descent.n_iter_without_progress if is_last else EXPLORATION
        self.first, self.n_planned, self.last = self.n_done, n_iter, n_iter
        self.best, self.best_iteration = np.inf, 0

    def end(self) -> None:
        self.n_done = self.first + self.last

    def __call__(self, iteration: int, error: float, _: Array) -> bool:
        event = Event(self.first + iteration, self.descent.max_iter, float(error))
        answers = [callback(event) for callback in self.callbacks]  # all of them are told
        self.is_told_to_stop = any(answer is True for answer in answers)
        if error < self.best * (1 - SAME) or not np.isfinite(self.best):
            self.best, self.best_iteration = error, iteration
        is_stuck = 0 <= self.patience < iteration - self.best_iteration
        is_flat = self.gradient_norm <= self.descent.min_grad_norm
        is_over = self.is_told_to_stop or is_stuck or is_flat
        self.last = iteration if is_over else self.n_planned
        return is_over


def place_new(
    distances: Array, rows: Array, embedding: Array, descent: Descent, n_neighbors: int
) -> Array:
    """Places of new rows among the embedded ones, each row by itself.

    Starts at the median of the nearest rows' places and descends the divergence from the new row's
    probabilities to those of the embedded rows, which stay where they are.
    """
    from openTSNE.affinity import joint_probabilities_nn
    from openTSNE.tsne import PartialTSNEEmbedding, TSNEEmbedding

    # The interpolation grid is centred, so the reference must be.
    center = (embedding.max(axis=0) + embedding.min(axis=0)) / 2
    reference = TSNEEmbedding(
        embedding - center,
        SimpleNamespace(P=np.empty((len(embedding), 0))),
        dof=descent.degrees_of_freedom,
    )
    P = joint_probabilities_nn(
        rows[:, :n_neighbors],
        distances[:, :n_neighbors],
        [max(1.0, min(NEW_PERPLEXITY, n_neighbors / 3))],
        symmetrize=False,
        normalization="point-wise",
        n_reference_samples=len(embedding),
        n_jobs=descent.n_threads,
    )
    places = PartialTSNEEmbedding(
        np.median((embedding - center)[rows], axis=1),
        reference,
        P,
        dof=descent.degrees_of_freedom,
        negative_gradient_method={"fft": "fft"}.get(descent.method, "bh"),
        theta=descent.angle,
        n_jobs=descent.n_threads,
    )
    places.optimize(
        NEW_ITERATIONS,
        learning_rate=NEW_RATE,
        exaggeration=NEW_EXAGGERATION,
        momentum=MOMENTUM,
        max_grad_norm=NEW_GRADIENT_NORM,
        max_step_norm=None,
        inplace=True,
    )
    return np.array(places) + center
