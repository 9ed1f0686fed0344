"""Every example runs from the command line, draws its picture, and finds what it should find."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from quick_compiler import shipped_environment

EXAMPLES = Path(__file__).parent.parent / "examples"
LONG = {"augmentation", "autoencoder", "covariance", "how_many_dimensions", "learnt_features", "rbm",
        "vanishing_gradient"}  # fmt: skip
SCRIPTS = sorted(path.stem for path in EXAMPLES.glob("*.py") if path.stem != "common")


def numbers(pattern: str, text: str) -> list[float]:
    """All that the pattern's one group matches, as numbers; at least one."""
    found = [float(number) for number in re.findall(pattern, text)]
    assert found, f"nothing matches {pattern!r} in\n{text}"
    return found


def gradient_descent(text: str) -> None:
    ends, truths = numbers(r"ends at (\S+),", text), numbers(r"the truth is (\S+)", text)
    np.testing.assert_allclose(ends, truths, atol=1e-5)
    full, mini = numbers(r"(?:full|mini).*epochs: .*, (\S+)\]", text)
    assert mini < full


def xor_and_donut(text: str) -> None:
    assert numbers(r"(\d) of 4 right", text) == [4, 4]
    plain, radius, network = numbers(r"accuracy (\S+)", text)
    assert plain < 0.6 and radius > 0.97 and network > 0.97


def optimizers_side_by_side(text: str) -> None:
    epoch = dict(re.findall(r"^(\w+) .*in epoch (\d+)", text, re.MULTILINE))
    assert int(epoch["momentum"]) < int(epoch.get("plain", 1000))
    assert max(numbers(r"test error (\S+)", text)) < 0.1


def regularization_side_by_side(text: str) -> None:
    errors = dict(re.findall(r"^(\S+) .*error (\S+) %", text, re.MULTILINE))
    errors = {name: float(error) for name, error in errors.items()}
    assert min(errors, key=errors.get) != "nothing" and max(errors, key=errors.get) == "nothing"
    zeros = dict(re.findall(r"^(\S+) .*zeros (\d+)%", text, re.MULTILINE))
    assert int(zeros.pop("L1")) > 50 and set(zeros.values()) == {"0"}


def width_and_depth(text: str) -> None:
    rows = [
        numbers(r"\d+: (\S+) \+-", line) for line in text.splitlines() if "hidden layer" in line
    ]
    assert len(rows) == 3
    assert all(row[-1] < row[0] for row in rows)  # the widest errs less than the narrowest


def ecommerce(text: str) -> None:
    assert "made-up table" in text
    ours, peer = numbers(r"accuracy (\S+)", text), numbers(r"scikit-learn (\S+)", text)
    np.testing.assert_allclose(ours[:2], peer[:2], atol=0.01)  # one optimum
    np.testing.assert_allclose(ours[2], peer[2], atol=0.03)
    assert min(ours) > 0.85


def schedules(text: str) -> None:
    cost = dict(re.findall(r"^(\S.*?\S) +cost over the last 5 epochs (\S+)", text, re.MULTILINE))
    constant, steep = float(cost.pop("constant")), float(cost.pop("exponential, too steep"))
    assert len(cost) == 4
    assert all(float(value) < min(constant, steep) for value in cost.values())


def variables_functions_gradients(text: str) -> None:
    assert "f(3) = 12.0, f'(3) = 7.0, f'(-1/2) = 0.0" in text
    assert numbers(r"largest difference of a weight: (\S+)", text)[0] < 2e-4


def augmentation(text: str) -> None:
    error = dict(re.findall(r"^(\S.*?\S) +test error (\S+)", text, re.MULTILINE))
    assert float(error["shift"]) < float(error["as they are"]) < float(error["flip"])


def rbm(text: str) -> None:
    forward, reverse = numbers(r"(\S+) forward", text), numbers(r"(\S+) in reverse", text)
    error = numbers(r"reconstruction error (\S+)", text)
    assert len(error) == 4
    # Three machines are well: both annealings agree. The fourth is far worse, and reconstructs as well.
    np.testing.assert_allclose(forward[:3], reverse[:3], atol=0.5)
    assert min(forward[:3]) > max(forward[3], reverse[3]) + 1
    assert error[3] < 1.1 * min(error[:3])
    machine, mean = numbers(r"mean squared error (\S+)", text)
    assert machine < 0.95 * mean


def learnt_features(text: str) -> None:
    accuracy = dict(re.findall(r"^(\S+ +of \S+).*: (\S+)$", text, re.MULTILINE))
    accuracy = {" ".join(name.split()): float(value) for name, value in accuracy.items()}
    assert accuracy["PCA of hidden"] > accuracy["PCA of pixels"]
    assert accuracy["t-SNE of hidden"] > 0.93 and accuracy["t-SNE of pixels"] > 0.93
    pixels, codes = numbers(r"pixels (\S+),", text), numbers(r"hidden layer (\d\S+)", text)
    assert codes[0] > pixels[0] and codes[1] > pixels[1] + 0.02 and codes[2] > pixels[2] - 0.01


def cpu_and_gpu(text: str) -> None:
    assert max(numbers(r"largest difference[^:]*: (\S+)", text)) < 1e-4
    assert ("No GPU here" in text) != ("ratio" in text)


def autoencoder(text: str) -> None:
    deep, pca = (
        re.search(rf"{name} +2 numbers: (.*)", text)[1]
        for name in ("deep autoencoder", "components")
    )
    errors, accuracies = zip(
        *(map(float, re.findall(r"(\d+\.\d+)", line)) for line in (deep, pca)), strict=True
    )
    assert errors[0] < 0.8 * errors[1] and accuracies[0] > accuracies[1] + 0.1
    plain, denoising = numbers(r"repairs to error (\S+)", text)
    assert denoising < 0.8 * plain


def vanishing_gradient(text: str) -> None:
    start, end = numbers(r"gradient (\S+) at the start", text), numbers(r"(\S+) at the end", text)
    plain, pretrained, rectifiers, tanh = numbers(r"accuracy (\S+)", text)
    assert max(start[0], end[0]) <= 1e-2 and plain < 0.3
    assert end[1] > 1e-2 and pretrained > 0.8
    assert 0.1 <= start[2] <= 10 and 0.1 <= end[2] <= 10 and rectifiers > 0.8
    assert 0.1 <= start[3] <= 10 and tanh > 0.8


def covariance(text: str) -> None:
    over_n, expected = numbers(r"over N (\S+),", text), numbers(r"\(N-1\)/N = (\S+),", text)
    np.testing.assert_allclose(over_n, expected, atol=0.06)
    np.testing.assert_allclose(numbers(r"over N-1 (\S+)", text), 1, atol=0.1)
    best, other = numbers(r"log-likelihood of the 12 rows (\S+)", text)
    assert best > other


def pca_by_gradient(text: str) -> None:
    assert min(numbers(r"\|cos\| (\S+),", text)) > 0.9999
    found, exact = numbers(r"lambda (\S+),", text), numbers(r"squared (\S+)", text)
    np.testing.assert_allclose(found, exact, rtol=1e-4)
    off, on = numbers(r"1 - cos = (\S+)", text)
    assert on < off / 10


def how_many_dimensions(text: str) -> None:
    pca, network = numbers(r"PCA (\S+),", text), numbers(r"autoencoder (\S+)", text)
    assert all(np.diff(pca) < 0)  # components are nested
    assert all(a < 0.85 * b for a, b in zip(network[1:4], pca[1:4], strict=True))
    assert numbers(r"(\d+) components", text)[1] == 21


CHECKS = {
    check.__name__: check
    for check in (
        augmentation,
        autoencoder,
        covariance,
        cpu_and_gpu,
        ecommerce,
        gradient_descent,
        how_many_dimensions,
        learnt_features,
        optimizers_side_by_side,
        rbm,
        regularization_side_by_side,
        pca_by_gradient,
        schedules,
        vanishing_gradient,
        variables_functions_gradients,
        width_and_depth,
        xor_and_donut,
    )
}


@pytest.mark.parametrize(
    "name", [pytest.param(x, marks=[pytest.mark.slow] * (x in LONG)) for x in SCRIPTS]
)
def test_example(name: str, tmp_path: Path) -> None:
    # Without DEEPEN_DATA, so that the same data is used everywhere.
    environment = {k: v for k, v in shipped_environment().items() if k != "DEEPEN_DATA"}
    environment["MPLBACKEND"] = "Agg"
    command = [sys.executable, EXAMPLES / f"{name}.py", "--out", tmp_path]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "Warning" not in run.stderr, run.stderr
    CHECKS[name](run.stdout)
    assert [path.name for path in tmp_path.iterdir()] == [f"{name}.png"]
    picture = imread(tmp_path / f"{name}.png")
    assert picture.shape[1] >= 800 and picture[..., :3].std() > 0.05


def test_every_example_is_in_the_list() -> None:
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\[(\w+)\.py\]", text)) == SCRIPTS
