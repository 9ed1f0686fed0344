"""The page's style sheet."""

# ruff: noqa: E501 (a rule of CSS on one line reads better)

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark;
  --ink: #1d232b; --soft: #5d6773; --line: #dde2e8; --page: #fbfbfa; --card: #ffffff;
  --accent: #00609c; --second: #c2570c; --wash: #eef5fa; --band: #e9e4d8; --warn: #8a5a00; --warnwash: #fdf5e3; }
@media (prefers-color-scheme: dark) { :root {
  --ink: #e4e7eb; --soft: #9aa5b1; --line: #303842; --page: #14181d; --card: #1a1f26;
  --accent: #6db8ea; --second: #f0a164; --wash: #1c2a36; --band: #3a372e; --warn: #e8c069; --warnwash: #2d2718; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); overflow-wrap: anywhere;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
main, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.5rem; }
header { max-width: 62rem; margin: 0 auto; padding: 2.6rem 1.5rem 0; }
.kicker { margin: 0; color: var(--soft); font-size: .85rem; letter-spacing: .02em; }
h1 { margin: .3rem 0 0; font-size: 1rem; font-weight: 600; color: var(--soft); }
.verdict { margin: 1rem 0 1.2rem; padding: 1.2rem 1.4rem; background: var(--wash);
  border-left: 4px solid var(--accent); border-radius: 0 6px 6px 0; }
.verdict.open { background: var(--warnwash); border-left-color: var(--warn); }
.verdict p { margin: 0; max-width: 46rem; }
.verdict .lead { font: 600 1.45rem/1.35 Charter, "Bitstream Charter", "Iowan Old Style", Georgia, serif; }
.verdict .rest { margin-top: .6rem; color: var(--ink); }
.facts { display: flex; flex-wrap: wrap; gap: .3rem 1.6rem; margin: 0 0 .4rem; padding: 0; list-style: none;
  color: var(--soft); font-size: .9rem; }
.facts b { color: var(--ink); font-weight: 600; }
section { margin-top: 2.6rem; }
h2 { margin: 0 0 .3rem; font-size: 1.12rem; font-weight: 650; }
.note { margin: 0 0 .9rem; max-width: 46rem; color: var(--soft); font-size: .9rem; }
table { width: 100%; border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { padding: .5rem .7rem .5rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 500; font-size: .82rem; border-bottom-color: var(--soft);
  vertical-align: bottom; }
tbody th { font-weight: 500; }
td.number { white-space: nowrap; }
td.plot { width: 34%; padding-right: 0; vertical-align: middle; }
td.plot svg { display: block; width: 100%; height: 1.6rem; overflow: visible; }
tr.chosen th { font-weight: 650; color: var(--accent); }
tr.chosen { background: linear-gradient(90deg, var(--wash), transparent); }
tr.chosen th { box-shadow: -.6rem 0 0 var(--wash); }
tr.axis td { border: 0; padding-top: .15rem; color: var(--soft); font-size: .76rem; }
tr.axis .plot div { display: flex; justify-content: space-between; }
small { display: block; color: var(--soft); font-size: .8rem; font-weight: 400; }
.pays { color: var(--accent); font-weight: 600; }
.not { color: var(--soft); }
.open-answer { color: var(--warn); }
svg .range { stroke: var(--soft); stroke-width: 2.5; }
svg .dot { fill: var(--soft); }
svg .speck { fill: var(--soft); opacity: .45; }
svg .chosen.range { stroke: var(--accent); }
svg .chosen.dot, svg .chosen.speck { fill: var(--accent); }
svg .zero { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 2; }
svg .band { fill: var(--band); }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1.2rem 1.6rem; }
figure { margin: 0; break-inside: avoid; }
figure svg { display: block; width: 100%; height: auto; max-width: 34rem; }
figure svg text { fill: var(--ink); }
figcaption { font-size: .88rem; font-weight: 600; margin-bottom: .2rem; }
.scroll { overflow-x: auto; }
.matrix { width: auto; font-size: .82rem; }
.matrix td { min-width: 2.1rem; padding: .3rem .35rem; text-align: center; border: 1px solid var(--card);
  background: color-mix(in srgb, var(--accent) calc(var(--share) * 85%), var(--card)); }
.matrix td.strong { color: var(--card); font-weight: 600; }
.matrix th { padding: .3rem .6rem .3rem 0; border: 0; color: var(--soft); font-weight: 500; }
.matrix thead th { padding: .3rem .35rem; text-align: center; max-width: 6rem; }
.columns td, .columns th { padding-top: .32rem; padding-bottom: .32rem; }
.columns th { max-width: 18rem; font-weight: 500; }
footer { margin-top: 3rem; padding-top: 1rem; padding-bottom: 3rem; border-top: 1px solid var(--line);
  color: var(--soft); font-size: .82rem; }
footer dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: 0; }
footer dd { margin: 0; }
code { font: .95em ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
@media (max-width: 40rem) {
  header { padding: 1.6rem 1rem 0; } main, footer { padding-left: 1rem; padding-right: 1rem; }
  .verdict { padding: 1rem; } .verdict .lead { font-size: 1.2rem; }
  table.rungs, table.gains { display: block; }
  table.rungs thead, table.gains thead { display: none; }
  table.rungs tbody, table.gains tbody { display: block; }
  table.rungs tr, table.gains tr { display: grid; grid-template-columns: 1fr auto; gap: 0 .8rem;
    padding: .6rem 0; border-bottom: 1px solid var(--line); }
  table.rungs tr.axis, table.gains tr.axis { border: 0; padding-top: 0; }
  table.rungs td, table.rungs th, table.gains td, table.gains th { border: 0; padding: .05rem 0; }
  td.plot, tr.axis td.plot { width: auto; grid-column: 1 / -1; }
  tr.axis td:not(.plot) { display: none; }
  td.time { display: none; }
  .columns .reason { display: none; }
  footer dl { grid-template-columns: 1fr; } footer dd { margin-bottom: .4rem; }
}
@media print {
  :root { --ink: #000; --soft: #444; --line: #bbb; --page: #fff; --card: #fff; --wash: #fff; --warnwash: #fff; }
  body { font-size: 10.5pt; } section { break-inside: auto; } tr, figure, .verdict { break-inside: avoid; }
  header { padding-top: 0; }
}
"""
