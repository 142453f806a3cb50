"""The table of `models/README.md` shows what is measured."""

import pytest
from architectures import MODELS
from make_table import table


@pytest.mark.heavy
def test_table_of_costs_is_the_measured_one() -> None:
    assert table() in (MODELS / "README.md").read_text()
