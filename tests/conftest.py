"""Fixtures that several test modules share."""

import os
from pathlib import Path

import pytest
import torch

from tests.support.places import ROOT

torch.set_num_threads(1)  # small tensors lose more to the meeting of threads than they gain
os.environ.setdefault("OMP_NUM_THREADS", "1")  # of workers, which run beside other tests
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    # each on a core of its own, with all that it starts: threads that meet after every operation
    # wait longer for a core than they compute where as many others want one
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})

# by file; a worker that comes to one of them last would be waited for
LONGEST = ("test_run.py", "test_faults.py", "test_referee.py", "test_readme.py", "test_span.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what takes longest."""
    items.sort(key=lambda item: ([*LONGEST, item.path.name]).index(item.path.name))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of official goldens and data that may lie beside the checkout."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder `shared` with the official goldens is not beside the checkout")
    return folder
