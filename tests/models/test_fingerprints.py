"""The committed fingerprints are those of the full goldens."""

import gzip
import json
from pathlib import Path

import numpy as np

from tests.models import make_fingerprints
from tests.support.goldens import COSTS, LAYOUTS, OUTPUTS


def test_layouts(shared: Path) -> None:
    committed = json.loads(gzip.decompress(LAYOUTS.read_bytes()))
    assert committed == make_fingerprints.layouts(shared / "goldens")


def test_outputs(shared: Path) -> None:
    expected = make_fingerprints.outputs(shared / "goldens")
    with np.load(OUTPUTS) as committed:
        assert committed.files == [*expected]
        for name in committed.files:
            np.testing.assert_array_equal(committed[name], expected[name], err_msg=name)


def test_costs(shared: Path) -> None:
    assert json.loads(COSTS.read_text()) == make_fingerprints.costs(shared / "goldens")
