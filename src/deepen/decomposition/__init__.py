"""Principal components, with and without the covariance matrix."""

from deepen.decomposition.pca import PCA

__all__ = ["PCA"]
