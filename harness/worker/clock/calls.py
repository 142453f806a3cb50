"""Calls of a network: each guarded, each on an LR image of its own."""

from collections.abc import Callable, Sequence
from time import monotonic  # bound before any submission's code runs
from typing import NamedTuple, TypeVar

import torch

from harness.errors import ForwardError
from harness.worker.clock.perturbation import Perturbation
from harness.worker.devices import Device, Lap
from harness.worker.loading import Network
from harness.worker.loading.faults import guarded

T = TypeVar("T")


class Sample(NamedTuple):
    """An LR image that is timed."""

    split: str
    size: tuple[int, int]  # height, width
    # puts it on the device, a new tensor of the official loop's dtype, shape and strides
    load: Callable[[], torch.Tensor]


class Calls:
    """Calls of a network on the images of one split.

    A network may change its input in place, so that no two calls share one. Whatever a call
    raises, at once or when the device is waited for, becomes a ForwardError that names the image.
    """

    def __init__(
        self,
        network: Network,
        device: Device,
        images: Sequence[Sample],
        perturbation: Perturbation,
    ) -> None:
        self.images = images
        self._network, self._device, self._perturbation = network, device, perturbation

    def timed(self, index: int, *, perturbed: bool = False) -> Lap:
        """Time one call; the peak of memory is the call's, with its LR image."""

        def call() -> Lap:
            lr = self._lr(index, perturbed)
            self._device.reset_peak()
            return self._device.timed(lambda: self._network(lr))

        return self._guarded(index, call)

    def in_a_row(
        self, index: int, *, calls: int = 1, seconds: float = 0.0, perturbed: bool = False
    ) -> tuple[int, float]:
        """Call back to back, so often and so long at least; return how often, and the ms of all."""

        def call() -> tuple[int, float]:
            lr, made, began_s = self._lr(index, perturbed), 0, monotonic()

            def row() -> torch.Tensor:
                nonlocal made
                while True:
                    sr = self._network(lr.clone())
                    made += 1
                    if made >= calls and monotonic() - began_s >= seconds:
                        return sr

            lap = self._device.timed(row)
            return made, lap.whole_ms or lap.ms

        return self._guarded(index, call)

    def replayed(self, index: int) -> float | None:
        """Time the replay of a call that is recorded as a CUDA graph; None where none can be.

        What a failed recording leaves behind, no later call may meet: it is the last thing done.
        """

        def call() -> float:
            lr = self._lr(index, perturbed=False)
            graphed = self._device.graphed(self._network)
            graphed(lr)
            return self._device.timed(lambda: graphed(lr)).ms

        try:
            return self._guarded(index, call)
        except ForwardError:
            return None

    def _lr(self, index: int, perturbed: bool) -> torch.Tensor:
        lr = self.images[index].load()
        return self._perturbation(lr) if perturbed else lr

    def _guarded(self, index: int, call: Callable[[], T]) -> T:
        image = self.images[index]
        height, width = image.size
        doing = f"timing image {index + 1} of {image.split}, LR {height}x{width},"
        with torch.no_grad():
            made: T = guarded(call, doing, ForwardError)
            return made
