"""A device for tests: the network really runs on the CPU, the clock is scripted."""

import hashlib
import math
import time
from collections.abc import Callable, Mapping

import torch

from harness.records import Operator, Switches
from harness.worker.devices import host
from harness.worker.devices.base import Lap
from harness.worker.devices.cpu import CpuDevice
from harness.worker.pixels import Image, to_uint8

_MS_PER_MEGAPIXEL = 100.0  # of the SR image
_COLD_FACTOR = 10.0  # the first call on an image size
_THROTTLED_FACTOR, _REMEMBERED_FACTOR = 2.0, 0.01


class FakeDevice:
    """Every call takes 100 ms per megapixel of SR, ten times as long on a size's first call.

    What else may happen is told to its constructor: each call takes longer by `drift`, calls from
    number `throttled_from` on take twice as long, those in `outliers` as many times as it says;
    the share `hidden` of the work runs on another stream than the result, from call
    `hidden_from` on; a result that is in `remembered` is there after a hundredth of the time.
    Calls count from 1.
    """

    clock = "scripted (fake device, for tests)"
    memory_kind = "bytes of the largest SR image (fake device)"
    is_gpu = False
    scripted = True

    def __init__(
        self,
        name: str = "fake",
        *,
        drift: float = 0.0,
        throttled_from: float = math.inf,
        outliers: Mapping[int, float] | None = None,
        hidden: float = 0.0,
        hidden_from: int = 1,
        remembered: set[bytes] | None = None,
    ) -> None:
        self.torch_device = torch.device("cpu")
        self.calls = 0
        self._drift, self._throttled_from, self._outliers = drift, throttled_from, outliers or {}
        self._hidden, self._hidden_from, self._remembered = hidden, hidden_from, remembered
        self._seen: set[torch.Size] = set()
        self._peak = 0

    def apply(self, switches: Switches) -> None:
        """Set what changes speed or bits."""
        host.apply(switches)

    def timed(self, call: Callable[[], torch.Tensor]) -> Lap:
        """Run `call` and return the scripted duration for the size of its result."""
        result = call()
        self.calls += 1
        duration = result.shape[-2] * result.shape[-1] / 1e6 * _MS_PER_MEGAPIXEL
        if result.shape not in self._seen:
            self._seen.add(result.shape)
            duration *= _COLD_FACTOR
        duration *= (1 + self._drift) ** (self.calls - 1) * self._outliers.get(self.calls, 1.0)
        if self.calls >= self._throttled_from:
            duration *= _THROTTLED_FACTOR
        if self._remembered is not None:
            content = hashlib.sha256(result.numpy().tobytes()).digest()
            duration *= _REMEMBERED_FACTOR if content in self._remembered else 1.0
            self._remembered.add(content)
        hidden = self._hidden if self.calls >= self._hidden_from else 0.0
        self._peak = max(self._peak, result.nbytes)
        return Lap(result, duration * (1 - hidden), duration, duration, 0.0)

    def quantised(self, sr: torch.Tensor, data_range: float) -> Image:
        """Return SR as uint8 [H, W, 3]."""
        return to_uint8(sr, data_range)

    def timers(self) -> dict[str, object]:
        """Return what stands for a clock's functions."""
        return {"time.perf_counter_ns": time.perf_counter_ns, "the harness": FakeDevice.timed}

    def release(self) -> None:
        """Do nothing: there is no pool."""

    def reset_peak(self) -> None:
        """Start a new measurement of peak memory."""
        self._peak = 0

    def peak_bytes(self) -> int:
        """Return the size of the largest result since `reset_peak`."""
        return self._peak

    def reserved_bytes(self) -> int | None:
        """Return None: there is no pool of reserved memory."""
        return None

    def operators(self, call: Callable[[], torch.Tensor], repeats: int) -> tuple[Operator, ...]:
        """Return the operators that the CPU ran, 1 ms for each call of one."""
        found = CpuDevice().operators(call, repeats)
        return tuple(Operator(one.name, one.calls, (1.0 * one.calls,) * repeats) for one in found)

    def graphed(
        self, call: Callable[[torch.Tensor], torch.Tensor]
    ) -> Callable[[torch.Tensor], torch.Tensor]:
        """Refuse as the CPU does."""
        return CpuDevice().graphed(call)
