"""Calls of a network: each guarded, each on an LR image of its own."""

from collections.abc import Callable
from time import monotonic  # bound before any submission's code runs
from typing import TypeVar

import torch

from harness.errors import ForwardError
from harness.worker.devices import Device, Lap
from harness.worker.loading import Network
from harness.worker.loading.faults import guarded

T = TypeVar("T")


class Calls:
    """Calls of a network on LR images [1, 3, h, w] that lie on its device.

    A network may change its input in place, so that no two calls share one. Whatever a call
    raises, at once or when the device is waited for, becomes a ForwardError.
    """

    def __init__(self, network: Network, device: Device) -> None:
        self._network, self._device = network, device
        self._guarded, self._now = guarded, monotonic

    def timed(self, lr: torch.Tensor) -> Lap:
        """Time one call."""
        return self._made(lr, lambda: self._device.timed(lambda: self._network(lr)))

    def in_a_row(self, lr: torch.Tensor, calls: int, seconds: float) -> tuple[int, float]:
        """Call back to back, so often and so long at least; return how often, and the ms of all."""
        made, began_s = 0, self._now()

        def row() -> torch.Tensor:
            nonlocal made
            while True:
                sr = self._network(lr.clone())
                made += 1
                if made >= calls and self._now() - began_s >= seconds:
                    return sr

        lap = self._made(lr, lambda: self._device.timed(row))
        return made, lap.whole_ms or lap.ms

    def replayed(self, lr: torch.Tensor) -> float:
        """Time the replay of a call that is recorded as a CUDA graph. Raises ForwardError.

        What a failed recording leaves behind, no later call may meet: it is the last thing done.
        """

        def call() -> float:
            graphed = self._device.graphed(self._network)
            graphed(lr)
            return self._device.timed(lambda: graphed(lr)).ms

        return self._made(lr, call)

    def _made(self, lr: torch.Tensor, call: Callable[[], T]) -> T:
        height, width = lr.shape[-2:]
        with torch.no_grad():
            made: T = self._guarded(call, f"the forward of a {height}x{width} image", ForwardError)
            return made
