import gzip
import lzma
import struct
import urllib.error

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepen.datasets import DataError, find_column, load_fer2013, load_mnist, read_idx, read_table
from deepen.datasets.builtin import NAMES, SHIPPED
from deepen.model_selection.pictures import picture_shape


@pytest.fixture
def write(tmp_path):
    def to_file(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return to_file


def one_line(error):
    message = str(error.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators(write, separator):
    text = "a,b,c\n1,x,2.5\n2,y,-1e3\n".replace(",", separator)
    expected = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [2.5, -1000.0]})
    pd.testing.assert_frame_equal(read_table(write(text)), expected, check_dtype=False)


def test_quoted_separators_and_line_breaks_are_text(write):
    table = read_table(write('name,"a;\nb"\n"x, y",1\n"line\nbreak",2\n'))
    assert list(table.columns) == ["name", "a;\nb"]
    assert list(table["name"]) == ["x, y", "line\nbreak"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_blank_lines_and_spaces(write, end):
    table = read_table(write(end.join(["", "id, name", "1, x", "", "2, y", ""])))
    assert table.to_dict("list") == {"id": [1, 2], "name": ["x", "y"]}


def test_points_of_thousands_do_not_hide_decimal_commas(write):
    rows = [f"{k}.{k}00;x;{k},5" for k in range(1, 10)]
    table = read_table(write("a;b;c\n" + "\n".join([*rows, "7.000;x;0,25"]) + "\n"))
    assert table["c"].tolist() == [*(k + 0.5 for k in range(1, 10)), 0.25]
    assert table["a"][0] == 1100.0
    # A comma here and there in a table of points is none of numbers.
    rows = [f"{k}.125;{k}.250;{k}.5" for k in range(1, 10)]
    table = read_table(write("a;b;c\n" + "\n".join([*rows, "1,5;2.125;3.5"]) + "\n"))
    assert table["b"].tolist()[:2] == [1.25, 2.25]


def test_decimal_comma_is_seen_only_where_it_is_not_the_separator(write):
    assert list(read_table(write("a;b\n1,5;2\n3,25;-1,0\n"))["a"]) == [1.5, 3.25]
    assert list(read_table(write("a;b\n1.5;x,y\n3.25;z\n"))["a"]) == [1.5, 3.25]
    assert list(read_table(write("a;b\n1,5;-\n?;2\n"))["b"].dropna()) == [2.0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16"])
def test_encodings(write, encoding):
    table = read_table(write("größe,straße\n1,ä\n2,é\n".encode(encoding)))
    assert list(table.columns) == ["größe", "straße"]
    assert list(table["straße"]) == ["ä", "é"]


def test_gzip_is_known_by_its_content(write):
    content = gzip.compress(b"a,b\n1,2\n")
    for name in ("table.csv.gz", "table.csv", "table.tsv.gz"):
        assert read_table(write(content, name)).to_dict("list") == {"a": [1], "b": [2]}
    with pytest.raises(DataError) as error:
        read_table(write(content[:-9], "cut.csv.gz"))
    assert "cut short" in one_line(error)


@pytest.mark.parametrize("marker", ["", "NA", "N/A", "?", "-", "null", "NaN", " ? "])
def test_markers_of_missing_values(write, marker):
    table = read_table(write(f"a,b,c\n1,x,1.5\n{marker},{marker},{marker}\n3,y,2\n"))
    assert table.isna().to_numpy().tolist() == [[False] * 3, [True] * 3, [False] * 3]
    assert table["a"].dtype.kind == table["c"].dtype.kind == "f"


def test_missing_header(write):
    spam = read_table(write("0,0.64,1\n0.21,0.28,0\n", "spambase.data"), target="-1")
    assert list(spam.columns) == ["column_0", "column_1", "column_2"]
    assert len(spam) == 2
    iris = read_table(write("5.1,3.5,setosa\n4.9,3.0,setosa\n"))
    assert iris.shape == (2, 3)
    letters = read_table(write("p,x,x\ne,x,s\n"))
    assert letters.shape == (2, 3)


def test_header_that_is_one(write):
    years = read_table(write("country,2019,2020\nA,1,2\n"))
    assert list(years.columns) == ["country", "2019", "2020"]
    twice = read_table(write("a,a,\n1,2,3\n"))
    assert list(twice.columns) == ["a", "a.1", "column_2"]
    assert twice.attrs["repeated_names"] == ["a"]
    assert read_table(write("a,a.1\n1,2\n")).attrs["repeated_names"] == []


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "title",
    ["Sales, FY 2023", '"Sales,\nby store"', "Sales,,", "\ufeffSales 2023,,\n,,", "Sales\n\n",
     "\nSales\nby store"],
)  # fmt: skip
def test_titles_above_the_header_are_passed_over(write, title, end):
    text = f"{title}\nsize,city,price\n1,Ulm,2.5\n2,Bonn,\n3,,4\n".replace("\n", end)
    if title == "Sales, FY 2023":  # a second filled cell is a record of its own
        with pytest.raises(DataError, match="line 2: 3 fields where"):
            read_table(write(text))
        return
    table = read_table(write(text))
    assert list(table) == ["size", "city", "price"] and table["size"].tolist() == [1, 2, 3]
    assert table["price"].isna().tolist() == [False, True, False]
    with pytest.raises(DataError, match="fields where"):
        read_table(write(text + f"4,Kiel{end}"))


@pytest.mark.parametrize(
    ("text", "names"),
    [("a\nx\ny\n", ["a"]), (",,x\n0,1,p\n", ["column_0", "column_1", "x"]), ("a,\nx,y\n", ["a", "column_1"])],
)  # fmt: skip
def test_a_header_of_few_names_is_no_title(write, text, names):
    assert list(read_table(write(text))) == names


@pytest.mark.parametrize(
    ("content", "name", "cause"),
    [
        ("", "a.csv", "empty"),
        ("\n \n", "a.csv", "empty"),
        ("a,b\n", "a.csv", "no rows"),
        ("a,b\n1,2\n3\n", "a.csv", "line 3: 1 fields where the first line has 2"),
        ("a,b\n1,2\n3,4,5\n", "a.csv", "line 3: 3 fields"),
        ('a,b\n1,2\n"3,4\n5,6\n', "a.csv", "fields"),
        (b"a,b\n\x00\x01,2\n", "a.csv", "binary"),
        ("a,b\n1,2\n", "a.xlsx", "unknown extension '.xlsx'"),
        ("a,b\n1,2\n", "a", "unknown extension"),
        ("no table", "a.parquet", "Parquet"),
        ("no array", "a.npy", "NumPy"),
        ("no arrays", "a.npz", "NumPy"),
        ("no images", "a.idx", "IDX"),
    ],
)
def test_faults_are_one_line_that_names_file_and_cause(write, content, name, cause):
    path = write(content, name)
    with pytest.raises(DataError) as error:
        read_table(path)
    assert cause in one_line(error)
    assert str(path) in one_line(error)


def test_folder_missing_file_and_misspelt_name(tmp_path):
    for source, cause in [
        (tmp_path, "is a folder"),
        (tmp_path / "no.csv", "no such file"),
        ("digist", "did you mean 'digits'?"),
        ("quux", "built-in names are digits"),
    ]:
        with pytest.raises(DataError) as error:
            read_table(source)
        assert cause in one_line(error)


def test_target_by_name_and_position(write):
    path = write("size,colour\n1,red\n2,blue\n")
    table = read_table(path, target="colour")
    assert [find_column(table, c) for c in ("size", "0", -1, "-2", 1)] == [
        "size", "size", "colour", "size", "colour",
    ]  # fmt: skip
    with pytest.raises(DataError, match="did you mean 'colour'"):
        read_table(path, target="Color")
    with pytest.raises(DataError, match="2 columns, numbered 0 to 1"):
        read_table(path, target="5")
    numbered = pd.DataFrame({"1": [0], "0": [0]})
    assert find_column(numbered, "1") == "1"


def test_parquet_keeps_types(tmp_path):
    frame = pd.DataFrame({"a": [1.5, None], "b": ["x", "y"], "c": [True, False]})
    frame.to_parquet(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "a.parquet"), frame)


def test_arrays(tmp_path):
    X, y = np.arange(12).reshape(3, 2, 2), np.array(["a", "b", "a"])
    np.save(tmp_path / "X.npy", X)
    assert read_table(tmp_path / "X.npy").to_numpy().tolist() == X.reshape(3, 4).tolist()
    np.savez(tmp_path / "a.npz", X=X, y=y)
    table = read_table(tmp_path / "a.npz", target="target")
    assert table.shape == (3, 5)
    assert list(table["target"]) == ["a", "b", "a"]
    np.savez(tmp_path / "b.npz", x_train=X, y_train=y, x_test=X[:1] + 100, y_test=y[:1, None][:, 0])
    assert list(read_table(tmp_path / "b.npz")["column_0"]) == [0, 4, 8, 100]


def test_square_pictures_have_pixels_for_columns(tmp_path):
    X = np.arange(2 * 25).reshape(2, 5, 5)
    np.savez(tmp_path / "a.npz", X=X, y=[0, 1])
    table = read_table(tmp_path / "a.npz").drop(columns="target")
    assert picture_shape(table.columns) == (5, 5)
    assert table["pixel_1_2"].tolist() == X[:, 1, 2].tolist()
    np.save(tmp_path / "series.npy", np.ones((2, 5, 4)))
    assert list(read_table(tmp_path / "series.npy").columns[:2]) == ["column_0", "column_1"]


@pytest.mark.parametrize("names", [("X", "y"), ("images", "labels"), ("features", "what")])
def test_two_arrays_are_features_and_target_whatever_their_names(tmp_path, names):
    X, y = np.arange(12).reshape(3, 2, 2), np.array([[1], [0], [1]])
    np.savez(tmp_path / "a.npz", **dict(zip(names, (X, y), strict=True)))
    table = read_table(tmp_path / "a.npz", target=names[1])
    assert find_column(table, names[1]) == find_column(table, "target") == "target"
    assert list(table["target"]) == [1, 0, 1] and table.shape == (3, 5)
    with pytest.raises(DataError, match="not in the table"):
        find_column(table, "other")
    np.savez(tmp_path / "rows.npz", **{names[0]: X})
    assert read_table(tmp_path / "rows.npz").equals(table.drop(columns="target"))


def test_arrays_that_do_not_fit_or_hold_objects(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.ones((3, 2)), y=np.ones(2))
    np.savez(tmp_path / "b.npz", images=np.ones((3, 2)), others=np.ones((3, 2)))
    np.save(tmp_path / "c.npy", np.array([{}, None], dtype=object))
    for name, cause in [
        ("a.npz", "one value a row"),
        ("b.npz", "images"),
        ("c.npy", "plain arrays"),
    ]:
        with pytest.raises(DataError) as error:
            read_table(tmp_path / name)
        assert cause in one_line(error)


def idx_bytes(array, code):
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, code, array.ndim]) + sizes + array.tobytes()


@pytest.mark.parametrize(
    ("code", "dtype"), [(8, ">u1"), (9, ">i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")]
)
def test_idx_types(write, code, dtype):
    array = np.arange(-6, 6).astype(dtype).reshape(2, 3, 2)
    back = read_idx(write(idx_bytes(array, code), "a.idx"))
    assert back.dtype == np.dtype(dtype).newbyteorder("=")
    assert np.array_equal(back, array)


def test_mnist_files_bring_their_labels(write):
    images = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    labels = np.array([5, 0, 4], dtype=np.uint8)
    write(gzip.compress(idx_bytes(labels, 8)), "train-labels-idx1-ubyte.gz")
    path = write(gzip.compress(idx_bytes(images, 8)), "train-images-idx3-ubyte.gz")
    table = read_table(path)
    assert table.shape == (3, 5)
    assert list(table["target"]) == [5, 0, 4]


@pytest.mark.parametrize("cut", [3, 6, 12, 20, -1])
def test_idx_cut_short_or_with_a_boasting_header(write, cut):
    whole = idx_bytes(np.zeros((3, 2, 2), np.uint8), 8)
    with pytest.raises(DataError) as error:
        read_idx(write(whole[:cut], "a.idx"))
    one_line(error)
    boast = bytes([0, 0, 8, 3]) + b"\xff" * 12 + b"\0"
    with pytest.raises(DataError, match="promises shape"):
        read_idx(write(boast, "b.idx"))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_tables_have_a_target(name):
    table = read_table(name, target="target")
    assert len(table) > 100
    assert not table.isna().any().any()


def test_mnist_from_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPEN_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"mnist/mnist\.npz"):
        load_mnist()
    (tmp_path / "mnist").mkdir()
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (60_010, 1, 2), dtype=np.uint8)
    y = rng.integers(0, 10, 60_010, dtype=np.uint8)
    n = 60_000
    np.savez(tmp_path / "mnist/mnist.npz", x_train=x[:n], y_train=y[:n], x_test=x[n:], y_test=y[n:])
    X_train, y_train, X_test, y_test = load_mnist()
    assert X_train.shape == (n, 2)
    assert X_train.dtype == X_test.dtype == np.float32
    assert np.array_equal(np.round(X_test * 255), x[n:, 0])
    assert np.array_equal(np.r_[y_train, y_test], y)
    assert read_table("mnist", target="target").shape == (60_010, 3)


def test_mnist_without_folder_or_network_says_what_to_do(monkeypatch):
    def unreachable(*args, **kwargs):
        raise urllib.error.URLError("no network")

    monkeypatch.delenv("DEEPEN_DATA", raising=False)
    monkeypatch.setattr("sklearn.datasets.fetch_openml", unreachable)
    with pytest.raises(DataError) as error:
        read_table("mnist")
    assert "DEEPEN_DATA" in one_line(error)
    with pytest.raises(DataError) as error:
        read_table("fer2013")
    assert "DEEPEN_DATA" in one_line(error)


def test_fer2013_split(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPEN_DATA", str(tmp_path))
    (tmp_path / "fer2013").mkdir()
    images = np.arange(4 * 48 * 48).astype(np.uint8).reshape(4, 48, 48)
    with lzma.open(tmp_path / "fer2013/images.npy.xz", "wb") as file:
        np.save(file, images)
    label = np.array([3, 1, 0, 6], dtype=np.uint8)
    np.savez(tmp_path / "fer2013/labels.npz", label=label, split=np.array([0, 0, 1, 2]))
    X_train, y_train, _, y_test = load_fer2013()
    assert X_train.shape == (2, 2304)
    assert (list(y_train), list(y_test)) == ([3, 1], [6])
    assert list(load_fer2013(test="public")[3]) == [0]
    assert X_train.max() <= 1
    with pytest.raises(ValueError, match="test must be one of"):
        load_fer2013(test="both")


def test_text_data_sets_from_either_place(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPEN_DATA", str(tmp_path))
    (tmp_path / "ecommerce_data.csv").write_text("is_mobile,user_action\n1,0\n0,3\n")
    assert list(read_table("ecommerce", target="user_action")["user_action"]) == [0, 3]
    (tmp_path / "lazyprogrammer").mkdir()
    row = ",".join(["0.5"] * 57)
    (tmp_path / "lazyprogrammer/spambase.data").write_text(f"{row},1\n{row},0\n")
    assert list(read_table("spambase")["target"]) == [1, 0]
    assert "ecommerce" in NAMES


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]))
cells = words.filter(lambda word: word.strip() == word)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    numbers=st.lists(st.floats(allow_infinity=False), min_size=2, max_size=8),
    data=st.data(),
    separator=st.sampled_from(",;\t|"),
)
def test_round_trip_of_what_pandas_writes(tmp_path, numbers, data, separator):
    texts = data.draw(st.lists(cells, min_size=len(numbers), max_size=len(numbers)))
    texts = [f"w{text}" for text in texts]  # a word, neither number nor marker
    frame = pd.DataFrame({"number": numbers, "text": texts})
    frame.to_csv(tmp_path / "a.csv", index=False, sep=separator)
    back = read_table(tmp_path / "a.csv")
    assert list(back.columns) == ["number", "text"]
    assert list(back["text"]) == texts
    np.testing.assert_array_equal(back["number"].to_numpy(dtype=float), numbers)


def test_numbers_with_words_or_units_are_written_plainly_where_the_file_has_decimal_commas(
    tmp_path,
):
    """Who reads the cells later does not know the file, and 50.010 is not 50.01."""
    n = 60
    rows = [f"{k},5;50.{k:03d};{k}.250 €;{k},25 km;{k},5" for k in range(1, n)]
    text = "a;b;c;d;e\n" + "\n".join([*rows, "1,5;unbekannt;unbekannt;1 km;< 0,5"]) + "\n"
    (tmp_path / "german.csv").write_text(text, encoding="utf-8")
    table = read_table(tmp_path / "german.csv")
    assert table["a"].dtype == np.float64
    assert table["b"].tolist()[:2] == ["50001", "50002"] and table["b"].iloc[-1] == "unbekannt"
    assert table["c"].tolist()[:2] == ["1250 €", "2250 €"]
    assert table["d"].tolist()[:2] == ["1.25 km", "2.25 km"] and table["d"].iloc[-1] == "1 km"
    assert table["e"].tolist()[:1] == ["1.5"] and table["e"].iloc[-1] == "<0.5"


def test_limits_of_a_small_file_with_decimal_commas(tmp_path):
    """Too few numbers to learn a format from are still written in the file's way."""
    (tmp_path / "small.csv").write_text("a;b\n<0,5;1,5\n1,25;2,5\n< 0,5;3,5\n1.250;4,5\n")
    assert read_table(tmp_path / "small.csv")["a"].tolist() == ["<0.5", "1.25", "<0.5", "1250"]
