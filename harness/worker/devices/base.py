"""The interface between the harness and a device."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from harness.records import Operator, Switches


class Lap(NamedTuple):
    """One timed call."""

    sr: torch.Tensor  # its result
    ms: float  # by the device's clock, as the official loop takes it
    whole_ms: float | None = None  # by the same clock, until all of the device is idle
    host_ms: float | None = None  # by the host's clock, until then
    launch_ms: float | None = None  # by the host's clock, until the call returned
    # None where the device has one clock, and has finished when the call returns


class Device(Protocol):
    """A device that runs networks. One instance serves one worker process."""

    torch_device: torch.device
    clock: str  # what takes the time here
    memory_kind: str  # what `peak_bytes` means here
    is_gpu: bool  # clocks that rise with work, a pool of memory, a driver that counts energy
    scripted: bool  # whether its clock is none, in tests

    def __init__(self, name: str) -> None:
        """Open the device `name`. Raises InputError where it is absent."""

    def apply(self, switches: Switches) -> None:
        """Set what changes speed or bits."""

    def timed(self, call: Callable[[], torch.Tensor]) -> Lap:
        """Run `call`. The device is idle before, and has finished all its work after."""

    def quantised(self, sr: torch.Tensor, data_range: float) -> NDArray[np.uint8]:
        """Return SR [1, 3, H, W] as uint8 [H, W, 3] in the host's memory, as `to_uint8` does."""

    def timers(self) -> dict[str, object]:
        """Return the functions that the clock is made of, as they are found now, by name.

        The device holds those that it found when it was opened, and times with them.
        """

    def release(self) -> None:
        """Give memory that is held for later back to the driver, where there is such a pool."""

    def reset_peak(self) -> None:
        """Start a new measurement of peak memory."""

    def peak_bytes(self) -> int:
        """Return the peak memory since `reset_peak`, in bytes."""

    def reserved_bytes(self) -> int | None:
        """Return the peak that the allocator held since then; None where there is no such pool."""

    def operators(self, call: Callable[[], torch.Tensor], repeats: int) -> tuple[Operator, ...]:
        """Run `call` `repeats` times under PyTorch's profiler; its operators, costliest first."""

    def graphed(
        self, call: Callable[[torch.Tensor], torch.Tensor]
    ) -> Callable[[torch.Tensor], torch.Tensor]:
        """Return what records `call` once per size of its input and replays the record after.

        Raises ForwardError where the device has no such thing.
        """
