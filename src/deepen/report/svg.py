"""Inline SVG of one interval per table row, in the page's own colours."""

from __future__ import annotations

from collections.abc import Sequence


class Scale:
    """Maps values to percent of the width, with a margin of 3 % at either side.

    Examples
    --------
    >>> Scale([0.0, 10.0]).percent(5.0)
    '50.00%'
    """

    def __init__(self, values: Sequence[float]) -> None:
        self.low, self.high = min(values), max(values)
        if self.high <= self.low:
            self.low, self.high = self.low - 0.5, self.high + 0.5

    def percent(self, value: float) -> str:
        """Position of a value; values beyond the ends stay at the ends."""
        share = (value - self.low) / (self.high - self.low)
        return f"{3 + 94 * min(1.0, max(0.0, share)):.2f}%"


def interval_svg(
    scale: Scale,
    mean: float,
    interval: tuple[float, float],
    *,
    specks: Sequence[float] = (),
    is_chosen: bool = False,
    min_gain: float | None = None,
    label: str = "",
) -> str:
    """A dot with its interval; `specks` are repeats, `min_gain` draws zero and the band beside it.

    `label` must be escaped already.
    """
    extra = " chosen" if is_chosen else ""
    parts = [f'<svg role="img" aria-label="{label}">']
    if min_gain is not None:
        left, right = scale.percent(0.0), scale.percent(min_gain)
        width = f"{max(0.0, float(right[:-1]) - float(left[:-1])):.2f}%"
        parts.append(f'<rect class="band" x="{left}" y="0" width="{width}" height="100%"/>')
        parts.append(f'<line class="zero" x1="{left}" x2="{left}" y1="0" y2="100%"/>')
    parts += [
        f'<circle class="speck{extra}" cx="{scale.percent(s)}" cy="85%" r="1.8"/>' for s in specks
    ]
    ends = [scale.percent(end) for end in interval]
    parts.append(f'<line class="range{extra}" x1="{ends[0]}" x2="{ends[1]}" y1="45%" y2="45%"/>')
    parts.append(f'<circle class="dot{extra}" cx="{scale.percent(mean)}" cy="45%" r="4.5"/></svg>')
    return "".join(parts)
