"""The jail around every pass: the strongest that this machine has, chosen once, by real starts.

bubblewrap  namespaces, and a file tree made for the pass
landlock    where user namespaces are refused: the worker itself gives up files, network, signals
none        for code that is trusted: limits of time and size, and nothing more
"""

import ctypes
import json
import os
import secrets
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Protocol

from harness.errors import InputError
from harness.records.run import Isolation
from harness.sandbox import visible
from harness.sandbox.bubblewrap import Bubblewrap
from harness.sandbox.cell import Cell
from harness.worker import start
from harness.worker.confinement import Confinement

_PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 4, 36  # prctl(2)
_PROBE_SECONDS = 60
_USERS = 2**29  # from here on, so many: nobody's on any machine
_LARGEST_FILE = 4 * 2**30  # bytes
MOST_PROCESSES = 1024 + 16 * (os.cpu_count() or 1)  # of a pass; threads count
_MEMORY_SHARE = 0.9  # of the machine's
MOST_MEMORY = int(_MEMORY_SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))  # bytes


class Jail(Protocol):
    """What a worker is started in."""

    level: Isolation

    def around(self, folder: Path, device: str, limits: Confinement) -> Cell:
        """Return how to start a worker in `folder`, its own; `limits` hold at every level."""


class Landlock:
    """The level `landlock`."""

    level: Isolation = "landlock"

    def __init__(self, own_user: bool = False) -> None:
        """Let root become a user of its own for each pass, where `own_user` says so."""
        self._own_user = own_user

    def around(self, folder: Path, device: str, limits: Confinement) -> Cell:
        """Return what the worker gives up before it sees a line of an entry."""
        read = [*visible.read_only(), *visible.rooms(), *visible.facts(device)]
        read += [Path("/proc", name) for name in ("cpuinfo", "meminfo", "stat", "sys/vm")]
        write = [folder, Path("/proc/self"), *visible.nodes(device)]
        limits = replace(limits, read=tuple(map(str, read)), write=tuple(map(str, write)))
        limits = replace(limits, landlock=True)
        if self._own_user:
            user = _USERS + secrets.randbelow(_USERS)
            return Cell(replace(limits, user=user), os.getpid())
        # the limit of processes is of all that the user runs, unless namespaces count anew
        return Cell(replace(limits, most_processes=0), os.getpid())


class Unjailed:
    """The level `none`."""

    level: Isolation = "none"

    def around(self, folder: Path, device: str, limits: Confinement) -> Cell:
        """Return the limits alone."""
        return Cell(replace(limits, most_processes=0), os.getpid())


@cache
def chosen() -> Jail:
    """Return the strongest jail in which a worker really starts here."""
    jails: tuple[Jail, ...] = (Bubblewrap(), *landlocks())
    return next((jail for jail in jails if works(jail)), Unjailed())


def landlocks() -> tuple[Landlock, ...]:
    """Return the forms of Landlock to try, the stronger first."""
    return (Landlock(own_user=True), Landlock()) if os.geteuid() == 0 else (Landlock(),)


def required() -> None:
    """Raise InputError where there is no jail here."""
    if chosen().level == "none":
        raise InputError(
            "entries cannot be isolated here: install bubblewrap (and allow user namespaces), or "
            "run on Linux 5.13 or later with Landlock; see docs/security.md"
        )


def works(jail: Jail) -> bool:
    """Tell whether a worker starts in `jail`, all but its job."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            ended = subprocess.run(
                command(jail, Path(folder), "cpu", job=False),
                capture_output=True,
                timeout=_PROBE_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
    return ended.returncode == 0


def command(jail: Jail, folder: Path, device: str, job: bool = True) -> list[str]:
    """Return the command line of a worker in `jail` whose private folder is `folder`."""
    cell = jail.around(folder, device, _limits(device))
    program = [sys.executable, "-P", start.__file__, str(cell.parent), str(folder) if job else ""]
    return [*cell.prefix, *program, json.dumps(asdict(cell.confinement))]


def _limits(device: str) -> Confinement:
    # CUDA reserves far more than it uses, which a control group does not count
    most = 0 if device.partition(":")[0] == "cuda" else MOST_MEMORY
    return Confinement(_LARGEST_FILE, most, MOST_PROCESSES)


def harden() -> None:
    """Let no other process read this one's memory; adopt what workers leave behind (Linux)."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
