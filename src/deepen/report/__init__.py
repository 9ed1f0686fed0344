"""One HTML file that holds everything: no script, no network, readable on paper and on a phone."""

from __future__ import annotations

from deepen.report.data import (
    Calibration,
    CalibrationBin,
    ColumnRow,
    FeatureMap,
    Filters,
    GainRow,
    ImportanceRow,
    LabelCurve,
    LabelLine,
    LayersView,
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
    "FeatureMap",
    "Filters",
    "GainRow",
    "ImportanceRow",
    "LabelCurve",
    "LabelLine",
    "LayersView",
    "MistakeRow",
    "Notice",
    "Report",
    "RowsUse",
    "RungRow",
    "Threshold",
    "render",
]
