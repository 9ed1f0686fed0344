"""The table that every part of the command line must survive, and cells as people write them."""

from __future__ import annotations

import numpy as np
import pandas as pd

HOSTILE = "<script>document.title='x'</script>"
WORDS = np.array("late broken great refund slow price thanks never again parcel".split())
N_UNLABELLED = 47


def table_to_survive(n_rows: int = 600, seed: int = 0) -> pd.DataFrame:
    """An id, a row number, a date, text, a city, a constant, a copy of the target, gaps in it."""
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 2, n_rows)
    gaps = rng.choice(n_rows, N_UNLABELLED * n_rows // 600, replace=False)
    label = np.where(target == 1, "yes", "no").astype(object)
    label[gaps] = None
    moments = pd.Timestamp("2021-03-01") + pd.to_timedelta(rng.integers(0, 700, n_rows), unit="D")
    return pd.DataFrame(
        {
            "id": [f"u{i:05}" for i in rng.permutation(n_rows)],
            "row": np.arange(n_rows),
            "date": moments.strftime("%d.%m.%Y"),
            "text": [" ".join(rng.choice(WORDS, 7)) + f" {i}" for i in range(n_rows)],
            "city": rng.choice([f"city {i}" for i in range(12)], n_rows),
            "constant": "x",
            "copy": target,
            HOSTILE: (target + rng.normal(size=n_rows)).round(3),
            "label": label,
        }
    )
