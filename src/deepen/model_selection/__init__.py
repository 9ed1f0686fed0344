"""Choosing between models with error bars: the ladder and its verdict."""

from __future__ import annotations

from deepen.model_selection.ladder import Ladder
from deepen.model_selection.results import LadderEvent, RungResult
from deepen.model_selection.verdict import Gain, Verdict

__all__ = ["Gain", "Ladder", "LadderEvent", "RungResult", "Verdict"]
