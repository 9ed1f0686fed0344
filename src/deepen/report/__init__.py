"""One HTML file that holds everything: no script, no network, readable on paper and on a phone."""

from __future__ import annotations

from deepen.report.page import ColumnRow, GainRow, Report, RungRow, render

__all__ = ["ColumnRow", "GainRow", "Report", "RungRow", "render"]
