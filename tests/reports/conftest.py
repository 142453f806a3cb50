"""Reports of made-up runs, each rendered once."""

from pathlib import Path

import pytest

from tests.support.runs import HOSTILE, forty_six, made, render, with_pictures


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Render the run of 46 entries."""
    out = tmp_path_factory.mktemp("plain")
    render(with_pictures(forty_six(), out), out)
    return out


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Render 45 entries, some of whose names try to be more than text."""
    out = tmp_path_factory.mktemp("hostile")
    render(made(45, 40, names=HOSTILE), out)
    return out
