"""Where a network runs and how its time and memory are taken."""

from harness.devices.base import Device, Lap
from harness.devices.cpu import CpuDevice
from harness.devices.cuda import CudaDevice
from harness.devices.fake import FakeDevice
from harness.errors import InputError

__all__ = ["Device", "Lap", "resolve", "select"]

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
    kind = name.partition(":")[0]
    if kind not in _KINDS:
        raise InputError(f"device {name!r} is unknown; use auto, cpu, cuda or cuda:N")
    return _KINDS[kind](name)
