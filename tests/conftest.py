"""Fixtures that several test modules share."""

import os
from pathlib import Path

import pytest
import torch

from tests.support.places import ROOT

torch.set_num_threads(1)  # small tensors lose more to the meeting of threads than they gain
os.environ.setdefault("OMP_NUM_THREADS", "1")  # of workers, which run beside other tests


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of official goldens and data that may lie beside the checkout."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder `shared` with the official goldens is not beside the checkout")
    return folder
