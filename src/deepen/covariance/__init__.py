"""Covariance over N or N - 1, and the Gaussian that goes with it."""

from deepen.covariance.empirical import (
    EmpiricalCovariance,
    covariance,
    log_likelihood,
)

__all__ = ["EmpiricalCovariance", "covariance", "log_likelihood"]
