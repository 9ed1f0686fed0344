"""Neural networks: multilayer perceptrons for classes and for numbers."""

from deepen.neural_network.mlp_classifier import MLPClassifier
from deepen.neural_network.mlp_regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
