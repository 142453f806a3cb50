"""What NVML says of a GPU. Every question may go unanswered: None."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pynvml
import torch

# nvml.h, nvmlClocksEventReasons; an idle GPU (0x1) is no reason
REASONS = {
    0x2: "applications clocks",  # or locked ones
    0x4: "software power cap",
    0x8: "hardware slowdown",
    0x10: "sync boost",
    0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "power brake",
    0x100: "display clocks",
}


@dataclass(frozen=True)
class Reading:
    """The state of a GPU at one moment."""

    sm_clock_mhz: float | None
    memory_clock_mhz: float | None
    power_w: float | None
    temperature_c: float | None
    utilisation_percent: float | None
    energy_mj: float | None  # since the driver was loaded
    reasons: tuple[str, ...]
    processes: dict[int, int]  # pid of each compute process -> its bytes, 0 where not told


class Gpu:
    """One GPU, as long as NVML is open; its processes are those of an instance (MIG) of it."""

    def __init__(self, handle: Any, instance: Any = None) -> None:
        self._handle, self._instance = handle, instance or handle

    def ask(self, function: str, *arguments: Any) -> Any:
        """Return what NVML's `function` says of this GPU; None where it cannot say, or is not."""
        return _asked(function, self._handle, *arguments)

    def read(self) -> Reading:
        """Read clocks, power, temperature, load, energy, limits and processes as they are now."""
        power_mw = self.ask("nvmlDeviceGetPowerUsage")
        load = self.ask("nvmlDeviceGetUtilizationRates")
        limits = self.ask("nvmlDeviceGetCurrentClocksEventReasons")
        if limits is None:  # its name until driver 535
            limits = self.ask("nvmlDeviceGetCurrentClocksThrottleReasons") or 0
        return Reading(
            sm_clock_mhz=self.ask("nvmlDeviceGetClockInfo", pynvml.NVML_CLOCK_SM),
            memory_clock_mhz=self.ask("nvmlDeviceGetClockInfo", pynvml.NVML_CLOCK_MEM),
            power_w=None if power_mw is None else power_mw / 1000,
            temperature_c=self.ask("nvmlDeviceGetTemperature", pynvml.NVML_TEMPERATURE_GPU),
            utilisation_percent=None if load is None else load.gpu,
            energy_mj=self.ask("nvmlDeviceGetTotalEnergyConsumption"),
            reasons=tuple(reason for bit, reason in REASONS.items() if limits & bit),
            processes=self.processes(),
        )

    def processes(self) -> dict[int, int]:
        """Return pid and bytes of each compute process; 0 bytes where they are not told."""
        running = _asked("nvmlDeviceGetComputeRunningProcesses", self._instance) or []
        return {one.pid: one.usedGpuMemory or 0 for one in running}


@contextlib.contextmanager
def opened(device: str) -> Iterator[Gpu | None]:
    """Open the GPU that PyTorch calls `device`; None for the CPU, and where NVML is missing."""
    if device.partition(":")[0] != "cuda":
        yield None
        return
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        yield None
        return
    try:
        yield _gpu(device)
    finally:
        with contextlib.suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def driver() -> str | None:
    """Return the driver's version, while a GPU is opened."""
    try:
        return str(pynvml.nvmlSystemGetDriverVersion())
    except pynvml.NVMLError:
        return None


def _asked(function: str, *arguments: Any) -> Any:
    asked = getattr(pynvml, function, None)  # an older pynvml does not have them all
    try:
        return asked and asked(*arguments)
    except pynvml.NVMLError:  # nor an older driver
        return None


def _gpu(device: str) -> Gpu | None:
    """Find the GPU by its UUID; of an instance (MIG) the GPU that it is a part of."""
    uuid = str(torch.cuda.get_device_properties(torch.device(device)).uuid)
    number = uuid.removeprefix("GPU-").removeprefix("MIG-")
    handle = _asked("nvmlDeviceGetHandleByUUID", f"GPU-{number}")
    if handle is not None:
        return Gpu(handle)
    instance = _asked("nvmlDeviceGetHandleByUUID", f"MIG-{number}")
    if instance is None:
        return None
    whole = _asked("nvmlDeviceGetDeviceHandleFromMigDeviceHandle", instance)
    return Gpu(instance if whole is None else whole, instance)
