"""Tables read piece by piece are the tables read whole, and memory is that of a piece."""

import gzip

import numpy as np
import pandas as pd
import pytest

from deepen.datasets import (
    DataError,
    TableEncoder,
    delimited,
    read_chunks,
    read_table,
    records,
)
from survivor import table_to_survive


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(records, "BLOCK", 1 << 12)


def text_of(table):
    return [
        [None if pd.isna(v) else str(v) for v in row] for row in table.astype(object).to_numpy()
    ]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet", "a.npy", "iris"])
def test_pieces_are_the_whole(name, tmp_path, small_blocks, seed):
    table = table_to_survive(seed=seed)
    path = tmp_path / name
    if name.endswith(".parquet"):
        table.to_parquet(path, row_group_size=100)
    elif name.endswith(".npy"):
        np.save(path, np.arange(1400.0).reshape(700, 2))
    elif name == "iris":
        path = name
    else:
        table.to_csv(path, index=False)
    pieces = list(read_chunks(path, n_rows=64))
    assert max(map(len, pieces)) <= 64 and len(pieces) > 2
    whole = read_table(path)
    assert text_of(pd.concat(pieces)) == text_of(whole)


def test_pieces_are_encoded_as_the_whole(tmp_path, small_blocks):
    table = table_to_survive()
    table["zip"] = [f"{k % 40:05}" for k in range(600)]
    path = tmp_path / "a.csv"
    table.to_csv(path, index=False)
    encoder = TableEncoder().fit(read_table(path))
    as_text = [c.name for c in encoder.columns_ if c.kind in ("categorical", "text", "date")]
    pieces = [encoder.transform(t) for t in read_chunks(path, as_text=as_text, n_rows=37)]
    np.testing.assert_array_equal(np.vstack(pieces), encoder.transform(read_table(path)))


def test_only_one_block_is_asked_for_at_a_time(tmp_path, small_blocks):
    """A fault far down is found when its turn comes: what is before it has been handed out."""
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "1,2\n" * 20_000 + "3\n")
    pieces = read_chunks(path, n_rows=500)
    assert len(next(pieces)) <= 500
    n_rows = 500
    with pytest.raises(DataError, match="line 20002: 1 fields"):
        for piece in pieces:
            n_rows += len(piece)
    assert n_rows > 10_000


def test_a_word_far_down_leaves_no_cell_altered(tmp_path, small_blocks):
    cells = [f"{k:03}.50" for k in range(100, 3000)]
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "".join(f"{c},{k}\n" for k, c in enumerate(cells)) + "x,9\n")
    table = read_table(path)
    assert list(table["a"]) == [*cells, "x"]
    assert table["b"].dtype.kind == "i"


def test_whole_numbers_then_fractions_then_gaps(tmp_path, small_blocks):
    cells = ["7"] * 3000 + ["0.5"] * 3000 + [""] * 10
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "".join(f"{cell},1\n" for cell in cells))
    values = read_table(path)["a"].to_numpy()
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, [7.0] * 3000 + [0.5] * 3000 + [np.nan] * 10)


def test_large_files_are_kept_short(tmp_path, small_blocks, monkeypatch):
    table = table_to_survive()
    table["big"] = 2**40 + np.arange(600)
    table["price"] = [f"{k % 50} %" for k in range(600)]
    table["paid"] = ["Ja", "ja", "Nein"] * 200
    path = tmp_path / "a.csv"
    table.to_csv(path, index=False)
    plain = read_table(path)
    monkeypatch.setattr(delimited, "LARGE", 1)
    short = read_table(path)
    types = {name: str(dtype) for name, dtype in short.dtypes.items()}
    assert types["city"] == "category" and types["copy"] == types["row"] == "int32"
    assert types["big"] == "int64" and "category" not in (types["price"], types["paid"])
    floats = plain.select_dtypes("float64")
    assert (short.dtypes[floats.columns] == np.float32).all()
    assert text_of(short.drop(columns=floats)) == text_of(plain.drop(columns=floats))
    encoder = TableEncoder().fit(plain)
    np.testing.assert_allclose(encoder.transform(short), encoder.transform(plain), atol=1e-5)
    assert [c.kind for c in TableEncoder().fit(short).columns_] == [
        c.kind for c in encoder.columns_
    ]


def test_codes_and_columns_read_as_they_are_written(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("zip,n,x\n00501,1.0,7\n90210,2.50,0x11\n")
    table = read_table(path)
    assert list(table["zip"]) == ["00501", "90210"] and list(table["x"]) == ["7", "0x11"]
    assert list(table["n"]) == [1.0, 2.5]
    assert list(read_table(path, as_text=["n"])["n"]) == ["1.0", "2.50"]


def test_thousands_in_a_file_with_decimal_commas(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a;b\n1,5;1.234\n2,25;12.500\n-3,0;7\n")
    table = read_table(path)
    assert list(table["a"]) == [1.5, 2.25, -3] and list(table["b"]) == [1234, 12500, 7]


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_an_archive_cut_short(tmp_path, cut):
    content = gzip.compress(table_to_survive().to_csv(index=False).encode())
    path = tmp_path / "a.csv.gz"
    path.write_bytes(content[: int(cut * len(content))])
    with pytest.raises(DataError, match="cut short"):
        next(read_chunks(path))
