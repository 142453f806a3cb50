"""Where a network runs and how its time and memory are taken.

base      the interface between the harness and a device
cpu       the CPU: host clock, resident memory
cuda      an NVIDIA GPU: CUDA events, the allocator's peak
graph     a forward recorded as a CUDA graph
host      switches that PyTorch keeps on the host
profiler  PyTorch's profiler, read as operators
fake      a device for tests: the network runs on the CPU, the clock is scripted
"""

import re

from harness.errors import InputError
from harness.worker.devices.base import Device, Lap
from harness.worker.devices.cpu import CpuDevice
from harness.worker.devices.cuda import CudaDevice
from harness.worker.devices.fake import FakeDevice

__all__ = ["Device", "Lap", "kind", "resolve", "select"]

_NAMES = re.compile(r"cpu|(cuda|fake)(:\d+)?")
_KINDS: dict[str, type[Device]] = {"cpu": CpuDevice, "cuda": CudaDevice, "fake": FakeDevice}


def resolve(name: str) -> str:
    """Return the device that `auto` stands for on this machine; other names as they are.

    Raises InputError for a device that is unknown or absent, before anything is measured.
    """
    if name == "auto":
        return "cuda" if CudaDevice.available() else "cpu"
    select(name)
    return name


def select(name: str) -> Device:
    """Return the device called `name`: `cpu`, `cuda`, `cuda:N`, or `fake` in tests."""
    if not _NAMES.fullmatch(name):
        raise InputError(f"device {name!r} is unknown; use auto, cpu, cuda or cuda:N")
    return kind(name)(name)


def kind(name: str) -> type[Device]:
    """Return the class of the device called `name`, which need not be here."""
    return _KINDS[name.partition(":")[0]]
