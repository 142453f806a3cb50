"""Nothing that a worker started is left when its pass is over, whatever it did to hide."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

_PROC = Path("/proc")
_workers: set[int] = set()  # pids of those that run, each in a session of its own
_lock = threading.Lock()  # of starting and of looking round


def started(start: Callable[[], "subprocess.Popen[bytes]"]) -> "subprocess.Popen[bytes]":
    """Start a worker in a session of its own."""
    with _lock:
        process = start()
        _workers.add(process.pid)
    return process


def end(worker: "subprocess.Popen[bytes]") -> None:
    """Kill a worker and all that it started; return when nothing of it runs any more.

    What left its group has this process, its subreaper, as parent once the worker is dead. Of what
    this process starts, workers alone have sessions of their own. All are stopped before any is
    killed, again until none is left, so that none goes on elsewhere meanwhile.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    with _lock:
        _workers.discard(worker.pid)
        while orphans := _orphans():
            for sign in (signal.SIGSTOP, signal.SIGKILL):
                for pid in orphans:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, sign)
            for pid in orphans:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)


def _orphans() -> list[int]:
    if not _PROC.is_dir():
        return []
    own, session = os.getpid(), os.getsid(0)
    return [
        pid
        for pid, parent, sid in map(_family, _PROC.glob("[0-9]*"))
        if parent == own and sid != session and pid not in _workers
    ]


def _family(process: Path) -> tuple[int, int, int]:
    """Return a process, its parent and its session; zeros where it has gone."""
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0, 0, 0
    return int(process.name), int(fields[1]), int(fields[3])  # proc(5): state, ppid, pgrp, session
