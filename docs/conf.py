"""Sphinx settings of deepen's documentation."""

from deepen import __version__

project = "deepen"
copyright = "the deepen developers"
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
myst_heading_anchors = 2
autosummary_generate = True
numpydoc_show_class_members = False
autodoc_typehints = "none"
html_theme = "furo"
exclude_patterns = ["_build", "images"]
suppress_warnings = [
    "myst.xref_missing",
    "ref.ref",
]  # scikit-learn's own labels in inherited docstrings
