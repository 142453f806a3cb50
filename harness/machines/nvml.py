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
    """One GPU, as long as NVML is open."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def ask(self, function: str, *arguments: Any) -> Any:
        """Return what NVML's `function` says of this GPU; None where it cannot say."""
        try:
            return getattr(pynvml, function)(self._handle, *arguments)
        except pynvml.NVMLError:
            return None

    def read(self) -> Reading:
        """Read clocks, power, temperature, load, energy, limits and processes as they are now."""
        power_mw = self.ask("nvmlDeviceGetPowerUsage")
        load = self.ask("nvmlDeviceGetUtilizationRates")
        # the name that drivers before 535 know as well
        limits = self.ask("nvmlDeviceGetCurrentClocksThrottleReasons") or 0
        running = self.ask("nvmlDeviceGetComputeRunningProcesses") or []
        return Reading(
            sm_clock_mhz=self.ask("nvmlDeviceGetClockInfo", pynvml.NVML_CLOCK_SM),
            memory_clock_mhz=self.ask("nvmlDeviceGetClockInfo", pynvml.NVML_CLOCK_MEM),
            power_w=None if power_mw is None else power_mw / 1000,
            temperature_c=self.ask("nvmlDeviceGetTemperature", pynvml.NVML_TEMPERATURE_GPU),
            utilisation_percent=None if load is None else load.gpu,
            energy_mj=self.ask("nvmlDeviceGetTotalEnergyConsumption"),
            reasons=tuple(reason for bit, reason in REASONS.items() if limits & bit),
            processes={one.pid: one.usedGpuMemory or 0 for one in running},
        )


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


def _gpu(device: str) -> Gpu | None:
    uuid = str(torch.cuda.get_device_properties(torch.device(device)).uuid)
    try:
        return Gpu(pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid.removeprefix('GPU-')}"))
    except pynvml.NVMLError:
        return None
