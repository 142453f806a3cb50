"""A control group around a pass: how many processes it may have where the harness runs as root.

The kernel counts processes by user, but never root's; in a control group it counts all.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

_MOUNT = Path("/sys/fs/cgroup")
_JOINED = 'echo $$ > "$0/cgroup.procs" && exec "$@"'


@contextlib.contextmanager
def limited(most_processes: int) -> Iterator[tuple[str, ...]]:
    """Yield what to set before a command so that it and its children are in a group of so many.

    Nothing, where this process is not root or may make no group.
    """
    parent = _parent() if os.geteuid() == 0 else None
    if parent is None:
        yield ()
        return
    group = parent / f"esr-harness-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        group.mkdir()
        (group / "pids.max").write_text(str(most_processes))
    except OSError:
        with contextlib.suppress(OSError):
            group.rmdir()
        yield ()
        return
    try:
        yield ("/bin/sh", "-c", _JOINED, str(group))
    finally:
        with contextlib.suppress(OSError):
            group.rmdir()


def _parent() -> Path | None:
    """Return the group to make ours in, of version 1 or 2; None where there is none."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "pids":
            return _MOUNT / "pids" / path.lstrip("/")
    for line in lines:
        if line.startswith("0::"):
            parent = (_MOUNT / line[3:].lstrip("/")).parent
            with contextlib.suppress(OSError):
                if "pids" in (parent / "cgroup.subtree_control").read_text().split():
                    return parent
    return None
