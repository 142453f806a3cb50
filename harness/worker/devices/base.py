"""The interface between the harness and a device."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch

from harness.records import Operator, Switches


class Lap(NamedTuple):
    """One timed call."""

    sr: torch.Tensor  # its result
    ms: float  # by the device's clock
    host_ms: float | None  # by the host's, around the same synchronised region; None: the same


class Device(Protocol):
    """A device that runs networks. One instance serves one worker process."""

    torch_device: torch.device
    clock: str  # what takes the time here
    memory_kind: str  # what `peak_bytes` means here
    counts_energy: bool  # whether its driver may count what it draws

    def __init__(self, name: str) -> None:
        """Open the device `name`. Raises InputError where it is absent."""

    def apply(self, switches: Switches) -> None:
        """Set what changes speed or bits."""

    def switches(self) -> Switches:
        """Read the switches as they are now."""

    def timed(self, call: Callable[[], torch.Tensor]) -> Lap:
        """Run `call`. The device is idle before, and has finished all its work after."""

    def timers(self) -> dict[str, object]:
        """Return the functions that the clock is made of, as they are found now, by name.

        The device holds those that it found when it was opened, and times with them.
        """

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
