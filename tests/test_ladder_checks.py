"""What a user of the ladder must meet, on a table of 600 rows that is as bad as tables are."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from deepen.cli import app
from deepen.model_selection.climb import seed_of
from deepen.model_selection.numbers import without_times

HERE = Path(__file__).parent
CHECKS = HERE.parent / "docs" / "ladder-checks.md"
HOSTILE = "<script>document.title='x'</script>"
N_ROWS, N_UNLABELLED = 600, 47
BUDGET = ["--trials", "1", "--repeats", "2", "--rungs", "baseline,linear,boosting"]


def bad_table(seed=0):
    """An id, a row number, a date, text, a city, a constant, a copy of the target, gaps, markup."""
    rng = np.random.default_rng(seed)
    words = np.array("a nice bad very big product of last year".split())
    table = pd.DataFrame(
        {
            "customer": [f"u{i:05}" for i in rng.permutation(N_ROWS)],
            "row": np.arange(N_ROWS) + 17,
            "since": pd.date_range("2020-01-01", periods=N_ROWS).strftime("%d.%m.%Y"),
            "remark": [" ".join(rng.choice(words, 7)) + f" {i}" for i in range(N_ROWS)],
            "city": rng.choice([f"city {i}" for i in range(80)], N_ROWS),
            "always": "x",
            HOSTILE: rng.normal(size=N_ROWS).round(4),
        }
    )
    target = np.where(table[HOSTILE] + rng.normal(size=N_ROWS) / 2 > 0, "yes", "no")
    table["copy"] = (target == "yes").astype(int)
    is_empty = np.isin(np.arange(N_ROWS), rng.choice(N_ROWS, N_UNLABELLED, replace=False))
    table["churned"] = np.where(is_empty, None, target)
    return table


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def survived(tmp_path_factory):
    """Folder, and what one climb on the bad table printed; a connection of any kind ends it."""
    import socket

    folder = tmp_path_factory.mktemp("bad")
    bad_table().to_csv(folder / "bad.csv", index=False)

    def refuse(*args, **kwargs):
        raise AssertionError("a connection was opened")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket.socket, "connect_ex", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        patch.setenv("NO_COLOR", "1")
        result = run("ladder", folder / "bad.csv", "--target", "churned", *BUDGET,
                     "--out", folder / "out")  # fmt: skip
    assert result.exit_code == 0, result.output
    return folder / "out", result


def page_of(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


def numbers_of(folder):
    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    return json.loads((folder / "ladder.json").read_text(encoding="utf-8"), parse_constant=refuse)


def test_the_terminal_ends_with_the_sentence_and_the_report_begins_with_it(survived):
    folder, result = survived
    *_, sentence, _, report, model = result.stdout.splitlines()
    assert sentence == numbers_of(folder)["verdict"]["sentence"]
    assert report.endswith("report.html") and model.endswith("model.deepen")
    page = page_of(folder)
    body = page.index("<body")
    assert page.index(sentence[:30].replace("'", "&#x27;"), body) < page.index("Possible leakage")


def test_the_copy_is_flagged_before_training_and_the_verdict_without_it_shown(survived):
    folder, result = survived
    told = result.stderr
    assert told.index("'copy' alone nearly determines") < told.index("logistic regression ...")
    assert "Without it: " in result.stdout
    numbers = numbers_of(folder)
    assert [leak["column"] for leak in numbers["leaks"]] == ["copy"]
    linear = next(r for r in numbers["rungs"] if r["name"] == "linear")
    assert linear["mean"] < 0.02 and "%" in numbers["without_leaks"]["sentence"]


def test_every_column_has_its_kind_treatment_reason_and_override(survived):
    folder, result = survived
    columns = {column["name"]: column for column in numbers_of(folder)["columns"]}
    kinds = {name: column["kind"] for name, column in columns.items()}
    assert kinds == {
        "customer": "id", "row": "id", "since": "date", "remark": "text", "city": "categorical",
        "always": "constant", HOSTILE: "numeric", "copy": "boolean",
    }  # fmt: skip
    assert all(column["treatment"] and column["reason"] for column in columns.values())
    assert columns["customer"]["override"] == "--types customer=categorical"
    assert "customer, row, always" in result.stdout


def test_empty_targets_are_counted_and_said(survived):
    folder, result = survived
    assert numbers_of(folder)["n_unlabeled"] == N_UNLABELLED
    assert f"{N_UNLABELLED} rows" in result.stdout
    assert f"{N_UNLABELLED} rows without a target" in page_of(folder)


def test_the_report_is_small_escaped_and_asks_for_nothing(survived):
    page = page_of(survived[0])
    assert len(page.encode()) < 1_000_000
    assert "<script" not in page and "&lt;script&gt;document.title=" in page
    assert "default-src 'none'" in page
    assert not re.search(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:https?:)?//", page)


def test_nothing_is_cut_off_in_a_narrow_terminal(survived, monkeypatch):
    import io

    from deepen.cli import _common, _ladder_print
    from deepen.cli._terminal import Terminal
    from deepen.model_selection import Ladder

    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"])
    ladder = Ladder(repeats=2, trials=1, rungs=["baseline", "linear", "boosting"])
    ladder.fit(X, np.where(X["a"] > 0, "yes", "no"))
    out = Terminal(file=io.StringIO(), force_terminal=False)
    out.width = 50
    monkeypatch.setattr(_common, "console", lambda: out)
    _ladder_print.print_verdict(ladder, Path("out"))
    text = out.file.getvalue()
    assert "\N{HORIZONTAL ELLIPSIS}" not in text
    words = "error rate, less is better interval) logistic regression gradient boosting majority"
    assert set(words.split()) <= set(text.split())


def test_no_text_commands_the_terminal():
    import io

    from deepen.cli._terminal import Terminal

    out = Terminal(file=io.StringIO(), force_terminal=True, width=60)
    name = "[bold]a\x1b]0;title\x07\u202eb\r\nc"
    out.say(name)
    out.prose(name, "bold")
    out.table((name, name), [(name, name)], bold=0)
    styles = re.compile(r"\x1b\[[0-9;]*m")  # the terminal's own
    text = styles.sub("", out.file.getvalue())
    assert text.count("[bold]a") == 6
    assert all(c.isprintable() or c == "\n" for c in text) and text.count("\n") == 4


def test_a_metric_that_cannot_be_had_says_why(survived):
    rng = np.random.default_rng(0)
    from deepen.model_selection import Ladder

    X = rng.normal(size=(60, 2))
    ladder = Ladder(repeats=2, trials=1, rungs=["baseline", "linear"]).fit(X, np.arange(60) % 3)
    assert ladder.to_dict()["rungs"][1]["measures"]["auc"].startswith("n/a: ")


def test_the_footers_command_gives_the_same_numbers_again(survived):
    """It names seed, versions, hash and split; and what it prints is what it does."""
    folder, _ = survived
    first, page = numbers_of(folder), page_of(folder)
    assert first["seed"] == "0" and re.fullmatch(r"sha256 [0-9a-f]{16}, 600 rows", first["data"])
    assert "deepen" in first["versions"] and "60 % training" in first["split"]
    assert shlex.quote(first["command"].split()[-1])[:5] in page
    words = shlex.split(first["command"])
    assert words[:2] == ["deepen", "ladder"]
    again = run(*words[1:], "--force")
    assert again.exit_code == 0, again.output
    assert without_times(numbers_of(folder)) == without_times(first)


def test_the_model_is_one_file_that_may_be_moved(survived, tmp_path):
    folder, _ = survived
    model = shutil.copy(folder / "model.deepen", tmp_path / "moved.deepen")
    table = bad_table().drop(columns="churned")
    table.to_csv(tmp_path / "new.csv", index=False)
    result = run("predict", model, tmp_path / "new.csv", "--out", tmp_path / "p.csv")
    assert result.exit_code == 0, result.output
    assert set(pd.read_csv(tmp_path / "p.csv")["churned"]) == {"yes", "no"}


def test_no_colour_and_no_bar_in_a_pipe(survived):
    _, result = survived
    assert "\x1b" not in result.stdout + result.stderr and "\r" not in result.stderr


def test_the_line_that_goes_on_stands_there_before_anything_can_be_killed(survived):
    folder, result = survived
    told = result.stderr
    assert told.index(f"deepen resume {folder}") < told.index("majority class ...")


def test_every_training_has_a_seed_of_its_own():
    seeds = [
        seed_of(s, repeat, number) for s in range(5) for repeat in range(10) for number in range(9)
    ]
    assert len(set(seeds)) == len(seeds)


def named_tests():
    return re.findall(r"`tests/(\w+\.py)::(\w+)`", CHECKS.read_text(encoding="utf-8"))


@pytest.mark.skipif(not CHECKS.exists(), reason="an installed package has no docs")
def test_every_test_that_the_page_of_checks_names_exists():
    named = named_tests()
    assert len(named) > 40
    for file, name in set(named):
        code = (HERE / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(", code, re.MULTILINE), f"{file}::{name}"


@pytest.mark.skipif(not CHECKS.exists(), reason="an installed package has no docs")
def test_the_page_of_checks_has_all_twenty_points():
    text = CHECKS.read_text(encoding="utf-8")
    assert [int(n) for n in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)] == list(range(1, 21))
