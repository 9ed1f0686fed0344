"""Pictures of what was learnt. Nothing here touches pyplot or any global state of matplotlib."""

from __future__ import annotations

from deepen.plotting.confusion import plot_confusion_matrix
from deepen.plotting.filters import plot_filters
from deepen.plotting.ladder_plot import plot_gains, plot_ladder
from deepen.plotting.learning_curves import plot_learning_curves
from deepen.plotting.residuals import plot_residuals

__all__ = [
    "plot_confusion_matrix",
    "plot_filters",
    "plot_gains",
    "plot_ladder",
    "plot_learning_curves",
    "plot_residuals",
]
