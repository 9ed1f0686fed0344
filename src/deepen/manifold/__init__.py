"""Embeddings: pictures of many columns in two."""

from deepen.manifold.tsne import TSNE

__all__ = ["TSNE"]
