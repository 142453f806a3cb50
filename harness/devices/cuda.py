"""An NVIDIA GPU: CUDA events, the allocator's peak."""

import time
from collections.abc import Callable

import torch

from harness.devices import host
from harness.devices.base import Lap
from harness.errors import InputError
from harness.records import Switches


class CudaDevice:
    """One GPU that PyTorch calls `cuda:N`."""

    clock = "CUDA events"
    memory_kind = "peak memory allocated by PyTorch (torch.cuda.max_memory_allocated)"
    counts_energy = True

    def __init__(self, name: str = "cuda") -> None:
        if not self.available():
            raise InputError(f"device {name!r} asks for a GPU and PyTorch sees none; use cpu")
        self.torch_device = torch.device(name if ":" in name else "cuda:0")
        count = torch.cuda.device_count()
        if self.torch_device.index >= count:
            raise InputError(f"device {name!r} does not exist; PyTorch sees {count} GPU(s) from 0")
        self._applied = Switches()
        # bound before any submission's code runs
        self._event, self._synchronize = torch.cuda.Event, torch.cuda.synchronize
        self._now = time.perf_counter_ns

    @staticmethod
    def available() -> bool:
        """Tell whether PyTorch sees a GPU."""
        return torch.cuda.is_available()

    def apply(self, switches: Switches) -> None:
        """Set what changes speed or bits."""
        torch.cuda.set_device(
            self.torch_device
        )  # takes memory; the harness's own process never does
        self._applied = switches
        host.apply(switches)

    def switches(self) -> Switches:
        """Read the switches as they are now."""
        return host.read(self._applied)

    def timed(self, call: Callable[[], torch.Tensor]) -> Lap:
        """Run `call` between two CUDA events; the end waits for the work of every stream."""
        start = self._event(enable_timing=True)  # type: ignore[no-untyped-call]
        end = self._event(enable_timing=True)  # type: ignore[no-untyped-call]
        self._synchronize(self.torch_device)
        began = self._now()
        start.record()
        result = call()
        self._synchronize(self.torch_device)
        end.record()
        self._synchronize(self.torch_device)
        host_ms = (self._now() - began) / 1e6
        return Lap(result, start.elapsed_time(end), host_ms)

    def timers(self) -> dict[str, object]:
        """Return the functions that the clock is made of."""
        return {
            "torch.cuda.Event": torch.cuda.Event,
            "torch.cuda.Event.record": torch.cuda.Event.record,
            "torch.cuda.Event.elapsed_time": torch.cuda.Event.elapsed_time,
            "torch.cuda.synchronize": torch.cuda.synchronize,
            "time.perf_counter_ns": time.perf_counter_ns,
            "the harness": CudaDevice.timed,
        }

    def reset_peak(self) -> None:
        """Start a new measurement of peak memory."""
        torch.cuda.reset_peak_memory_stats(self.torch_device)

    def peak_bytes(self) -> int:
        """Return the peak of the bytes that PyTorch had allocated since `reset_peak`."""
        return int(torch.cuda.max_memory_allocated(self.torch_device))
