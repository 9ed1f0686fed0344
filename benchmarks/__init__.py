"""Measurements of speed and of accuracy; each module's docstring says how to run it."""
