"""The run-time check of annotations that conftest.py switches on."""

from __future__ import annotations

from beartype import BeartypeConf, beartype

# An int is a float, as PEP 484 and mypy have it.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
