"""The program's cache folder: the user's, or where ESR_HARNESS_CACHE says."""

import os
from pathlib import Path

VARIABLE = "ESR_HARNESS_CACHE"


def folder() -> Path:
    """Return the folder of the program's cache."""
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen)
    import pooch  # not installed wherever something is measured

    return Path(pooch.os_cache("esr-harness"))
