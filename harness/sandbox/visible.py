"""What of this machine a worker may read: interpreter, packages, system libraries, devices."""

import os
import site
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from harness.worker import start

ROOT = Path(start.__file__).resolve().parents[2]  # the checkout, or site-packages
ROOMS = ("errors.py", "records", "worker")  # of harness: all that a pass needs beside an entry
_SYSTEM = (
    *(f"/usr/{name}" for name in ("bin", "sbin", "lib", "lib32", "lib64", "libexec", "include")),
    *(f"/usr/local/{name}" for name in ("bin", "lib", "lib64", "include", "cuda", "nvidia")),
    *("/bin", "/sbin", "/lib", "/lib32", "/lib64"),
    *(f"/etc/{name}" for name in ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives")),
    *("/etc/localtime", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf"),
    "/sys/devices/system",
)
_PREFIX = ("bin", "lib", "lib64", "include", "pyvenv.cfg")  # of an environment's folder
_PACKAGES = ("site-packages", "dist-packages")  # folders that a .pth file may add, say
_NODES = ("null", "zero", "full", "random", "urandom")
_NVIDIA = ("nvidia*", "nvidia-caps")


@cache
def read_only() -> tuple[Path, ...]:
    """Return files and folders for every worker; of the project itself see `ROOT` and `ROOMS`."""
    prefixes = {Path(prefix) for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    prefixes |= {Path(os.path.realpath(sys.executable)).parents[1]}
    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    own = [
        *(prefix / name for prefix in prefixes for name in _PREFIX),
        *(Path(sysconfig.get_path(kind)) for kind in kinds),
        *(Path(name) for name in sys.path if Path(name).name in _PACKAGES),
        *([Path(site.getusersitepackages())] if site.ENABLE_USER_SITE else []),
        *(Path(name) for name in os.environ.get("LD_LIBRARY_PATH", "").split(":") if name),
    ]
    found = dict.fromkeys([*map(Path, _SYSTEM), *own])
    return tuple(path for path in found if path.is_absolute() and path.exists())


def rooms() -> tuple[Path, ...]:
    """Return what of the project a worker may read."""
    return tuple(ROOT / "harness" / name for name in ROOMS)


def is_installed() -> bool:
    """Tell whether the project lies among the packages, all of which a worker may read."""
    return any(ROOT.is_relative_to(path) for path in read_only())


def nodes(device: str) -> Iterator[Path]:
    """Yield the device nodes that a pass on `device` opens."""
    yield from (Path("/dev", name) for name in _NODES)
    if device.partition(":")[0] == "cuda":
        for pattern in _NVIDIA:
            yield from sorted(Path("/dev").glob(pattern))


def facts(device: str) -> tuple[Path, ...]:
    """Return what a pass on `device` reads of kernel and hardware beyond `read_only`."""
    gpu = device.partition(":")[0] == "cuda"
    return (Path("/sys"), Path("/proc/driver/nvidia")) if gpu else ()
