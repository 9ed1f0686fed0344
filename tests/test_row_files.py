"""Rows read from files several times are the rows in memory, for PCA and covariance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import decomposition

from deepen.covariance import EmpiricalCovariance, covariance
from deepen.datasets import DataError, RowFiles, row_files
from deepen.decomposition import PCA


@pytest.fixture
def table(rng):
    X = rng.standard_normal((700, 6)) @ rng.standard_normal((6, 6)) + 3
    names = [f"c{i}" for i in range(6)]
    return pd.DataFrame(X, columns=names).assign(word="a", count=rng.randint(0, 9, 700))


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(row_files, "BLOCK_BYTES", 1 << 12)


def written(table, folder, ending):
    """The table as three files of a folder, in the order of their names."""
    folder.mkdir()
    for number, part in enumerate(np.array_split(np.arange(len(table)), 3)):
        rows, path = table.iloc[part], folder / f"part-{number}{ending}"
        if ending == ".parquet":
            rows.to_parquet(path)
        elif ending == ".npy":
            np.save(path, rows.drop(columns="word").to_numpy())
        else:
            rows.to_csv(path, index=False)
    (folder / "_SUCCESS").write_text("")
    (folder / "readme.md").write_text("no rows")
    return folder


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet", ".npy"])
def test_files_are_the_rows_in_memory(table, tmp_path, small_blocks, ending):
    rows = RowFiles(written(table, tmp_path / "rows", ending))
    X = table.drop(columns="word").to_numpy(float)
    blocks = list(rows.batches())
    assert len(blocks) > 6 and max(block.nbytes for block in blocks) <= 1 << 12
    np.testing.assert_allclose(np.vstack(blocks), X, rtol=1e-12)
    np.testing.assert_allclose(np.vstack(list(rows.batches())), X, rtol=1e-12)  # once more
    theirs = decomposition.PCA(3).fit(X)
    for solver in ("auto", "lanczos", "gradient"):
        ours = PCA(3, svd_solver=solver, random_state=0).fit(rows)
        np.testing.assert_allclose(ours.singular_values_, theirs.singular_values_, rtol=1e-8)
        cosines = np.abs((ours.components_ * theirs.components_).sum(axis=1))
        np.testing.assert_allclose(cosines, 1, atol=1e-8)
    np.testing.assert_allclose(ours.score(rows), theirs.score(X), rtol=1e-6)
    np.testing.assert_allclose(np.abs(ours.transform(rows)), np.abs(theirs.transform(X)), atol=1e-6)
    np.testing.assert_allclose(covariance(rows, ddof=1), np.cov(X.T), atol=1e-10)
    model = EmpiricalCovariance().fit(rows, sample_weight=table["count"])
    exact = np.cov(X.T, fweights=table["count"], ddof=0)
    np.testing.assert_allclose(model.covariance_, exact, atol=1e-10)


def test_columns_are_chosen_by_name(table, tmp_path):
    folder = written(table, tmp_path / "rows", ".parquet")
    X = table.drop(columns=["word", "count"]).to_numpy()
    some = RowFiles(sorted(folder.glob("*.parquet")), exclude=["count"])
    np.testing.assert_array_equal(np.vstack(list(some.batches())), X)
    turned = RowFiles(str(folder / "part-0.parquet"), columns=["c4", "c1"])
    (block,) = turned.batches()
    np.testing.assert_array_equal(block, table[["c4", "c1"]][: len(block)])
    single = table[["c0", "c1"]].astype(np.float32)
    single.to_parquet(tmp_path / "single.parquet")
    assert next(RowFiles(tmp_path / "single.parquet").batches()).dtype == np.float32


def test_what_cannot_be_read_names_the_file_and_the_remedy(table, tmp_path):
    folder = written(table, tmp_path / "rows", ".csv")
    (tmp_path / "empty").mkdir()
    for rows, message in (
        (RowFiles([]), "names no file"),
        (RowFiles(tmp_path / "empty"), "empty: has no file that can be read"),
        (RowFiles(tmp_path / "none.csv"), "none.csv: no such file"),
        (RowFiles(folder, columns=["cuont"]), "part-0.csv: has no column 'cuont'; did you mean"),
        (RowFiles(folder, exclude=["target"]), "has no column 'target'"),
        (RowFiles(folder, columns=["word"]), "something else than numbers .* exclude="),
        (RowFiles(folder / "part-0.csv", exclude=list(table.drop(columns="word"))), "no numeric"),
    ):
        with pytest.raises(DataError, match=message):
            PCA(1).fit(rows)
    table.drop(columns="c2").to_csv(folder / "part-9.csv", index=False)
    with pytest.raises(DataError, match=r"part-9\.csv: has no column 'c2'"):
        PCA(1).fit(RowFiles(folder))
