"""Pictures of a report for somebody to look at: a phone and a desk, light and dark, and paper.

    python tests/look_at_report.py deepen-ladder-NAME/report.html pictures

Long pages come in pieces that can be read. Says whether anything stood in the console or was asked for.
"""

from __future__ import annotations

import argparse
import base64
import tempfile
from pathlib import Path

from devtools import Page

PHONE, DESK, HEIGHT = 390, 1440, 1800
A4 = {"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": True, "printBackground": False}


def look(report: Path, folder: Path) -> None:
    """Write the pictures; every fold is open."""
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        page = Page(Path(profile))
        for width in (PHONE, DESK):
            for scheme in ("light", "dark"):
                page.size(width, HEIGHT, is_mobile=width == PHONE)
                page.scheme(scheme)
                page.open(report)
                page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
                wide, high = page.run(
                    "(e => [e.scrollWidth, e.scrollHeight])(document.documentElement)"
                )
                asked = [url for url in page.requests() if not url.startswith("data:")]
                print(f"{width} {scheme}: {wide} x {high}, {len(page.complaints())} complaints, "
                      f"{len(asked) - 1} requests")  # fmt: skip
                for piece, top in enumerate(range(0, high, HEIGHT)):
                    page.run(f"scrollTo(0, {top})")
                    page.settle()
                    page.screenshot(folder / f"{width}-{scheme}-{piece}.png")
        pdf = page.call("Page.printToPDF", **A4)["data"]
        (folder / "paper.pdf").write_bytes(base64.b64decode(pdf))
        page.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    look(options.report, options.folder)
