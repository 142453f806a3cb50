"""An NVIDIA GPU: CUDA events, the allocator's peak."""

import time
from collections.abc import Callable

import torch
from torch.profiler import ProfilerActivity

from harness.errors import InputError
from harness.records import Operator, Switches
from harness.worker.devices import host
from harness.worker.devices.base import Lap
from harness.worker.devices.graph import Replayed
from harness.worker.devices.profiler import operators
from harness.worker.pixels import Image, quantised


class CudaDevice:
    """One GPU that PyTorch calls `cuda:N`."""

    clock = "CUDA events"
    memory_kind = "peak memory allocated by PyTorch (torch.cuda.max_memory_allocated)"
    is_gpu = True
    scripted = False

    def __init__(self, name: str = "cuda") -> None:
        if not self.available():
            raise InputError(f"device {name!r} asks for a GPU and PyTorch sees none; use cpu")
        self.torch_device = torch.device(name if ":" in name else "cuda:0")
        count = torch.cuda.device_count()
        if self.torch_device.index >= count:
            raise InputError(f"device {name!r} does not exist; PyTorch sees {count} GPU(s) from 0")
        self._pinned: torch.Tensor | None = None
        # bound before any submission's code runs
        self._event, self._synchronize = torch.cuda.Event, torch.cuda.synchronize
        self._stream, self._now = torch.cuda.current_stream, time.perf_counter_ns

    @staticmethod
    def available() -> bool:
        """Tell whether PyTorch sees a GPU."""
        return torch.cuda.is_available()

    def apply(self, switches: Switches) -> None:
        """Set what changes speed or bits."""
        torch.cuda.set_device(
            self.torch_device
        )  # takes memory; the harness's own process never does
        host.apply(switches)

    def timed(self, call: Callable[[], torch.Tensor]) -> Lap:
        """Run `call` between two CUDA events, as the official loop does; a third event follows.

        The second is recorded as the call returns, before the host waits: on the stream that is
        current then. The third is recorded when the whole device is idle: what lies between them
        beyond the host's waking up is work on other streams.
        """
        start, end, idle = (self._event(enable_timing=True) for _ in range(3))  # type: ignore[no-untyped-call]
        stream = self._stream(self.torch_device)
        self._synchronize(self.torch_device)
        began = self._now()
        start.record(stream)
        result = call()
        end.record(self._stream(self.torch_device))
        launched = self._now()
        self._synchronize(self.torch_device)
        finished = self._now()
        idle.record(stream)
        self._synchronize(self.torch_device)
        return Lap(
            result,
            ms=start.elapsed_time(end),
            whole_ms=start.elapsed_time(idle),
            host_ms=(finished - began) / 1e6,
            launch_ms=(launched - began) / 1e6,
        )

    def quantised(self, sr: torch.Tensor, data_range: float) -> Image:
        """Quantise on the device; copy a quarter of the bytes, through memory that is pinned."""
        pixels = quantised(sr, data_range)
        if self._pinned is None or self._pinned.numel() < pixels.numel():
            self._pinned = torch.empty(pixels.numel(), dtype=torch.uint8, pin_memory=True)
        there = self._pinned[: pixels.numel()].view(pixels.shape)
        there.copy_(pixels)  # waits, as PyTorch's copies to the host do unless told otherwise
        image: Image = there.numpy()
        return image

    def timers(self) -> dict[str, object]:
        """Return the functions that the clock is made of."""
        return {
            "torch.cuda.Event": torch.cuda.Event,
            "torch.cuda.Event.record": torch.cuda.Event.record,
            "torch.cuda.Event.elapsed_time": torch.cuda.Event.elapsed_time,
            "torch.cuda.current_stream": torch.cuda.current_stream,
            "torch.cuda.synchronize": torch.cuda.synchronize,
            "time.perf_counter_ns": time.perf_counter_ns,
            "the harness": CudaDevice.timed,
        }

    def release(self) -> None:
        """Let PyTorch's allocator give back what it holds and nobody uses."""
        torch.cuda.empty_cache()

    def reset_peak(self) -> None:
        """Start a new measurement of peak memory."""
        torch.cuda.reset_peak_memory_stats(self.torch_device)

    def peak_bytes(self) -> int:
        """Return the peak of the bytes that PyTorch had allocated since `reset_peak`."""
        return int(torch.cuda.max_memory_allocated(self.torch_device))

    def reserved_bytes(self) -> int | None:
        """Return the peak of what PyTorch had taken from the driver since `reset_peak`."""
        return int(torch.cuda.max_memory_reserved(self.torch_device))

    def operators(self, call: Callable[[], torch.Tensor], repeats: int) -> tuple[Operator, ...]:
        """Run `call` under PyTorch's profiler; an operator's time is that of its kernels."""

        def finished() -> torch.Tensor:
            result = call()
            self._synchronize(self.torch_device)
            return result

        activities = [ProfilerActivity.CPU, ProfilerActivity.CUDA]
        return operators(finished, repeats, activities, lambda event: event.self_device_time_total)

    def graphed(
        self, call: Callable[[torch.Tensor], torch.Tensor]
    ) -> Callable[[torch.Tensor], torch.Tensor]:
        """Return what records `call` as a CUDA graph once per size of its input, and replays it."""
        return Replayed(call, self.torch_device)
