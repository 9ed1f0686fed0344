"""``deepen embed``: the rows of a table, or what a model makes of them, as points to look at."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepen._extras import import_extra

if TYPE_CHECKING:
    from deepen.cli._rows_to_embed import Rows

METHODS = ("tsne", "pca")
SUFFIXES = (".html", ".png", ".svg", ".csv")
REDUCED_TO = 50  # principal components before t-SNE, as its inventors do
LEAST_ROWS = 10
MOST_JUDGED = 2000  # rows by which the picture is judged; the measure takes n² memory
N_NEIGHBORS = 12
DOTS_PER_INCH = 150
NOTES = {
    "tsne": "Points that lie close together are alike in the numbers that were embedded; distances"
    " between far groups, and their sizes, say little.",
    "pca": "A shadow of the numbers on the plane in which they vary most: distances are never too"
    " long, often too short.",
}
TOLD_EVERY = 250  # iterations, where there is no bar


def embed(
    data: Annotated[
        str,
        typer.Argument(help="A .csv, .tsv, .parquet, .npz, .npy or .idx file, or a built-in name."),
    ],
    model: Annotated[
        Path | None, typer.Option(help="Model file: embed a hidden layer's activations instead.")
    ] = None,
    layer: Annotated[
        int | None, typer.Option(help="Hidden layer, 1 for the first; the last by default.")
    ] = None,
    method: Annotated[str, typer.Option(help="tsne or pca.")] = "tsne",
    color: Annotated[
        str | None, typer.Option(help="Column that colours the points; the target by default.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(help="Column that the picture must not know; the colour's by default."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for all, or one file .html .png .svg .csv; deepen-embed-NAME."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    sample: Annotated[
        int | None, typer.Option(min=LEAST_ROWS, help="Embed this many rows, drawn at random.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Seed of the sample and of the first places.")
    ] = 0,
) -> None:
    """Draw the rows of DATA as points: neighbours in many columns stay neighbours in two."""
    from deepen.cli._common import console, fail, input_errors

    if method not in METHODS:
        fail(f"--method {method!r}: choose one of {', '.join(METHODS)}.")
    if layer is not None and model is None:
        fail("--layer: give the model whose layer is meant with --model.")
    with input_errors():
        folder = Path(f"deepen-embed-{_stem(data)}")
        files = _files(out if out is not None else folder, data, force)
        from deepen.cli._rows_to_embed import rows_to_embed

        rows = rows_to_embed(
            data, model=model, layer=layer, colour=color, target=target, sample=sample, seed=seed
        )
        with _progress() as tell:
            places, axis_names, how = _places(rows.codes, method, seed, tell)
            tell("drawing", 0, None)
            facts = _judged(rows, places, seed)
            title = f"{_stem(data)}: {how} of {rows.what}"
            _write(files, rows, places, title, axis_names, facts, force)
    say = console().say
    for name, value in facts.items():
        say(f"{name:<20} {value}")
    for path in files.values():
        say(str(path))


def _stem(source: str) -> str:
    """A name for a folder, made of the data's name."""
    stem = re.sub(r"(\.(csv|tsv|tab|txt|data|parquet|npz|npy|idx|gz))+$", "", Path(source).name)
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.") or "data"


def _files(out: Path, data: str, force: bool) -> dict[str, Path]:
    """Where each kind of file goes; a name that is taken ends the command before any work."""
    from deepen.cli._common import check_free, fail

    if out.suffix.lower() in SUFFIXES and not out.is_dir():
        files = {out.suffix.lower(): out}
    else:
        files = {suffix: out / f"embedding{suffix}" for suffix in SUFFIXES}
        if out.exists() and not out.is_dir():
            fail(f"{out}: is a file; name a folder, or a file that ends in {', '.join(SUFFIXES)}.")
    folder = next(iter(files.values())).parent
    if not (folder if len(files) == 1 else out.parent).is_dir():
        missing = folder if len(files) == 1 else out.parent
        fail(f"{missing}: no such folder; create it or choose another --out.")
    if set(files) != {".csv"}:
        import_extra("matplotlib")
    for path in files.values():
        if path.exists() and Path(data).exists() and path.samefile(data):
            fail(f"{path}: is the data itself; choose another --out.")
        check_free(path, force)
    return files


def _places(
    codes: Any, method: str, seed: int, tell: Callable[[str, int, int | None], None]
) -> tuple[Any, tuple[str, str] | None, str]:
    """Embedding, the names of its axes where they mean something, and how it was made."""
    import numpy as np

    from deepen.cli._common import fail
    from deepen.decomposition import PCA

    codes = np.asarray(codes)
    n_rows, n_columns = codes.shape
    if not np.isfinite(codes).all():
        fail("The features are not finite; look at the columns with deepen inspect.")
    n_kept = min(2 if method == "pca" else REDUCED_TO, *codes.shape)
    if method == "pca" or n_columns > REDUCED_TO:
        tell("principal components", 0, None)
        pca = PCA(n_kept, random_state=seed)
        codes = np.asarray(pca.fit_transform(codes))
    if method == "pca":
        shares = [f"{100 * share:.0f} %" for share in pca.explained_variance_ratio_]
        names = [f"component {i + 1} ({share})" for i, share in enumerate(shares)]
        if codes.shape[1] == 1:
            codes, names = np.hstack([codes, np.zeros_like(codes)]), [*names, ""]
        return codes, (names[0], names[1]), "PCA"
    from deepen.manifold import TSNE

    if n_rows < LEAST_ROWS:
        fail(f"t-SNE needs at least {LEAST_ROWS} rows, got {n_rows}; use --method pca.")
    tsne = TSNE(
        perplexity=min(30.0, (n_rows - 1) / 3),
        random_state=seed,
        callbacks=[lambda event: tell("t-SNE", event.iteration, event.max_iter)],
    )
    tell("neighbours", 0, None)
    how = "t-SNE" if n_columns <= REDUCED_TO else f"t-SNE of {n_kept} principal components"
    return tsne.fit_transform(codes), None, how


def _judged(rows: Rows, places: Any, seed: int) -> dict[str, str]:
    """How far the picture can be trusted, on some of its rows."""
    import numpy as np
    from sklearn.manifold import trustworthiness
    from sklearn.neighbors import NearestNeighbors

    from deepen.plotting.colouring import colouring

    n = len(places)
    chosen = np.random.default_rng(seed).permutation(n)[:MOST_JUDGED]
    n_neighbors = min(N_NEIGHBORS, (len(chosen) - 1) // 2)
    facts = {"rows": f"{n:,}"}
    if n_neighbors >= 1:
        kept = trustworthiness(rows.codes[chosen], places[chosen], n_neighbors=n_neighbors)
        facts["trustworthiness"] = f"{kept:.3f} ({n_neighbors} neighbours, {len(chosen):,} rows)"
    if rows.colour is not None:
        codes = colouring(rows.columns[rows.colour]).codes
        if codes is not None:
            nearest = NearestNeighbors(n_neighbors=1).fit(places).kneighbors(return_distance=False)
            is_known = codes >= 0
            same = np.mean((codes[nearest[:, 0]] == codes)[is_known]) if is_known.any() else 0.0
            facts["nearest point alike"] = f"{100 * same:.1f} % ({rows.colour})"
    return facts


def _write(
    files: dict[str, Path],
    rows: Rows,
    places: Any,
    title: str,
    axis_names: tuple[str, str] | None,
    facts: dict[str, str],
    force: bool,
) -> None:
    """Page, pictures and coordinates, each whole or not at all."""
    from deepen._files import atomic_write

    makers: dict[str, Callable[[], bytes]] = {
        ".html": lambda: _page(rows, places, title, axis_names, facts),
        ".png": lambda: _picture("png", rows, places, title, axis_names),
        ".svg": lambda: _picture("svg", rows, places, title, axis_names),
        ".csv": lambda: _table(rows, places),
    }
    contents = {path: makers[suffix]() for suffix, path in files.items()}
    for path, content in contents.items():
        if len(files) > 1:
            path.parent.mkdir(exist_ok=True)
        with atomic_write(path, force=force) as file:
            file.write(content)


def _page(
    rows: Rows, places: Any, title: str, axis_names: tuple[str, str] | None, facts: dict[str, str]
) -> bytes:
    from deepen import __version__
    from deepen.report.scatter import Scatter, render_scatter

    note = NOTES["tsne" if axis_names is None else "pca"]
    page = render_scatter(
        Scatter(
            title,
            places,
            rows.columns,
            rows=rows.numbers,
            images=rows.images,
            note=note,
            facts={**facts, "deepen": __version__},
        )
    )
    return page.encode("utf-8")


def _picture(
    kind: str, rows: Rows, places: Any, title: str, axis_names: tuple[str, str] | None
) -> bytes:
    from deepen.plotting import plot_embedding

    labels = None if rows.colour is None else rows.columns[rows.colour]
    ax = plot_embedding(
        places,
        labels,
        name=rows.colour or "",
        title=title,
        axis_names=axis_names,
        images=rows.images,
    )
    buffer = io.BytesIO()
    unsaid = {"Date": None} if kind == "svg" else {"Software": None}
    with import_extra("matplotlib").rc_context({"svg.hashsalt": "deepen"}):
        ax.figure.savefig(buffer, format=kind, dpi=DOTS_PER_INCH, metadata=unsaid)
    return buffer.getvalue()


def _table(rows: Rows, places: Any) -> bytes:
    import pandas as pd

    frame = pd.DataFrame({"row": rows.numbers, "x": places[:, 0], "y": places[:, 1]})
    if rows.colour is not None:
        name = rows.colour if rows.colour not in frame else f"{rows.colour} (colour)"
        frame[name] = rows.columns[rows.colour].to_numpy()
    return frame.to_csv(index=False).encode("utf-8")


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """A bar on a terminal, a line now and then in a pipe; both on standard error."""
    from deepen.cli._common import console

    err = console(to_stderr=True)
    if not err.is_terminal:

        def line(stage: str, done: int, total: int | None) -> None:
            if total is None:
                err.say(f"{stage} ...")
            elif done % TOLD_EVERY == 0:
                err.say(f"{stage}: {done:,} of {total:,} iterations")

        yield line
        return
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=err, transient=True) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda stage, done, total: bar.update(
            task, description=stage, completed=done, total=total
        )
