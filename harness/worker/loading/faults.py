"""What a submission's code raises, as one sentence."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from harness.errors import EntryError, LoadingError


def guarded(call: Callable[[], Any], doing: str, error: type[EntryError] = LoadingError) -> Any:
    """Run a submission's code; whatever it raises becomes one sentence."""
    try:
        return call()
    except EntryError:
        raise
    except Exception as raised:
        raise error(_sentence(raised, doing)) from raised


def _sentence(error: BaseException, doing: str) -> str:
    """Say in one sentence what an exception of a submission's code means."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        return f"{doing} needs the package {package!r}, which is not installed here; install it"
    if isinstance(error, SyntaxError):
        place = f"{Path(error.filename or '?').name}, line {error.lineno}"
        return f"{doing} failed: {place} is not valid Python ({error.msg})"
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate" in str(error):
        asked = re.search(r"[Tt]ried to allocate ([\d.]+ \w+)", str(error))
        wanted = f", asking for {asked[1]} more" if asked else ""
        return (
            f"{doing} ran out of memory{wanted}; the network needs less, or the device more, of it"
        )
    message = " ".join(str(error).split())[:300]
    return f"{doing} raised {type(error).__name__}: {message or 'no message'}"
