"""Pictures of what was learnt, by matplotlib, an extra: ``pip install "deepen[plot]"``.

Nothing here touches pyplot or any global state of matplotlib.
"""

from __future__ import annotations

from deepen.plotting.confusion import plot_confusion_matrix
from deepen.plotting.dimensions import plot_dimensions, reconstruction_error
from deepen.plotting.embedding import plot_embedding
from deepen.plotting.filters import plot_filters
from deepen.plotting.gradients import plot_gradients
from deepen.plotting.hidden_units import (
    plot_filters_by_use,
    plot_hidden_activations,
    plot_update_sizes,
)
from deepen.plotting.ladder_plot import plot_gains, plot_ladder
from deepen.plotting.learning_curves import plot_learning_curves
from deepen.plotting.residuals import plot_residuals
from deepen.plotting.samples import plot_inpainting, plot_samples

__all__ = [
    "plot_confusion_matrix",
    "plot_dimensions",
    "plot_embedding",
    "plot_filters",
    "plot_filters_by_use",
    "plot_gains",
    "plot_gradients",
    "plot_hidden_activations",
    "plot_inpainting",
    "plot_ladder",
    "plot_learning_curves",
    "plot_residuals",
    "plot_samples",
    "plot_update_sizes",
    "reconstruction_error",
]
