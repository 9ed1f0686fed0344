"""Rows known again: a fingerprint of each row, and which training row it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

Array = NDArray[Any]


def digests(X: Any) -> list[bytes]:
    """A short fingerprint of each row, by which a row is known again."""
    if not issparse(X):
        return [blake2b(row, digest_size=16).digest() for row in np.ascontiguousarray(X + 0)]
    X = X.tocsr(copy=True)
    X.sum_duplicates()
    X.eliminate_zeros()
    bounds = zip(X.indptr[:-1], X.indptr[1:], strict=True)
    return [
        blake2b(
            X.indices[low:high].astype(np.int64).tobytes() + X.data[low:high].tobytes(),
            digest_size=16,
        ).digest()
        for low, high in bounds
    ]


def known_rows(known: Sequence[bytes], new: Sequence[bytes]) -> Array:
    """Number of the training row that each row equals, -1 where it equals none.

    Of several equal training rows the k-th stands for the k-th such row, the last for any further.

    Examples
    --------
    >>> known_rows([b"a", b"b", b"a"], [b"a", b"c", b"a", b"a", b"b"])
    array([ 0, -1,  2,  2,  1])
    """
    places: dict[bytes, list[int]] = {}
    for number, digest in enumerate(known):
        places.setdefault(digest, []).append(number)
    n_seen: dict[bytes, int] = {}
    found = np.full(len(new), -1)
    for number, digest in enumerate(new):
        if digest in places:
            rank = n_seen[digest] = n_seen.get(digest, -1) + 1
            found[number] = places[digest][min(rank, len(places[digest]) - 1)]
    return found
