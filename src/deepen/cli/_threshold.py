"""Which of two classes a saved model says, if one is said from another probability on than 0.5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepen.cli._saved import SavedModel

HELP = (
    "Of two classes: say the one that is looked for, the rare one, from this probability on, such as "
    "the one that the report of a ladder names."
)


class Threshold:
    """Says the class that is looked for from a probability on.

    Parameters
    ----------
    saved : SavedModel
        Of two classes; another one ends the command.
    value : float
        Within (0, 1).
    """

    def __init__(self, saved: SavedModel, value: float) -> None:
        from deepen.cli._common import fail

        if not saved.is_classifier:
            fail("--threshold: this model predicts numbers, not classes; leave it out.")
        if len(saved.classes) != 2 or not saved.has_probabilities:
            fail("--threshold: is for models of two classes with probabilities; leave it out.")
        if not 0 < value < 1:
            fail(f"--threshold {value:g}: give a probability between 0 and 1, such as 0.2.")
        self.classes = saved.classes
        self.value = value
        self.wanted = saved.sought
        self.n_said = self.n_rows = 0

    def said(self, probabilities: Any) -> Any:
        """Classes of probabilities of shape (n_samples, 2); how many are looked for is counted."""
        is_wanted = probabilities[:, self.wanted] >= self.value
        self.n_said, self.n_rows = self.n_said + int(is_wanted.sum()), self.n_rows + len(is_wanted)
        return self.classes[(is_wanted == self.wanted).astype(int)]

    @property
    def sentence(self) -> str:
        """How many rows so far were said to be of the class that is looked for."""
        label = str(self.classes[self.wanted])
        verb = "is" if self.n_said == 1 else "are"
        return (
            f"{self.n_said:,} of {self.n_rows:,} rows {verb} said to be {label!r}, from a probability of "
            f"{self.value:g} on."
        )
