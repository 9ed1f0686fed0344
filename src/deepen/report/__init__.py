"""One HTML file that holds everything: no script, no network, readable on paper and on a phone."""

from __future__ import annotations

from deepen.report.data import (
    Calibration,
    CalibrationBin,
    ColumnRow,
    Filters,
    GainRow,
    ImportanceRow,
    LabelCurve,
    LabelLine,
    MistakeRow,
    Notice,
    Report,
    RowsUse,
    RungRow,
    Threshold,
)
from deepen.report.page import render

__all__ = [
    "Calibration",
    "CalibrationBin",
    "ColumnRow",
    "Filters",
    "GainRow",
    "ImportanceRow",
    "LabelCurve",
    "LabelLine",
    "MistakeRow",
    "Notice",
    "Report",
    "RowsUse",
    "RungRow",
    "Threshold",
    "render",
]
