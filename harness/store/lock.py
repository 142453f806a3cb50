"""One run at a time on a folder of results, whichever host it is on.

The kernel lets go of a lock with its process; but not every file system of a cluster tells one
host of the locks of another. So the holder also renews the file's time while it lives.
"""

import contextlib
import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from harness.errors import RunError
from harness.records.schema import from_table, to_table

_FILE = ".lock"
_RENEWED_S = 2.0
_WATCHED_S = 10.0  # without renewal, and the holder is dead


@dataclass(frozen=True)
class _Holder:
    pid: int
    host: str
    began: str

    def __str__(self) -> str:
        return f"a run of process {self.pid} on {self.host}, begun {self.began}"


@contextlib.contextmanager
def held(out: Path, say: Callable[[str], None] = lambda line: None) -> Iterator[None]:
    """Hold the folder `out` for this run; it is let go of with the process, however that ends.

    One that a run on another host did not let go of is watched for a sign of life; `say` is told.
    Raises RunError where another run holds it, with that one's process and start.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / _FILE
    with path.open("a+", encoding="utf-8") as file:
        other = _read(path)
        locked = _locked(file)
        if not locked or (
            other and other.host != socket.gethostname() and _lives(path, other, say)
        ):
            raise RunError(
                f"{out} is in use by {other or 'another run'}; wait for its end, or name another "
                f"--out. If that process is dead, remove {path}"
            )
        file.truncate(0)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        json.dump(to_table(_Holder(os.getpid(), socket.gethostname(), now)), file)
        file.flush()
        ended = threading.Event()
        renewing = threading.Thread(target=_renew, args=(file.fileno(), ended), daemon=True)
        renewing.start()
        try:
            yield
        finally:
            ended.set()
            renewing.join()
            file.truncate(0)


def _locked(file: IO[str]) -> bool:
    """Take the kernel's lock; tell whether no other process has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: signs of life must do
        pass
    return True


def _lives(path: Path, other: _Holder, say: Callable[[str], None]) -> bool:
    """Watch for a sign of life: a renewal, by the file system's clock and nobody else's."""
    say(f"{path.parent} was not let go of by {other}; watching {_WATCHED_S:g} s whether it lives.")
    last, end = path.stat().st_mtime_ns, time.monotonic() + _WATCHED_S
    while time.monotonic() < end:
        time.sleep(_RENEWED_S / 4)
        if path.stat().st_mtime_ns != last:
            return True
    say("It does not: this run goes on where that one stopped.")
    return False


def _renew(file: int, ended: threading.Event) -> None:
    while not ended.wait(_RENEWED_S):
        with contextlib.suppress(OSError):
            os.utime(file)


def _read(path: Path) -> _Holder | None:
    """Return who holds the folder; None where it was let go of."""
    try:
        return from_table(_Holder, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
