"""An NVIDIA GPU: CUDA events, the allocator's peak."""

import time
from collections.abc import Callable

import torch
from torch.profiler import ProfilerActivity

from harness.errors import InputError
from harness.records import Operator, Switches
from harness.worker.devices import host
from harness.worker.devices.base import Lap
from harness.worker.devices.profiler import operators

_BEFORE_RECORDING = 3  # calls on a stream of their own, as PyTorch's notes on CUDA graphs ask for


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
        recorded: dict[torch.Size, tuple[torch.cuda.CUDAGraph, torch.Tensor, torch.Tensor]] = {}

        def replayed(lr: torch.Tensor) -> torch.Tensor:
            if lr.shape not in recorded:
                recorded[lr.shape] = _recorded(call, lr.clone())
            graph, given, result = recorded[lr.shape]
            given.copy_(lr)
            graph.replay()
            return result

        return replayed


def _recorded(
    call: Callable[[torch.Tensor], torch.Tensor], given: torch.Tensor
) -> tuple[torch.cuda.CUDAGraph, torch.Tensor, torch.Tensor]:
    """Record `call` on `given`; return the graph, and the tensors that it reads and writes."""
    aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(_BEFORE_RECORDING):
            call(given)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = call(given)
    return graph, given, result
