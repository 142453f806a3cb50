"""Reports of made-up runs, each rendered once."""

from dataclasses import replace
from pathlib import Path

import pytest

import reports
from harness.records import Run
from tests.runs import HOSTILE, failed, made, with_pictures

REASON = "Net(...) raised KeyError: 'x' & <more>"


def forty_six() -> Run:
    """Return 45 entries with the published figures of 2022, and one that failed."""
    run = made(45, 40)
    return replace(run, entries=(*run.entries, failed("bad", "Bad", REASON)))


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Render the run of 46 entries."""
    out = tmp_path_factory.mktemp("plain")
    reports.render(with_pictures(forty_six(), out), out)
    return out


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Render 45 entries, some of whose names try to be more than text."""
    out = tmp_path_factory.mktemp("hostile")
    reports.render(made(45, 40, names=HOSTILE), out)
    return out
