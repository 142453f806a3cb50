"""Landlock (landlock(7)): a process gives up files, TCP and signals that it was not granted.

No library for it is on the package index that is kept up, so its three system calls are made here
through ctypes. What a process gives up, all that it starts later lacks as well, for ever.
"""

import ctypes
import os
from collections.abc import Iterable

# the same on every architecture
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1  # of landlock_create_ruleset: return the ABI
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_READ = _EXECUTE | _READ_FILE | _READ_DIR
# by ABI: how many kinds of access to files, to TCP, and of scopes (abstract sockets, signals)
_FILES = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_TCP_SINCE, _SCOPES_SINCE = 4, 6


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("tcp", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def abi() -> int:
    """Return the kernel's version of Landlock, 0 where it has none."""
    return max(0, int(ctypes.CDLL(None).syscall(_CREATE_RULESET, None, 0, _VERSION)))


def restrict(read: Iterable[str], write: Iterable[str]) -> None:
    """Leave this process, before it has other threads, what lies below `read` and `write`.

    Below `write` it may do all that its permissions allow, below `read` read and execute. It can
    neither connect nor bind by TCP nor signal a process outside, where the kernel's ABI has that.
    Paths that are not there are left out. Raises OSError where the kernel refuses.
    """
    version = abi()
    everything = (1 << _FILES[min(version, max(_FILES))]) - 1
    ruleset = _Ruleset(everything, 0b11, 0b11)
    size = 8 * (3 if version >= _SCOPES_SINCE else 2 if version >= _TCP_SINCE else 1)
    handle = _call(_CREATE_RULESET, ctypes.byref(ruleset), size, 0)
    for paths, allowed in ((read, _READ), (write, everything)):
        for path in paths:
            _grant(handle, path, allowed & everything)
    _call(_RESTRICT_SELF, handle, 0)
    os.close(handle)


def _grant(ruleset: int, path: str, allowed: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112
            allowed &= _OF_FILES
        rule = _Beneath(allowed, place)
        _call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(place)


def _call(number: int, *arguments: object) -> int:
    answer = int(ctypes.CDLL(None, use_errno=True).syscall(number, *arguments))
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return answer
