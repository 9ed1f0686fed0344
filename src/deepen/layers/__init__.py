"""Layers as pure functions, and the cost of a feed-forward network."""
