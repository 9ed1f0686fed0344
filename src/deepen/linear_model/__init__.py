"""Linear models: networks with no hidden layer."""

from deepen.linear_model.linear_regression import LinearRegression
from deepen.linear_model.logistic_regression import LogisticRegression

__all__ = ["LinearRegression", "LogisticRegression"]
