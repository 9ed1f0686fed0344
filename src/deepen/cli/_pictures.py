"""Pictures of what a model learnt, for ``deepen fit`` and ``deepen inspect``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepen._extras import import_extra
from deepen.cli._unit_interval import check_unit_interval

if TYPE_CHECKING:
    from deepen.neural_network import BernoulliRBM, GaussianRBM

LEAST_PICTURE = 4  # pixels a side: fewer features are no picture
ROWS = 500  # that a machine's hidden units are looked at with
MOMENTS = (1, 10, 100, 1000)  # Gibbs steps after which samples are shown
CHAINS = 10
STEPS_TO_FILL = (100, 100)  # Gibbs steps of in-painting, averaged and before
DOTS_PER_INCH = 120


def check_folder(folder: Path) -> None:
    """Refuse what is no folder and cannot become one, and to draw without what draws."""
    import_extra("matplotlib")
    if not folder.is_dir() and (folder.exists() or not folder.parent.is_dir()):
        raise FileNotFoundError(2, "is no folder, nor can it be made there", str(folder))


def write_pictures(pictures: dict[str, Any], folder: Path, force: bool) -> list[Path]:
    """Axes by the names of their files, each written whole or not at all; the paths."""
    import io

    from deepen._files import atomic_write

    if pictures:
        folder.mkdir(exist_ok=True)
    for name, ax in pictures.items():
        buffer = io.BytesIO()
        ax.figure.savefig(buffer, dpi=DOTS_PER_INCH)
        with atomic_write(folder / name, force=force) as file:
            file.write(buffer.getvalue())
    return [folder / name for name in pictures]


def pictures_of(pipeline: Any, table: Any = None, seed: int = 0) -> dict[str, Any]:
    """Pictures that there are of a model, matplotlib's axes by the names of their files.

    Parameters
    ----------
    pipeline : fitted Pipeline of a TableEncoder and a model, or a model
    table : DataFrame, default=None
        Rows that a Boltzmann machine is shown; without them it looks at samples of its own.
    seed : int, default=0
        Of the choice of rows and of the samples.
    """
    from deepen.neural_network import BernoulliRBM, GaussianRBM
    from deepen.plotting import plot_filters, plot_learning_curves

    model = getattr(pipeline, "steps", [("model", pipeline)])[-1][1]
    places = _Places(pipeline, model)
    pictures = {}
    if isinstance(model, BernoulliRBM | GaussianRBM):
        pictures = _of_machine(model, places, _encoded(pipeline, table, seed), seed)
    elif places.is_picture:
        pictures["filters.png"] = plot_filters(places.columns(places.weights))
    history = getattr(model, "history_", None)
    if isinstance(history, dict) and len(history.get("loss", ())) > 1:
        ax = pictures["learning-curves.png"] = plot_learning_curves(history)
        if isinstance(model, BernoulliRBM | GaussianRBM):
            ax.set_ylabel("mean F(rows) - mean F(samples), nats")
            ax.set_title(
                "free energies of rows and samples in balance? No measure of quality", fontsize=10
            )
    return pictures


class _Places:
    """Which column of the table each input of a model is."""

    def __init__(self, pipeline: Any, model: Any) -> None:
        import numpy as np

        from deepen.datasets import TableEncoder

        weights = getattr(model, "coefs_", [None])[0]
        if weights is None and hasattr(model, "components_"):
            weights = np.transpose(model.components_)
        self.weights = np.zeros((0, 0)) if weights is None or np.ndim(weights) != 2 else weights
        encoder = getattr(pipeline, "steps", [("", None)])[0][1]
        self.positions, self.n_columns = np.arange(len(self.weights)), len(self.weights)
        self.center: Any = 0.0
        self.scale: Any = 1.0
        if isinstance(encoder, TableEncoder):
            used = [(treatment, position) for _, treatment, position in encoder.used()]
            self.positions = np.array([position for _, position in used])
            self.n_columns = len(encoder.columns_)
            self.center = np.array([getattr(treatment, "center", 0.0) for treatment, _ in used])
            self.scale = np.array([getattr(treatment, "scale", 1.0) for treatment, _ in used])
        side = round(self.n_columns**0.5)
        is_square = side >= LEAST_PICTURE and side**2 == self.n_columns
        # not where some column became several
        self.is_picture = is_square and len(self.positions) == len(self.weights)

    def columns(self, inputs: Any) -> Any:
        """First axis: the columns of the table in the place of the inputs, 0 where one was left out."""
        import numpy as np

        out = np.zeros((self.n_columns, *inputs.shape[1:]))
        out[self.positions] = inputs
        return out

    def pictures(self, inputs: Any) -> Any:
        """Last axis: the columns of the table, in the table's own units."""
        import numpy as np

        return np.moveaxis(
            self.columns(np.moveaxis(inputs * self.scale + self.center, -1, 0)), 0, -1
        )


def _encoded(pipeline: Any, table: Any, seed: int) -> Any:
    """Some rows of a table, in random order, as the model sees them."""
    import numpy as np

    if table is None:
        return None
    chosen = np.random.RandomState(seed).permutation(len(table))[:ROWS]
    rows = table.iloc[chosen] if hasattr(table, "iloc") else table[chosen]
    steps = [step for _, step in getattr(pipeline, "steps", [("model", pipeline)])]
    for step in steps[:-1]:
        rows = step.transform(rows)
    check_unit_interval(steps, rows, is_new=True)
    return rows


def _of_machine(
    machine: BernoulliRBM | GaussianRBM, places: _Places, rows: Any, seed: int
) -> dict[str, Any]:
    import numpy as np

    from deepen.neural_network import GaussianRBM
    from deepen.plotting import (
        plot_filters_by_use,
        plot_hidden_activations,
        plot_inpainting,
        plot_samples,
        plot_update_sizes,
    )

    shown = machine.sample(CHAINS * CHAINS, random_state=seed) if rows is None else rows
    hidden = machine.transform(shown)
    rate = _first_rate(machine)
    update = None if rows is None else _update(machine, rows, rate, seed)
    pictures = {
        "hidden-activations.png": plot_hidden_activations(hidden),
        "weights.png": plot_update_sizes(places.weights, update),
    }
    if update is not None:
        label = f"absolute value of the weights, and of one CD-1 update at rate {rate:g}"
        pictures["weights.png"].set_xlabel(label)
    if not places.is_picture:
        return pictures
    added = places.weights  # log-odds; of a Gaussian machine what a unit adds to the picture
    if isinstance(machine, GaussianRBM):
        added = added * np.reshape(places.scale, (-1, 1))
    pictures["filters.png"] = plot_filters_by_use(places.columns(added), hidden)
    samples = _samples(machine, shown[:CHAINS], seed)
    if rows is not None:
        samples[0] = rows[:CHAINS]
    pictures["samples.png"] = plot_samples(places.pictures(samples), steps=(0, *MOMENTS))
    if rows is not None:
        damaged, filled = _completed(machine, places, rows[:CHAINS], seed)
        given, completed, truth = map(places.pictures, (damaged, filled, rows[:CHAINS]))
        given[:, places.n_columns // 2 :] = np.nan
        pictures["inpainting.png"] = plot_inpainting(given, completed, truth)
    return pictures


def _samples(machine: Any, v: Any, seed: int) -> Any:
    """Chains that begin at rows, after growing numbers of steps, inputs on the last axis.

    What is shown are the means that the features of each state imply: the states themselves are bits.
    """
    import numpy as np

    from deepen.functions import sampling

    rng, states, params = np.random.RandomState(seed), [np.asarray(v)], machine._params()
    for done, step in zip((0, *MOMENTS), MOMENTS, strict=False):
        begin, n_steps = states[-1], step - done

        def walk(key: Any, begin: Any = begin, n_steps: int = n_steps) -> Any:
            return sampling.gibbs(params, begin, key, n_steps)

        states.append(machine._compute(walk, rng))
    return np.stack([machine.reconstruct(state) for state in states])


def _completed(machine: Any, places: _Places, rows: Any, seed: int) -> tuple[Any, Any]:
    """Rows without their lower half, and what the machine makes of them."""
    import numpy as np

    damaged = np.array(rows, machine.components_.dtype)
    damaged[:, places.positions >= places.n_columns // 2] = np.nan
    return damaged, machine.inpaint(damaged, *STEPS_TO_FILL, random_state=seed)


def _first_rate(machine: Any) -> float:
    """Learning rate of the first step, of the solver where that is an object with a rate of its own."""
    from deepen.engine.schedules import as_schedule

    return as_schedule(
        getattr(machine.solver, "learning_rate", machine.learning_rate)
    ).learning_rate


def _update(machine: Any, rows: Any, rate: float, seed: int) -> Any:
    """Change of the weights by one step of CD-1 on a batch of rows, whatever the solver."""
    import copy
    import warnings

    other = copy.deepcopy(machine)
    other.set_params(
        algorithm="cd", n_steps=1, solver="sgd", momentum=0.0, learning_rate=rate,
        random_state=seed, callbacks=None, checkpoint=None, verbose=0,
    )  # fmt: skip
    other._rng = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # rows outside [0, 1] have been told of
        other.partial_fit(rows[: max(1, int(machine.batch_size))])
    return (other.components_ - machine.components_).T
