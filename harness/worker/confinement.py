"""What a worker gives up before it sees a line of an entry: limits, capabilities, files, network.

Nothing of it can be taken back by the process or what it starts. Inside bubblewrap's namespaces the
limits alone are left to do.
"""

import contextlib
import ctypes
import os
import platform
import resource
import struct
from dataclasses import dataclass

from harness.worker import landlock

_PR_SET_DUMPABLE = 4  # prctl(2)
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 24, 38, 22  # prctl(2)
_SECCOMP_FILTER = 2
_CAPABILITIES_V3 = 0x20080522  # capset(2)
_NEW_NET, _NEW_IPC, _NEW_UTS = 0x40000000, 0x08000000, 0x04000000  # unshare(2)
_EACCES = 13
# by machine: AUDIT_ARCH, capset, socket, prlimit64, setpriority
_CALLS = {
    "x86_64": (0xC000003E, 126, 41, 302, 141),
    "aarch64": (0xC00000B7, 91, 198, 261, 140),
}
_IO_URING_SETUP, _X32 = 425, 0x40000000  # io_uring makes sockets too


@dataclass(frozen=True)
class Confinement:
    """What is left to a worker. 0 stands for no limit."""

    largest_file: int  # bytes
    most_memory: int = 0  # bytes of a process's own data
    most_processes: int = 0  # threads included, of the user in its namespace
    landlock: bool = False  # whether it gives up files, TCP, signals and capabilities as well
    user: int = 0  # that root becomes; the first folder of `write` is that one's then
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()


def confine(to: Confinement) -> None:
    """Give up all but what `to` grants. Raises OSError where the kernel refuses."""
    for limit, most in (
        (resource.RLIMIT_FSIZE, to.largest_file),
        (resource.RLIMIT_DATA, to.most_memory),
        (resource.RLIMIT_NPROC, to.most_processes),
    ):
        if most:
            _, hard = resource.getrlimit(limit)
            now = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(limit, (now, now))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if to.landlock:
        with contextlib.suppress(OSError):  # root alone may, and not in every container
            _leave_namespaces()
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        landlock.restrict(to.read, to.write)
        if to.user:
            _become(to.user, to.write[0])
        _drop_capabilities()
        _forbid_calls()


def _leave_namespaces() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NET | _NEW_IPC | _NEW_UTS) < 0:
        raise OSError(ctypes.get_errno(), "unshare")


def _become(user: int, folder: str) -> None:
    """Turn from root into a user that nothing else on the machine belongs to but `folder`."""
    for place, folders, files in os.walk(folder):
        for name in ("", *folders, *files):
            os.chown(f"{place}/{name}", user, user, follow_symlinks=False)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    _prctl(_PR_SET_DUMPABLE, 1)  # its own files in /proc stay its own


def _drop_capabilities() -> None:
    """Let go of root's powers, and of the way to regain them by executing a program."""
    libc = ctypes.CDLL(None)
    capability = 0
    while libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    number = _CALLS[platform.machine()][1]
    head, none = struct.pack("=Ii", _CAPABILITIES_V3, 0), bytes(24)
    if libc.syscall(number, head, none) < 0:
        raise OSError("capabilities could not be dropped")


def _forbid_calls() -> None:
    """Refuse what Landlock has no word for (seccomp(2), in classic BPF).

    Sockets of any kind, and limits and priorities of other processes of the user.
    """
    arch, _, socket, prlimit, setpriority = _CALLS[platform.machine()]
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06  # BPF_LD|W|ABS, JEQ, JGE, RET
    allow, refuse = 0x7FFF0000, 0x00050000 | _EACCES
    program = [  # operation, how many to skip where true, and where not, operand
        (load, 0, 0, 4),  # seccomp_data.arch
        (equal, 0, 7, arch),  # another one's numbers mean other calls
        (load, 0, 0, 0),  # seccomp_data.nr
        (at_least, 5, 0, _X32),
        (equal, 4, 0, _IO_URING_SETUP),
        (equal, 3, 0, socket),
        (equal, 2, 0, setpriority),
        (equal, 2, 0, prlimit),
        (give, 0, 0, allow),
        (give, 0, 0, refuse),
        (load, 0, 0, 16),  # the low half of seccomp_data.args[0]: whose limits, 0 its own
        (equal, 0, 1, 0),
        (give, 0, 0, allow),
        (give, 0, 0, refuse),
    ]
    code = b"".join(struct.pack("=HBBI", *one) for one in program)
    buffer = ctypes.create_string_buffer(code)
    head = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    _prctl(_PR_SET_SECCOMP, _SECCOMP_FILTER, head)


def _prctl(option: int, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    padded = (*arguments, *(0,) * (4 - len(arguments)))
    if libc.prctl(option, *padded) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
