"""One run at a time on a folder of results."""

import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import RunError

_FILE = ".lock"


@contextlib.contextmanager
def held(out: Path) -> Iterator[None]:
    """Hold the folder `out` for this run; it is let go of with the process, however that ends.

    Raises RunError where another run holds it, with that one's process and start.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / _FILE).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunError(
                f"{out} is in use by {_holder(out)}; wait for its end, or name another --out"
            ) from None
        file.truncate(0)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        json.dump({"pid": os.getpid(), "host": socket.gethostname(), "began": now}, file)
        file.flush()
        yield


def _holder(out: Path) -> str:
    try:
        told = json.loads((out / _FILE).read_text(encoding="utf-8"))
        return f"a run of process {told['pid']} on {told['host']}, begun {told['began']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another run"
