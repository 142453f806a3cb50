"""The CPU: host clock, resident memory."""

import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity

from harness.errors import ForwardError
from harness.records import Operator, Switches
from harness.worker.devices import host
from harness.worker.devices.base import Lap
from harness.worker.devices.profiler import operators
from harness.worker.pixels import Image, to_uint8

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")


class CpuDevice:
    """The processor that PyTorch calls `cpu`."""

    clock = "the host's perf_counter_ns"
    memory_kind = "peak growth of the process's resident memory since before its first forward"
    is_gpu = False
    scripted = False

    def __init__(self, name: str = "cpu") -> None:
        self.torch_device = torch.device("cpu")
        self._now = time.perf_counter_ns  # bound before any submission's code runs
        self._resident_before: int | None = None

    def apply(self, switches: Switches) -> None:
        """Set what changes speed or bits."""
        host.apply(switches)

    def timed(self, call: Callable[[], torch.Tensor]) -> Lap:
        """Run `call`; the CPU has finished when it returns."""
        start = self._now()
        result = call()
        ms = (self._now() - start) / 1e6
        return Lap(result, ms)

    def quantised(self, sr: torch.Tensor, data_range: float) -> Image:
        """Return SR as uint8 [H, W, 3]."""
        return to_uint8(sr, data_range)

    def timers(self) -> dict[str, object]:
        """Return the functions that the clock is made of."""
        return {"time.perf_counter_ns": time.perf_counter_ns, "the harness": CpuDevice.timed}

    def release(self) -> None:
        """Do nothing: there is no pool."""

    def reset_peak(self) -> None:
        """Let the kernel forget the peak of the resident memory (proc(5), clear_refs 5)."""
        _CLEAR_REFS.write_text("5")
        if self._resident_before is None:
            self._resident_before = _resident("VmRSS")

    def peak_bytes(self) -> int:
        """Return the growth from before the first `reset_peak` to the peak since the latest.

        What the first forward takes, the process keeps: later growth alone would hide it.
        """
        return max(0, _resident("VmHWM") - (self._resident_before or 0))

    def reserved_bytes(self) -> int | None:
        """Return None: there is no pool of reserved memory."""
        return None

    def operators(self, call: Callable[[], torch.Tensor], repeats: int) -> tuple[Operator, ...]:
        """Run `call` under PyTorch's profiler."""
        activities = [ProfilerActivity.CPU]
        return operators(call, repeats, activities, lambda event: event.self_cpu_time_total)

    def graphed(
        self, call: Callable[[torch.Tensor], torch.Tensor]
    ) -> Callable[[torch.Tensor], torch.Tensor]:
        """Refuse: a processor has no graphs of kernels."""
        raise ForwardError("a CUDA graph needs an NVIDIA GPU; name one with --device cuda")


def _resident(field: str) -> int:
    """Read `field` of /proc/self/status in bytes."""
    for line in _STATUS.read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return 0
