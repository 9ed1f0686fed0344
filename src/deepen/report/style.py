"""The page's style sheet: light, dark, phone, paper.

All colours are variables; a test holds their contrast. No rule names an address, and nothing is
set by a style attribute: the page's policy lets in this text alone, by its hash.
"""

from __future__ import annotations

from deepen.report.diagnosis import SHADES

LIGHT = {
    "ink": "#1b2129", "soft": "#59626e", "line": "#dfe3e8", "page": "#fbfbfa", "card": "#ffffff",
    "accent": "#00609c", "second": "#b24a06", "third": "#1a6f4b", "fourth": "#7a4a9e",
    "wash": "#eef5fa", "band": "#e9e4d8", "deep": "#79b0d4",
    "warn": "#855600", "warnwash": "#fdf5e3", "bad": "#a8261c", "badwash": "#fdeeec",
}  # fmt: skip
DARK = {
    "ink": "#e4e7eb", "soft": "#a0abb7", "line": "#303842", "page": "#14181d", "card": "#1a1f26",
    "accent": "#6db8ea", "second": "#f0a164", "third": "#6cc79c", "fourth": "#c5a1e6",
    "wash": "#1c2a36", "band": "#3a372e", "deep": "#2d6188",
    "warn": "#e8c069", "warnwash": "#2d2718", "bad": "#ff9c92", "badwash": "#361f1d",
}  # fmt: skip
PAPER = {**LIGHT, "ink": "#000000", "soft": "#444444", "line": "#bbbbbb", "page": "#ffffff",
         "wash": "#ffffff", "warnwash": "#ffffff", "badwash": "#ffffff"}  # fmt: skip


def _variables(colours: dict[str, str]) -> str:
    return ":root { " + " ".join(f"--{name}: {value};" for name, value in colours.items()) + " }"


_SHADES = "\n".join(
    f".matrix td.shade{n} {{ background: color-mix(in srgb, var(--deep) {100 * n / SHADES:g}%, "
    f"var(--card)); }}"
    for n in range(SHADES + 1)
)

_SCREEN = """
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--page); color: var(--ink); overflow-wrap: anywhere;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
main, footer, header { max-width: 64rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2.6rem; }
.kicker { margin: 0; color: var(--soft); font-size: .85rem; letter-spacing: .02em; }
h1 { margin: .3rem 0 0; font-size: 1rem; font-weight: 600; color: var(--soft); }
.verdict { margin: 1rem 0 1.2rem; padding: 1.2rem 1.4rem; background: var(--wash);
  border-left: 4px solid var(--accent); border-radius: 0 6px 6px 0; }
.verdict.open { background: var(--warnwash); border-left-color: var(--warn); }
.verdict p { margin: 0; max-width: 48rem; }
.verdict .lead { font: 600 1.45rem/1.35 Charter, "Bitstream Charter", "Iowan Old Style", Georgia, serif; }
.verdict .rest { margin-top: .6rem; }
.notices { margin: 0 0 1.2rem; padding: 0; list-style: none; font-size: .93rem; }
.notices li { display: grid; grid-template-columns: 11rem 1fr; gap: 0 1rem; padding: .45rem .8rem;
  border-left: 4px solid var(--line); }
.notices li + li { margin-top: .3rem; }
.notices li.serious { border-left-color: var(--bad); background: var(--badwash); }
.notices li.serious b { color: var(--bad); }
.notices b { font-weight: 600; }
.facts, nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; margin: 0; padding: 0; list-style: none;
  color: var(--soft); font-size: .9rem; }
.facts b { color: var(--ink); font-weight: 600; }
nav { margin-top: .8rem; padding-top: .7rem; border-top: 1px solid var(--line); }
nav ul { gap: .2rem 1.1rem; font-size: .85rem; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 3px; }
nav a { text-decoration: none; } nav a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
section { margin-top: 2.6rem; }
h2 { margin: 0 0 .3rem; font-size: 1.15rem; font-weight: 650; }
.note { margin: 0 0 .9rem; max-width: 48rem; color: var(--soft); font-size: .9rem; }
.note b { font-weight: 600; color: var(--ink); }
.answer { margin: 0 0 .8rem; max-width: 48rem; font-weight: 500; }
table { width: 100%; table-layout: fixed; border-collapse: collapse; font-size: .92rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: .5rem .8rem .5rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 500; font-size: .82rem; border-bottom-color: var(--soft);
  vertical-align: bottom; }
tbody th { font-weight: 500; }
.rungs thead th:nth-child(1), .gains thead th:nth-child(1) { width: 23%; }
.rungs thead th:nth-child(2) { width: 16%; } .rungs thead th:nth-child(3) { width: 19%; }
.rungs thead th:nth-child(4) { width: 13%; } .gains thead th:nth-child(2) { width: 19%; }
.gains thead th:nth-child(3) { width: 25%; } .gains.short thead th:nth-child(1) { width: 44%; }
.gains.short thead th:nth-child(3) { width: 37%; }
td.number .na { color: var(--soft); }
td.plot { padding-right: 0; vertical-align: middle; }
td.plot svg { display: block; width: 100%; height: 1.6rem; overflow: visible; }
tr.chosen { background: var(--wash); } tr.chosen th { font-weight: 650; color: var(--accent); }
tr.chosen th { box-shadow: -.6rem 0 0 var(--wash); }
tr.chosen td:last-child { box-shadow: .6rem 0 0 var(--wash); }
small { display: block; color: var(--soft); font-size: .82rem; font-weight: 400; }
small.badge { color: var(--accent); }
tr.axis td { border: 0; padding-top: .1rem; color: var(--soft); }
tr.axis .plot svg { height: 1rem; } tr.axis text { fill: var(--soft); font-size: 12px; text-anchor: middle; }
tr.axis small { text-align: center; }
.pays { color: var(--accent); font-weight: 600; } .not { color: var(--soft); }
.open-answer { color: var(--warn); font-weight: 500; }
svg .range { stroke: var(--soft); stroke-width: 2.5; }
svg .dot, svg .speck { fill: var(--soft); } svg .speck { opacity: .5; }
svg .chosen.range { stroke: var(--accent); } svg .chosen.dot, svg .chosen.speck { fill: var(--accent); }
svg .zero { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3; fill: none; }
svg rect.band { fill: var(--band); }
.chart { display: block; width: 100%; height: auto; overflow: visible; }
.chart text { fill: var(--soft); font-size: 12px; text-anchor: middle; } .chart text.y { text-anchor: end; }
.chart .grid { stroke: var(--line); } .chart .mark { stroke: var(--soft); }
.chart polyline { fill: none; stroke-linejoin: round; }
svg .training { stroke: var(--soft); stroke-width: 1.2; opacity: .55; }
svg .validation { stroke: var(--accent); stroke-width: 1.4; opacity: .8; }
.chart .cloud { stroke: var(--accent); stroke-width: 4; stroke-linecap: round; opacity: .45; fill: none; }
.chart .whisker { stroke: var(--accent); stroke-width: 2; opacity: .55; }
svg .s1 { --hue: var(--accent); } svg .s2 { --hue: var(--second); } svg .s3 { --hue: var(--third); }
svg .s4 { --hue: var(--fourth); } svg .s5 { --hue: var(--warn); } svg .s6 { --hue: var(--soft); }
svg .series { stroke: var(--hue); stroke-width: 2; }
svg .series.s2 { stroke-dasharray: 7 3; } svg .series.s3 { stroke-dasharray: 2 3; }
svg .series.s4 { stroke-dasharray: 9 3 2 3; } svg .series.s5 { stroke-dasharray: 4 2; }
.chart polygon.band { fill: var(--hue); opacity: .14; }
.chart .points { stroke: var(--hue); stroke-width: 7; stroke-linecap: round; fill: none; }
svg .big { stroke: var(--hue); stroke-width: 11; stroke-linecap: round; fill: none; }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1.3rem; margin: 0 0 .6rem; padding: 0; list-style: none;
  font-size: .86rem; }
.swatch { width: 1.5rem; height: .5rem; margin-right: .45rem; vertical-align: middle; }
.swatch .training, .swatch .validation { stroke-width: 2.5; } .swatch .big { stroke-width: 8; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17.5rem, 100%), 1fr));
  gap: 1.2rem 1.6rem; }
figure { margin: 0; break-inside: avoid; } figure.single { max-width: 27rem; }
.beside { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 27rem); gap: .6rem 2.4rem; }
.beside .key { flex-direction: column; }
figcaption { font-size: .88rem; font-weight: 600; margin-bottom: .3rem; }
.scroll { overflow-x: auto; }
.matrix, .mistakes { table-layout: auto; }
.matrix { width: auto; font-size: .84rem; }
.matrix td { min-width: 2.3rem; padding: .32rem .35rem; text-align: center; white-space: nowrap;
  border: 1px solid var(--card); }
.matrix td.right { font-weight: 650; }
.matrix td.count { padding-left: .8rem; color: var(--soft); text-align: right; }
.matrix th { padding: .32rem .7rem .32rem 0; border: 0; font-weight: 500; white-space: nowrap; }
.matrix thead th { padding: .3rem .35rem; text-align: center; }
.matrix thead th:first-child { text-align: left; padding-left: 0; font-weight: 400; }
.mistakes { width: max-content; font-size: .86rem; }
.mistakes td, .mistakes th { min-width: 5rem; max-width: 15rem; padding: .35rem .9rem .35rem 0; }
.mistakes .predicted { color: var(--bad); }
.thumbnails { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(6.4rem, 28%), 1fr));
  gap: 1rem; margin: 0; padding: 0; list-style: none; font-size: .86rem; }
.thumbnails li { break-inside: avoid; } .thumbnails p { margin: .3rem 0 0; line-height: 1.35; }
.thumbnails img { display: block; width: 100%; image-rendering: pixelated; border: 1px solid var(--line); }
.sheet, .map { display: block; width: 100%; max-width: 32rem; image-rendering: pixelated; }
.map { max-width: 12rem; }
h3 { margin: 1.6rem 0 .3rem; font-size: 1rem; font-weight: 650; }
.pictures + .key { margin-top: 1.4rem; }
.maps { grid-template-columns: repeat(auto-fill, minmax(min(17.5rem, 44%), 1fr)); }
.chart .frame { fill: none; stroke: var(--line); }
.chart .rows { stroke-width: 5.5; stroke-linecap: round; fill: none; }
svg .unlabelled { stroke: var(--soft); opacity: .35; }
.swatch .rows { stroke-width: 7; stroke-linecap: round; }
details { margin-top: 1rem; } summary { cursor: pointer; color: var(--accent); font-size: .92rem; }
details > table { margin-top: .6rem; }
.columns td, .columns th, .rows td, .rows th { padding-top: .34rem; padding-bottom: .34rem; }
.columns thead th:nth-child(1) { width: 19%; } .columns thead th:nth-child(2) { width: 11%; }
.columns thead th:nth-child(3) { width: 25%; } .columns thead th:nth-child(5) { width: 26%; }
.rows thead th:nth-child(1) { width: 24%; } .rows thead th:nth-child(2) { width: 28%; }
.out { color: var(--warn); }
.reason { color: var(--soft); }
footer { margin-top: 3rem; padding-top: 1rem; padding-bottom: 3rem; color: var(--soft); font-size: .84rem; }
footer dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: 0;
  padding-top: 1rem; border-top: 1px solid var(--line); }
footer dd { margin: 0; }
.option { white-space: nowrap; }
code { font: .94em ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
"""

_PHONE = """
@media screen and (max-width: 44rem) {
  main, footer, header { padding-left: 1rem; padding-right: 1rem; } header { padding-top: 1.4rem; }
  .verdict { padding: 1rem; } .verdict .lead { font-size: 1.2rem; }
  .notices li, .beside { grid-template-columns: 1fr; }
  .rungs td.number:nth-child(2), .gains td.number { text-align: right; }
  .rungs, .gains, .columns, .rows { display: block; }
  .rungs tbody, .gains tbody, .columns tbody, .rows tbody { display: block; }
  .rungs thead, .gains thead, .columns thead, .rows thead { position: absolute; width: 1px; height: 1px;
    overflow: hidden; clip-path: inset(50%); }
  .rungs tr, .gains tr, .columns tr, .rows tr { display: grid; grid-template-columns: 1fr auto; gap: 0 .8rem;
    padding: .6rem 0; border-bottom: 1px solid var(--line); }
  .rungs :is(td, th), .gains :is(td, th), .columns :is(td, th), .rows :is(td, th) {
    border: 0; padding: .05rem 0; }
  td.plot { grid-column: 1 / -1; }
  td.number.wide { grid-column: 1 / -1; text-align: left !important; }
  tr.axis { padding-top: 0 !important; border: 0 !important; }
  tr.axis td:not(.plot), :is(.rungs, .gains) td:empty { display: none; }
  .rungs td.time { grid-column: 1 / -1; color: var(--soft); font-size: .82rem; }
  tr.chosen td:last-child { box-shadow: none; } tr.chosen { margin: 0 -.6rem; padding: .6rem !important; }
  tr.chosen th { box-shadow: none; }
  .columns :is(td:nth-child(n+3)), .rows td.reason { grid-column: 1 / -1; font-size: .88rem; }
  .columns .kind { color: var(--soft); font-size: .88rem; }
  .rungs td.number, .gains td:not(.plot) { font-size: .88rem; }
  .matrix { font-size: .8rem; } .matrix td { min-width: 1.6rem; padding: .32rem .1rem; }
  .matrix td.count { padding-left: .5rem; } .matrix th, .matrix thead th { padding-right: .3rem; }
  .matrix thead th { padding-left: .1rem; }
  footer dl { grid-template-columns: 1fr; } footer dd { margin-bottom: .4rem; }
}
"""

_PAPER = """
@page { margin: 16mm 14mm; }
@media print {
  :root { color-scheme: light; }
  html { font-size: 12px; } body { font-size: 12px; }
  main, footer, header { max-width: none; padding-left: 0; padding-right: .6rem; }
  header { padding-top: 0; } nav { display: none; } section { margin-top: 1.6rem; }
  .verdict { border: 1px solid var(--line); border-left: 4px solid var(--accent); }
  tr, figure, .verdict, .notices li, .key, .note, .beside { break-inside: avoid; }
  h2, .note, .answer { break-after: avoid; }
  tr:nth-last-child(2) { break-after: avoid; } thead { display: table-header-group; }
  .scroll { overflow: visible; }
  .mistakes { width: 100%; font-size: .76rem; } .mistakes tbody th { white-space: nowrap; }
  .mistakes thead th { font-size: .68rem; } .mistakes small { font-size: .9em; }
  .mistakes td, .mistakes th { min-width: 0; max-width: none; padding-right: .55rem; }
  details::details-content { content-visibility: visible; display: block; }
  summary { color: inherit; list-style: none; }
  .matrix td, svg, tr.chosen { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .pictures { grid-template-columns: repeat(3, 1fr); } .sheet { max-width: 90mm; }
  .thumbnails { grid-template-columns: repeat(8, 1fr); }
}
"""

STYLE = (
    f"\n{_variables(LIGHT)}\n@media (prefers-color-scheme: dark) {{ {_variables(DARK)} }}"
    f"{_SCREEN}{_SHADES}{_PHONE}@media print {{ {_variables(PAPER)} }}{_PAPER}"
)
