"""The program's cache folder: the user's, or where ESR_HARNESS_CACHE says."""

import os
from pathlib import Path

import pooch

VARIABLE = "ESR_HARNESS_CACHE"


def folder() -> Path:
    """Return the folder of the program's cache."""
    return Path(os.environ.get(VARIABLE) or pooch.os_cache("esr-harness"))
