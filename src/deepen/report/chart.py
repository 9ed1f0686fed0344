"""Line charts as inline SVG: axes with round numbers, lines, bands, dots; colours are the page's."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from deepen.report.text import quoted

WIDE, SMALL = (400.0, 236.0), (300.0, 196.0)
LEFT, RIGHT, TOP, BOTTOM = 28.0, 18.0, 10.0, 40.0
CHARACTER = 7.0  # width of a tick's character
Point = tuple[float, float]


def round_steps(low: float, high: float, most: int = 6) -> list[float]:
    """At most `most` round numbers within [low, high]: multiples of 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> round_steps(0.0, 0.93)
    [0.0, 0.2, 0.4, 0.6, 0.8]
    """
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low]
    power = 10.0 ** (math.floor(math.log10((high - low) / most)) - 1)
    for multiple in (1, 2, 5, 10, 20, 50, 100, 200, 500):
        step = multiple * power
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            break
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return [round(i * step, digits) for i in range(first, last + 1)]


def tick_text(value: float, step: float, *, is_percent: bool = False) -> str:
    """A tick with no more decimals than its step has.

    Examples
    --------
    >>> tick_text(0.05, 0.05, is_percent=True), tick_text(-1500.0, 500.0), tick_text(2.5e6, 5e5)
    ('5 %', '−1,500', '2.5e6')
    """
    factor = 100.0 if is_percent else 1.0
    value, step = value * factor, abs(step * factor)
    if max(abs(value), step) >= 1e6 or (value and abs(value) < 1e-4):
        digits = round(math.log10(abs(value)) - math.log10(step) + 0.5) if value and step else 0
        front, _, power = f"{value:.{max(0, digits)}e}".partition("e")
        text = f"{float(front):g}e{int(power)}" if value else "0"
    else:
        decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
        text = f"{value:,.{decimals}f}"
    text = text.replace("-", "\N{MINUS SIGN}")
    return text + (" %" if is_percent else "")


class Span:
    """One axis: its ends, whether logarithmic, its ticks."""

    def __init__(
        self, values: Sequence[float], *, is_log: bool = False, is_percent: bool = False
    ) -> None:
        finite = [v for v in values if math.isfinite(v) and (v > 0 or not is_log)] or [0.0, 1.0]
        self.low, self.high = min(finite), max(finite)
        if self.high <= self.low:
            half = abs(self.low) / 2 or 0.5
            self.low, self.high = self.low - half, self.high + half
        self.is_log, self.is_percent = is_log, is_percent

    def share(self, value: float) -> float:
        """Position in [0, 1], cut off at the ends."""
        low, high = self.low, self.high
        if self.is_log:
            low, high, value = math.log(low), math.log(high), math.log(max(value, low))
        return min(1.0, max(0.0, (value - low) / (high - low)))

    def ticks(self, most: int = 6) -> list[tuple[float, str]]:
        """Round values with their texts."""
        if self.is_log:
            values = self._log_steps(most)
            return [(v, tick_text(v, v, is_percent=self.is_percent)) for v in values]
        values = round_steps(self.low, self.high, most)
        step = values[1] - values[0] if len(values) > 1 else self.high - self.low
        return [(v, tick_text(v, step, is_percent=self.is_percent)) for v in values]

    def _log_steps(self, most: int) -> list[float]:
        """1, 2, 5 of each power of ten, or 1 and 3, or each or every n-th power: what fits."""
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        sets = [((1, 2, 5), 1), ((1, 3), 1), *(((1,), every) for every in range(1, 12))]
        for multiples, every in sets:
            values = [m * 10.0**e for e in decades if e % every == 0 for m in multiples]
            values = [v for v in values if self.low <= v * 1.0001 and v <= self.high * 1.0001]
            if len(values) <= most:
                break
        return values


class Chart:
    """Collects marks and draws them over a grid."""

    def __init__(
        self, x: Span, y: Span, *, x_label: str = "", y_label: str = "", size: Point = WIDE
    ) -> None:
        self.x, self.y, self.x_label, self.y_label = x, y, x_label, y_label
        self.width, self.height = size
        self.y_ticks = y.ticks(5 if self.width < WIDE[0] else 6)
        self.left = LEFT + CHARACTER * max(len(text) for _, text in self.y_ticks or [(0, "")])
        self._marks: list[str] = []

    def _place(self, x: float, y: float) -> Point:
        across = self.left + (self.width - self.left - RIGHT) * self.x.share(x)
        return across, self.height - BOTTOM - (self.height - TOP - BOTTOM) * self.y.share(y)

    def _path(self, xs: Sequence[float], ys: Sequence[float]) -> Iterator[str]:
        for x, y in zip(xs, ys, strict=True):
            if math.isfinite(x) and math.isfinite(y):
                across, down = self._place(x, y)
                yield f"{across:.1f},{down:.1f}"

    def line(self, xs: Sequence[float], ys: Sequence[float], css: str) -> None:
        """Straight pieces between the points; what is not finite is left out."""
        self._marks.append(f'<polyline class="{css}" points="{" ".join(self._path(xs, ys))}"/>')

    def band(
        self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], css: str
    ) -> None:
        """The area between two curves."""
        points = [*self._path(xs, lows), *reversed(list(self._path(xs, highs)))]
        self._marks.append(f'<polygon class="{css}" points="{" ".join(points)}"/>')

    def dots(self, xs: Sequence[float], ys: Sequence[float], css: str) -> None:
        """A dot at each point: pieces of no length with round ends."""
        path = "".join(f"M{point}h0" for point in self._path(xs, ys))
        self._marks.append(f'<path class="{css}" d="{path}"/>')

    def whiskers(
        self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], css: str
    ) -> None:
        """An upright interval at each x."""
        for x, low, high in zip(xs, lows, highs, strict=True):
            self.line((x, x), (low, high), css)

    def render(self, label: str) -> str:
        """The picture; `label` says in words what it shows."""
        return (
            f'<svg class="chart" role="img" aria-label="{quoted(label)}" '
            f'viewBox="0 0 {self.width:g} {self.height:g}">{self._grid()}{"".join(self._marks)}</svg>'
        )

    def _grid(self) -> str:
        left, right, floor = self.left, self.width - RIGHT, self.height - BOTTOM
        parts = []
        for value, text in self.y_ticks:
            down = self._place(self.x.low, value)[1]
            parts.append(_line("grid", left, right, down, down))
            parts.append(_text(text, left - 6, down + 4, "tick y"))
        for value, text in self.x.ticks(4 if self.width < WIDE[0] else 6):
            across = self._place(value, self.y.low)[0]
            parts.append(_line("mark", across, across, floor, floor + 4))
            parts.append(_text(text, across, floor + 17, "tick"))
        parts.append(_line("mark", left, right, floor, floor))
        parts.append(_text(quoted(self.x_label), (left + right) / 2, self.height - 5, "label"))
        middle = (TOP + floor) / 2
        parts.append(
            f'<text class="label" transform="translate(11 {middle:.1f}) rotate(-90)">'
            f"{quoted(self.y_label)}</text>"
        )
        return "".join(parts)


def _line(css: str, x1: float, x2: float, y1: float, y2: float) -> str:
    return f'<line class="{css}" x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}"/>'


def _text(text: str, x: float, y: float, css: str) -> str:
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}">{text}</text>'


def key(entries: Sequence[tuple[str, str]]) -> str:
    """What the lines are: (text already escaped, class of the line) each."""
    items = "".join(
        f'<li><svg class="swatch" aria-hidden="true" viewBox="0 0 24 8">'
        f"{_line(css, *((12, 12) if css.startswith('big') else (0, 24)), 4, 4)}</svg>{text}</li>"
        for text, css in entries
    )
    return f'<ul class="key">{items}</ul>'
