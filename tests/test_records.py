"""Text files against Python's own csv and float: no cell altered, no record of another length let through."""

import csv
import math

import numpy as np
import pytest

from deepen.datasets import DataError, read_chunks, read_table, records
from deepen.datasets.values import MISSING

WORDS = [
    "x",
    "a b",
    'say "no"',
    "two\nlines",
    "é",
    "1;2,3|4\t5",
    "True",
    "00",
    "1_0",
    "0x1F",
    "+",
    "5 kg",
]
BLANKS = ["", " ", "  "]


def number(rng):
    """A number with up to 25 digits, as people and programs write them."""
    digits = "".join(map(str, rng.randint(0, 10, rng.randint(1, 25))))
    at = int(rng.randint(0, len(digits) + 1))
    text = f"{digits[:at]}.{digits[at:]}" if rng.rand() < 0.8 else digits
    power = f"{rng.choice(['e', 'E'])}{rng.randint(-30, 30)}" if rng.rand() < 0.3 else ""
    return f"{rng.choice(['', '-'])}{text}{power}"


def written(path, rng, table, separator, end, encoding):
    every = end == "\r" or rng.rand() < 0.3  # \n alone is not quoted by all versions of csv
    quoting = csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL
    with open(path, "w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=separator, lineterminator=end, quoting=quoting)
        writer.writerows(table)
    return path


def looked(rng):
    return {
        "separator": str(rng.choice([",", ";", "\t", "|"])),
        "end": str(rng.choice(["\n", "\r\n", "\r"])),
        "encoding": str(rng.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"])),
    }


@pytest.mark.parametrize("block", [1, 300, 2**23])
def test_no_cell_is_altered(tmp_path, monkeypatch, rng, block):
    monkeypatch.setattr(records, "BLOCK", block)
    n_rows = 120
    markers = [*MISSING, *(f" {marker} " for marker in MISSING)]
    numbers = [[number(rng) for _ in range(n_rows)] for _ in range(3)]
    padded = [rng.choice(BLANKS) + cell + rng.choice(BLANKS) for cell in numbers[1]]
    gaps = [str(rng.choice(markers)) if rng.rand() < 0.2 else cell for cell in numbers[2]]
    late = [number(rng) for _ in range(n_rows - 1)] + ["word"]
    many = [f"w{k}" + str(rng.choice(WORDS)) for k in range(n_rows)]
    few = [str(rng.choice([*WORDS, *markers])) for _ in range(n_rows - 1)] + ["word"]
    columns = [numbers[0], padded, gaps, late, many, few, [""] * (n_rows - 1) + ["end"]]
    names = ["plain", "padded", "gaps", "late", "many", "few", "last"]
    table = [names, *zip(*columns, strict=True)]
    path = written(tmp_path / "a.csv", rng, table, **looked(rng))
    read = read_table(path)
    assert list(read.columns) == names and len(read) == n_rows
    for name, cells in zip(names, columns, strict=True):
        cells = [cell.strip() for cell in cells]
        if name in ("plain", "padded", "gaps"):
            truth = [math.nan if cell in MISSING else float(cell) for cell in cells]
            np.testing.assert_array_equal(read[name].to_numpy(float), truth)
        else:
            truth = [None if cell in MISSING else cell for cell in cells]
            assert [None if cell != cell else cell for cell in read[name]] == truth


@pytest.mark.parametrize("block", [1, 40, 2**23])
@pytest.mark.parametrize("by", [-1, 1])
def test_a_record_of_another_length_is_refused_wherever_it_stands(
    tmp_path, rng, block, by, monkeypatch
):
    monkeypatch.setattr(records, "BLOCK", block)
    table = [["a", "b", "c"], *([number(rng), "word", number(rng)] for _ in range(30))]
    at = int(rng.randint(1, 31))
    table[at] = [*table[at], "5"] if by > 0 else table[at][:-1]
    path = written(tmp_path / "a.csv", rng, table, **looked(rng))
    for read in (read_table, lambda path: list(read_chunks(path, n_rows=7))):
        with pytest.raises(
            DataError, match=f"line {at + 1}: {3 + by} fields where the first line has 3"
        ):
            read(path)


def test_gaps_at_the_end_of_rows_are_no_short_rows(tmp_path, rng):
    long = "x" * 200_000  # beyond what csv takes unless told
    rows = [["word", "1"]] * 250  # where the look at the first records ends
    table = [["a", "b"], *rows, ["1", ""], [long, "2"], ["3", "NA"]]
    read = read_table(written(tmp_path / "a.csv", rng, table, **looked(rng)))[250:]
    assert list(read["a"]) == ["1", long, "3"] and read["b"].isna().tolist() == [True, False, True]
    assert csv.field_size_limit() == 2**17


def test_blank_lines_are_no_records(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n\n   \n3,\n")
    np.testing.assert_array_equal(read_table(path).to_numpy(), [[1, 2], [3, np.nan]])
    path.write_text('a,b\n1,2\n""\n3,\n')
    with pytest.raises(DataError, match="line 3: 1 fields"):
        read_table(path)


def test_a_quote_that_is_not_closed_is_told_by_its_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,2\n3,"4\n5,6\n')
    with pytest.raises(DataError, match="quoted text that begins in line 3 does not end"):
        read_table(path)


def test_whole_numbers_beyond_64_bits_are_what_they_were(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"a,b,c,d\n{2**70},{2**63},{2**70},{2**70}\n-1,2,2.5,1_0\n")
    table = read_table(path)
    assert [float(cell) for cell in table["a"]] == [2.0**70, -1.0]
    assert list(table["b"]) == [2.0**63, 2.0] and list(table["c"]) == [2.0**70, 2.5]
    assert list(table["d"]) == [str(2**70), "1_0"]
    path.write_text(f"a,b\n{2**64},{2**80}\n-1\n3,2.5\n")
    with pytest.raises(DataError, match="line 3: 1 fields"):
        read_table(path)
