"""Tries to get out in every way its author knew, and prints what it got.

It is told more than an entry can know: where everything lies, and who its judge is. An attempt
succeeds where its function returns something true; what it raises is printed as why it failed.
"""

import ctypes
import json
import os
import resource
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import torch

PRIVATE = Path(__file__).resolve().parents[1]
WORK = PRIVATE / "work"
LIBC = ctypes.CDLL(None, use_errno=True)


def called(answer):
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return True


def shown(path):
    return Path(path).read_bytes()


def appended(path):
    with open(path, "ab") as stream:
        return stream.write(b"x")


def linked(make, name, target):
    make(target, WORK / name)
    return (WORK / name).read_bytes()


def peeked(pid, address):
    class Span(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]

    buffer = ctypes.create_string_buffer(8)
    here, there = Span(ctypes.addressof(buffer), 8), Span(address, 8)
    return called(LIBC.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0))


def memory_read(pid, address):
    with open(f"/proc/{pid}/mem", "rb") as stream:
        stream.seek(address)
        return stream.read(8)


def connected(family, kind, address):
    with socket.socket(family, kind) as made:
        made.settimeout(2)
        made.connect(address)
        return made.send(b"x")


def disk_read():
    device = os.stat("/").st_dev
    os.mknod(WORK / "disk", 0o600 | stat.S_IFBLK, device)
    return shown(WORK / "disk")


def typed():
    import fcntl
    import termios

    with open("/dev/tty") as terminal:
        fcntl.ioctl(terminal, termios.TIOCSTI, b"x")
    return True


def grown():
    with open(WORK / "large", "wb") as stream:
        stream.truncate(5 * 2**30)
    return True


def limits_raised():
    most = resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    return True


def clock_set():
    time.clock_settime(time.CLOCK_REALTIME, time.time() + 0.001)
    return True


def attempts(at, pid, address):
    """Yield name and function of each attempt; `at` says where things lie."""
    file, kind = Path(at["hr"]), socket.SOCK_STREAM
    return {
        "read an HR image": lambda: shown(file),
        "list the folder of the HR images": lambda: os.listdir(file.parent),
        "copy an HR image by a program": lambda: subprocess.check_output(["cat", file]),
        "link an HR image softly": lambda: linked(os.symlink, "soft", file),
        "link an HR image hard": lambda: linked(os.link, "hard", file),
        "read the cache of decoded images": lambda: shown(at["cache"]),
        "read a rival's weights": lambda: shown(at["rival"]),
        "change a rival's weights": lambda: appended(at["rival"]),
        "delete a rival's weights": lambda: os.unlink(at["rival"]) is None,
        "put code beside a rival's": lambda: appended(Path(at["rival"]).with_name("torch.py")),
        "rename a rival's folder": lambda: os.rename(Path(at["rival"]).parent, WORK / "r") is None,
        "read the store": lambda: shown(at["store"]),
        "change the store": lambda: appended(at["store"]),
        "write to the folder of results": lambda: appended(Path(at["store"]).with_name("mine")),
        "read another pass's folder": lambda: os.listdir(at["pass"]),
        "change another pass's result": lambda: appended(Path(at["pass"]) / "result.json"),
        "read how images are compared": lambda: shown(at["images"]),
        "change PyTorch for all": lambda: appended(torch.__file__),
        "change the worker for all": lambda: appended(sys.modules["harness.worker.main"].__file__),
        "read the home folder": lambda: shown(at["home"]),
        "read the judge's memory": lambda: memory_read(pid, address),
        "copy the judge's memory": lambda: peeked(pid, address),
        "trace the judge": lambda: called(LIBC.ptrace(16, pid, 0, 0)),
        "read the judge's environment": lambda: shown(f"/proc/{pid}/environ"),
        "read the judge's command line": lambda: shown(f"/proc/{pid}/cmdline"),
        "read what the judge maps": lambda: shown(f"/proc/{pid}/maps"),
        "list the judge's open files": lambda: os.listdir(f"/proc/{pid}/fd"),
        "go through the judge's root": lambda: shown(f"/proc/{pid}/root{file}"),
        "signal the judge": lambda: os.kill(pid, 0) is None,
        "limit the judge": lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE) and True,
        "slow the judge down": lambda: os.setpriority(os.PRIO_PROCESS, pid, 19) is None,
        "offer the judge to the killer": lambda: appended(f"/proc/{pid}/oom_score_adj"),
        "connect by TCP": lambda: connected(socket.AF_INET, kind, ("127.0.0.1", at["tcp"])),
        "send by UDP": lambda: connected(
            socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", at["udp"])
        ),
        "connect to a named socket": lambda: connected(socket.AF_UNIX, kind, at["socket"]),
        "connect to an abstract socket": lambda: connected(
            socket.AF_UNIX, kind, "\0" + at["abstract"]
        ),
        "mount a file system": lambda: called(LIBC.mount(b"x", b"/tmp", b"tmpfs", 0, 0)),
        "enter the judge's namespaces": lambda: called(
            LIBC.setns(os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY), 0)
        ),
        "change its root": lambda: os.chroot("/") is None,
        "make a node of the disk": disk_read,
        "set the clock of the machine": clock_set,
        "name the machine": lambda: socket.sethostname("mine") is None,
        "say who handles crashes": lambda: appended("/proc/sys/kernel/core_pattern"),
        "press the system's keys": lambda: open("/proc/sysrq-trigger", "a").close() is None,
        "type into the terminal": typed,
        "take limits back": limits_raised,
        "write a file of 5 GiB": grown,
        "leave a file in shared memory": lambda: appended(at["shared"]),
        "leave a file in /tmp": lambda: appended(at["temporary"]),
    }


class Network(torch.nn.Module):
    def __init__(self, told):
        super().__init__()
        told = json.loads(told)
        for name, attempt in attempts(told["at"], told["pid"], told["address"]).items():
            try:
                got = "got in" if attempt() else "got nothing"
            except BaseException as error:
                got = f"refused: {type(error).__name__}: {error}"
            print(json.dumps({"attempt": name, "outcome": got}))

    def forward(self, x):
        return torch.nn.functional.interpolate(x, scale_factor=4)
