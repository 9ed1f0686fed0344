"""What the page shows, as plain data: words for the tables, numbers for the pictures.

Each part that is empty or None leaves its section out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Ends = tuple[float, float]


@dataclass(frozen=True)
class Notice:
    """Something to know before the figures; serious ones stand first."""

    kind: str
    text: str
    is_serious: bool = False


@dataclass(frozen=True)
class RungRow:
    """One rung; `loss` is "n/a" where there is none, `remark` then says why."""

    title: str
    loss: str
    interval: str
    mean: float
    ends: Ends
    scores: Sequence[float]
    gain: str
    outcome: str
    effort: str
    is_chosen: bool = False
    remark: str = ""
    is_compared: bool = True


@dataclass(frozen=True)
class GainRow:
    """What the best rung, the candidate, gains over another, the reference."""

    candidate: str
    reference: str
    gain: str
    interval: str
    mean: float
    ends: Ends
    outcome: str
    smallest_gap: str
    remark: str = ""


@dataclass(frozen=True)
class LabelLine:
    """Mean loss of one rung at each number of labels, with the ends of its band."""

    title: str
    counts: Sequence[int]
    means: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]


@dataclass(frozen=True)
class LabelCurve:
    """Loss against the number of labels, and what it means in words."""

    lines: Sequence[LabelLine]
    words: str


@dataclass(frozen=True)
class CalibrationBin:
    """Rows of about one predicted probability: that, and the share that it came true."""

    predicted: float
    observed: float
    ends: Ends
    n_rows: int


@dataclass(frozen=True)
class Calibration:
    """Predicted probability against observed share, of one class or of the class predicted."""

    bins: Sequence[CalibrationBin]
    words: str


@dataclass(frozen=True)
class Threshold:
    """Precision against recall of the rare class, with the threshold that was chosen.

    `at` is (recall, precision) at that threshold on verdict rows; `base_rate` is the precision of
    a guess.
    """

    positive: str
    recall: Sequence[float]
    precision: Sequence[float]
    base_rate: float
    words: str
    at: Ends | None = None


@dataclass(frozen=True)
class ImportanceRow:
    """What is lost when the values of these columns are shuffled together."""

    names: Sequence[str]
    loss: str
    interval: str
    mean: float
    ends: Ends


@dataclass(frozen=True)
class MistakeRow:
    """One verdict row that went wrong: its values, or its picture of shape (height, width[, 3]) in [0, 1]."""

    row: str
    truth: str
    predicted: str
    remark: str = ""
    values: Sequence[tuple[str, str]] = ()
    picture: Any = None


@dataclass(frozen=True)
class Filters:
    """Weights of shape (n_inputs, n_units) as pictures of `shape` = (height, width).

    The units are those of the first layer, or the classes of a linear model.
    """

    title: str
    weights: Any
    shape: tuple[int, int]
    are_classes: bool = False


@dataclass(frozen=True)
class FeatureMap:
    """Rows in a plane: `places` of shape (n_rows, 2), of `features` by `method`."""

    features: str
    method: str
    places: Any


@dataclass(frozen=True)
class LayersView:
    """What the layers of a pre-trained network learnt.

    `filters` has one entry for each layer, where rows are pictures; `samples`, `rows` and
    `reconstructions` are pictures of shape (n, height, width) in [0, 1]; `labels`, one for each row of
    the maps, are None for rows without a target.
    """

    title: str
    words: str
    filters: Sequence[Filters] = ()
    samples: Any = None
    rows: Any = None
    reconstructions: Any = None
    maps: Sequence[FeatureMap] = ()
    labels: Sequence[Any] = ()


@dataclass(frozen=True)
class ColumnRow:
    """What was found in a column, what became of it, and the flag that overrides."""

    name: str
    kind: str
    treatment: str
    reason: str
    flag: str = ""


@dataclass(frozen=True)
class RowsUse:
    """Which rows did what."""

    name: str
    count: str
    purpose: str


@dataclass(frozen=True)
class Report:
    """Everything that the page shows.

    Parameters
    ----------
    title, sentence : str
        Name of the data; the verdict in words.
    is_open : bool
        Whether the verdict is that the rows cannot tell.
    metric : str
        Name of the loss with its unit; a percent sign makes the axes percent.
    min_gain, min_gain_text : float, str
        The least gain that counts.
    facts : mapping of str to str
        Short facts under the verdict.
    rungs : sequence of RungRow
        In the order of their cost.
    notices : sequence of Notice
        Said above the tables.
    best : str
        Title of the rung with the lowest mean loss.
    gains : sequence of GainRow
        The best over every other rung.
    curves : mapping of str to list of dict
        Learning curves by rung title: "loss" and "validation_loss" over epochs.
    steps : mapping of str to str
        What those curves count, by rung title, where it is not epochs.
    labels : LabelCurve or None
    targets, predictions : array-like or None
        Test rows of the chosen rung.
    is_classification : bool
    chosen_title : str
    calibration : Calibration or None
    threshold : Threshold or None
    importances : sequence of ImportanceRow
    importance_words : str
    importance_map : array-like or None
        The same as a picture of shape (height, width), where rows are pictures.
    mistakes : sequence of MistakeRow
    filters : Filters or None
    layers : sequence of LayersView
        Of the pre-trained rungs.
    columns : sequence of ColumnRow
    rows_used : sequence of RowsUse
    footer : mapping of str to str
        Seed, versions, hash, command.
    """

    title: str
    sentence: str
    is_open: bool
    metric: str
    min_gain: float
    min_gain_text: str
    facts: Mapping[str, str]
    rungs: Sequence[RungRow]
    notices: Sequence[Notice] = ()
    best: str = ""
    gains: Sequence[GainRow] = ()
    curves: Mapping[str, Sequence[Mapping[str, Sequence[float]]]] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)
    labels: LabelCurve | None = None
    targets: Any = None
    predictions: Any = None
    is_classification: bool = True
    chosen_title: str = ""
    calibration: Calibration | None = None
    threshold: Threshold | None = None
    importances: Sequence[ImportanceRow] = ()
    importance_words: str = ""
    importance_map: Any = None
    mistakes: Sequence[MistakeRow] = ()
    filters: Filters | None = None
    layers: Sequence[LayersView] = ()
    columns: Sequence[ColumnRow] = ()
    rows_used: Sequence[RowsUse] = ()
    footer: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_percent(self) -> bool:
        """Whether losses are rates and shown in percent."""
        return "%" in self.metric


@dataclass(frozen=True)
class Limits:
    """How much of each list is shown; halved until the page is small enough."""

    columns: int = 300
    mistakes: int = 24
    importances: int = 25
    repeats: int = 10
    curve_points: int = 60
    residuals: int = 600
    units: int = 64
    points: int = 400

    def halved(self) -> Limits:
        """Half of each, at least one."""
        return Limits(*(max(1, getattr(self, name) // 2) for name in self.__dataclass_fields__))
