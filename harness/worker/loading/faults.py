"""What a submission's code raises, as one sentence with the file and line that it came from."""

import re
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from harness.errors import EntryError, LoadingError
from harness.worker.folder import SUBMISSION
from harness.worker.loading import absence

_HARNESS = Path(__file__).resolve().parents[2]
_PYTHON = tuple(Path(sysconfig.get_path(kind)) for kind in ("stdlib", "platstdlib"))
_PACKAGES = {"site-packages", "dist-packages"}
_HINTS = {  # what to do, by what is said
    r"to have 1 channels, but got 3 channels": (
        'images are RGB; of a network of luma alone, set `channels = "y"` under [model]'
    ),
    r"^importing .* raised SystemExit": (
        'keep what a command line asks for behind `if __name__ == "__main__":`'
    ),
    r"not compiled with CUDA|no NVIDIA driver|'_cuda_|torch\.cuda\.\w+ not available": (
        "it runs on a CPU here: take the device of the input, or run it with --device cuda"
    ),
    r"null bytes|codec can't decode": "save it as UTF-8 text",
}


def guarded(call: Callable[[], Any], doing: str, error: type[EntryError] = LoadingError) -> Any:
    """Run a submission's code; whatever it raises, an exit too, becomes one sentence."""
    try:
        return call()
    except EntryError:
        raise
    except BaseException as raised:  # a submission's code may raise anything
        raise error(_sentence(raised, doing)) from raised


def _sentence(error: BaseException, doing: str) -> str:
    """Say in one sentence what an exception of a submission's code means."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"{doing} needs {absence.explained(error.name)}"
    said = _said(error, doing)
    hints = [hint for pattern, hint in _HINTS.items() if re.search(pattern, said)]
    if isinstance(error, ImportError) and error.name and (cure := absence.behind(error.name)):
        hints.append(cure)
    return "; ".join((said, *hints))


def _said(error: BaseException, doing: str) -> str:
    if isinstance(error, SyntaxError):
        place = "its text"
        if error.filename and error.lineno:
            place = f"{Path(error.filename).name}, line {error.lineno},"
        return f"{doing} failed: {place} is not valid Python ({error.msg})"
    message = _message(error)
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate" in message:
        asked = re.search(r"[Tt]ried to allocate ([\d.]+ \w+)", message)
        wanted = f", asking for {asked[1]} more" if asked else ""
        return (
            f"{doing} ran out of memory{wanted}; the network needs less, or the device more, of it"
        )
    said = f"{doing} raised {type(error).__name__}: {message[:300] or 'no message'}"
    return f"{said} ({place})" if (place := _place(error)) else said


def _message(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())
    except Exception:  # an exception's own text is a submission's code, too
        return ""


def _place(error: BaseException) -> str:
    """Name the innermost file and line of the submission that an exception passed; or nothing."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if not frame.filename.startswith("<") and not _foreign(file):
            inside = frame.filename.rpartition(f"/{SUBMISSION}/")[2]
            name = inside if inside != frame.filename else file.name
            return f"{name}, line {frame.lineno}"
    return ""


def _foreign(file: Path) -> bool:
    """Tell whether a file is the harness's, Python's or an installed package's."""
    roots = (_HARNESS, *_PYTHON)
    return bool(_PACKAGES.intersection(file.parts)) or any(map(file.is_relative_to, roots))
