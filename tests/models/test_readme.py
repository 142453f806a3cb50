"""The table of `models/README.md` shows what is measured."""

import pytest

from tests.models.make_table import table
from tests.support.places import MODELS


@pytest.mark.heavy
def test_table_of_costs_is_the_measured_one() -> None:
    assert table() in (MODELS / "README.md").read_text()
