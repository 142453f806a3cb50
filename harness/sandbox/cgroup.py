"""Control groups around a pass: how many processes it may have, how much memory all of them.

The kernel counts processes by user, but never root's; in a control group it counts all. Limits that
each process has of memory do not add up; a group's does.
"""

import contextlib
import os
import secrets
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_MOUNT = Path("/sys/fs/cgroup")
_PREFIX = "esr-harness-"
_JOINED = (
    'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"'
)
_LOOKS = 200  # at a group's processes until all that were killed are gone, 5 ms apart
_FILES = {  # of version 1 and of version 2
    "pids": ("pids.max", "pids.max"),
    "memory": ("memory.limit_in_bytes", "memory.max"),
}


@dataclass(frozen=True)
class _Place:
    """Where groups can be made, and the files of those controllers that they have there."""

    parent: Path
    files: dict[str, str]  # controller -> file of its limit


@contextlib.contextmanager
def limited(most_processes: int, most_memory: int) -> Iterator[tuple[str, ...]]:
    """Yield what to set before a command so that it and its children share these limits.

    Memory is in bytes. Nothing, where this process is not root or may make no group; a limit that
    no group here can have is left out. All that is left in the groups is killed afterwards.
    """
    limits = {"pids": most_processes, "memory": most_memory}
    groups: list[Path] = []
    try:
        for place in _places() if os.geteuid() == 0 else ():
            if group := _made(place, limits):
                groups.append(group)
        joined = ("/bin/sh", "-c", _JOINED, "sh", *map(str, groups), "--")
        yield joined if groups else ()
    finally:
        for group in groups:
            _end(group)


def remove_leftovers() -> None:
    """Remove the empty groups of harness processes that were killed."""
    for place in _places() if os.geteuid() == 0 else ():
        for group in place.parent.glob(f"{_PREFIX}*-*"):
            owner = group.name.removeprefix(_PREFIX).partition("-")[0]
            if owner.isdecimal() and not Path("/proc", owner).exists():
                with contextlib.suppress(OSError):  # where it is not empty
                    group.rmdir()


def _made(place: _Place, limits: dict[str, int]) -> Path | None:
    group = place.parent / f"{_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        group.mkdir()
        for controller, file in place.files.items():
            (group / file).write_text(str(limits[controller]))
    except OSError:
        with contextlib.suppress(OSError):
            group.rmdir()
        return None
    return group


def _end(group: Path) -> None:
    """Kill what is left in a group, and remove it."""
    for _ in range(_LOOKS):
        try:
            left = [int(pid) for pid in (group / "cgroup.procs").read_text().split()]
        except OSError:
            break
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not left:
            break
        time.sleep(0.005)
    with contextlib.suppress(OSError):
        group.rmdir()


def _places() -> Sequence[_Place]:
    """Return the places to make our groups in, of version 1 or 2; none where there is none."""
    try:
        lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    except OSError:
        return ()
    old = [
        _Place(_MOUNT / names / path.lstrip("/"), {names: _FILES[names][0]})
        for _, names, path in lines
        if names in _FILES
    ]
    if old:
        return old
    for number, names, path in lines:
        if (number, names) == ("0", ""):
            parent = (_MOUNT / path.lstrip("/")).parent
            with contextlib.suppress(OSError):
                there = (parent / "cgroup.subtree_control").read_text().split()
                files = {name: new for name, (_, new) in _FILES.items() if name in there}
                return (_Place(parent, files),) if files else ()
    return ()
