"""A fake GPU under the real `CudaDevice`: it really computes, on the CPU; time is simulated.

Streams are timelines, events stand on them, the host has a clock of its own that every launch,
recording and waiting moves. What is faked of torch.cuda checks its arguments against the signature
of the real function. It knows nothing of real kernels: what it shows is that the order of calls,
the layouts and the bookkeeping are right, never a figure.
"""

import contextlib
import functools
import inspect
import time
import weakref
from collections import deque

import torch
from torch.utils._python_dispatch import TorchDispatchMode

LAUNCH, WAKE, RECORD = 5e-6, 20e-6, 2e-6  # s of the host: a launch, the end of a wait, an event
PAGE = 512  # bytes that an allocation is rounded up to
QUEUE = 1024  # launches that the host may be ahead by


# a GPU divides by a number by multiplying with its inverse
_BY_INVERSE = {
    torch.ops.aten.div.Tensor: torch.ops.aten.mul.Tensor,
    torch.ops.aten.div_.Tensor: torch.ops.aten.mul_.Tensor,
}


class Stream:
    """A timeline of a device."""

    def __init__(self, gpu, index):
        self.gpu, self.index, self.busy = gpu, index, 0.0
        gpu.streams.append(self)

    def wait_stream(self, other):
        self.busy = max(self.busy, other.busy)


class Event:
    """A place on a timeline, or on none yet."""

    gpu = None  # the fake that is installed

    def __init__(self, enable_timing=False, blocking=False, interprocess=False):
        self.timing, self.at, self.index = enable_timing, None, None

    def record(self, stream=None):
        stream = stream or self.gpu.current_stream()
        assert self.index in (None, stream.index), "an event of another device"
        self.gpu.now += RECORD
        stream.busy = self.at = max(stream.busy, self.gpu.now)
        self.index = stream.index

    def elapsed_time(self, end):
        assert self.timing and end.timing, "an event without timing"
        assert None not in (self.at, end.at), "an event was never recorded"
        assert max(self.at, end.at) <= self.gpu.now, "an event has not completed yet"
        return (end.at - self.at) * 1e3


class Graph:
    """Operators that are launched at once."""

    def __init__(self, gpu):
        self.gpu, self.operators = gpu, []

    def replay(self):
        self.gpu.replaying = True
        for func, args, kwargs, out, _ in self.operators:
            new = func(*args, **kwargs)
            if isinstance(out, torch.Tensor) and new.data_ptr() != out.data_ptr():
                out.copy_(new)
        self.gpu.replaying = False
        self.gpu.launch(sum(cost for *_, cost in self.operators))


class VirtualGpu(TorchDispatchMode):
    """GPUs, of which `cuda:index` runs every operator while this mode is entered.

    An operator takes `kernel_ms` on its stream, and `tuning_ms` more when its shapes and strides
    come for the first time. Clocks are at `idle` of their highest until `ramp_s` of work in
    a row are done; a pause of `pause_s` lets them fall again.
    """

    def __init__(
        self, *, index=0, kernel_ms=0.05, tuning_ms=0.0, idle=1.0, ramp_s=0.0, pause_s=0.1
    ):
        super().__init__()
        self.index, self.kernel_ms, self.tuning_ms = index, kernel_ms, tuning_ms
        self.idle, self.ramp_s, self.pause_s = idle, ramp_s, pause_s
        self.now = self.worked = 0.0  # the host's clock; seconds of work in a row
        self._ends = deque([0.0], maxlen=QUEUE)
        self.streams, self.tuned, self._live, self._pinned = [], set(), [], []
        self.current = [Stream(self, index) for index in range(2)]  # of each device
        self.device = 0  # the current one
        self.peak = self.reserved = self.peak_reserved = 0
        self.limit = self.fault_after = float("inf")  # bytes; kernels until one faults
        self.kernels = 0
        self.capturing, self.replaying = None, False  # operators of a graph; whether one runs

    # ------------------------------------------------------------ what runs on it

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if kwargs.pop("pin_memory", False):  # the host's
            self._pinned.append(func(*args, **kwargs))
            return self._pinned[-1]
        if func in _BY_INVERSE and not isinstance(args[1], torch.Tensor):
            func, args = _BY_INVERSE[func], (args[0], 1 / args[1])
        out = func(*args, **kwargs)
        if self.replaying:
            return out
        if self.capturing is not None:
            self.capturing.append((func, args, kwargs, out, self._cost_s(func, args)))
        else:
            self.launch(self._cost_s(func, args))
        for tensor in out if isinstance(out, tuple | list) else (out,):
            if isinstance(tensor, torch.Tensor):
                self._hold(tensor)
        return out

    def _cost_s(self, func, args):
        tensors = [a for a in args if isinstance(a, torch.Tensor)]
        seen = (func, *((tuple(t.shape), t.stride()) for t in tensors))
        new = seen not in self.tuned
        self.tuned.add(seen)
        return (self.kernel_ms + new * self.tuning_ms) / 1e3

    def launch(self, seconds):
        """Let the host launch so much work."""
        self.kernels += 1
        stream = self.current[self.index]
        self.now = max(self.now + LAUNCH, self._ends[0])
        if self.now - stream.busy > self.pause_s:
            self.worked = 0.0
        clock = 1.0 if self.worked >= self.ramp_s else self.idle
        self.worked += seconds
        stream.busy = max(stream.busy, self.now) + seconds / clock
        self._ends.append(stream.busy)

    # ------------------------------------------------------------ its memory

    def allocated(self):
        """Return the bytes of the storages that are alive."""
        storages = {}
        self._live = [one for one in self._live if one() is not None]
        for one in self._live:
            storage = one().untyped_storage()
            storages[storage.data_ptr()] = -(-storage.nbytes() // PAGE) * PAGE
        return sum(storages.values())

    def _hold(self, tensor):
        if any(tensor.untyped_storage().data_ptr() == one.data_ptr() for one in self._pinned):
            return
        self._live.append(weakref.ref(tensor))
        held = self.allocated()
        if held > self.limit:
            asked = tensor.nbytes / 2**20
            raise torch.OutOfMemoryError(
                f"CUDA out of memory. Tried to allocate {asked:.2f} MiB. GPU 0 has a total "
                "capacity of 1.00 GiB of which 0 bytes is free."
            )
        self.peak, self.reserved = max(self.peak, held), max(self.reserved, held)
        self.peak_reserved = max(self.peak_reserved, self.reserved)

    def empty_cache(self):
        self.reserved = self.allocated()

    def reset_peak_memory_stats(self, device=None):
        self.peak, self.peak_reserved = self.allocated(), self.reserved

    # ------------------------------------------------------------ torch.cuda

    def synchronize(self, device=None):
        if self.capturing is not None:
            raise torch.AcceleratorError("operation not permitted when stream is capturing")
        index = self._of(device)
        ends = [stream.busy for stream in self.streams if stream.index == index]
        self.now = max([self.now, *ends]) + WAKE
        if self.kernels > self.fault_after:
            raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    def current_stream(self, device=None):
        return self.current[self._of(device)]

    @contextlib.contextmanager
    def stream(self, stream):
        before, self.current[stream.index] = self.current[stream.index], stream
        try:
            yield
        finally:
            self.current[stream.index] = before

    @contextlib.contextmanager
    def graph(self, cuda_graph, stream=None):
        """Record operators in place of running them; a call that waits is refused, as CUDA does."""
        self.capturing = cuda_graph.operators = []
        try:
            yield
        finally:
            self.capturing = None

    def set_device(self, device):
        self.device = self._of(device)

    def _of(self, device):
        return self.device if device is None else torch.device(device).index

    def install(self, monkeypatch):
        """Let PyTorch see these GPUs."""
        faked = {
            "is_available": lambda: True,
            "device_count": lambda: len(self.current),
            "synchronize": self.synchronize,
            "current_stream": self.current_stream,
            "stream": self.stream,
            "set_device": self.set_device,
            "graph": self.graph,
            "reset_peak_memory_stats": self.reset_peak_memory_stats,
            "max_memory_allocated": lambda device=None: self.peak,
            "max_memory_reserved": lambda device=None: self.peak_reserved,
            "empty_cache": self.empty_cache,
        }
        for name, fake in faked.items():
            real = inspect.signature(getattr(torch.cuda, name))
            monkeypatch.setattr(torch.cuda, name, _checked(real, fake))
        monkeypatch.setattr(Event, "gpu", self)
        monkeypatch.setattr(torch.cuda, "Event", Event)
        monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: Graph(self))
        monkeypatch.setattr(
            torch.cuda, "Stream", lambda device=None: Stream(self, self._of(device))
        )
        monkeypatch.setattr(time, "perf_counter_ns", lambda: round(self.now * 1e9))
        return self


def _checked(real, fake):
    @functools.wraps(fake)
    def call(*args, **kwargs):
        real.bind(*args, **kwargs)
        return fake(*args, **kwargs)

    return call
