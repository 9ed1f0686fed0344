"""A few damaged files of a new seed each time; thousands under the mark ``slow``."""

import pytest

from fuzz import fuzz

pytestmark = [
    # of scikit-learn and numpy, about data that is meant to be bad; the commands tell them as notes
    pytest.mark.filterwarnings("ignore"),
]


def test_some_damaged_tables_and_models(seed):
    ends = fuzz(60, 40, seed)
    assert sum(ends["tables"].values()) == 60 and sum(ends["models"].values()) == 40


@pytest.mark.slow
def test_thousands_of_damaged_tables_and_models(seed):
    ends = fuzz(5000, 1000, seed)
    assert min(ends["tables"].values()) > 500 and ends["models"][2] > 500
