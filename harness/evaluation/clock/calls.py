"""Calls of a network on the images of one split."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.errors import ForwardError
from harness.evaluation.clock.perturbation import Perturbation
from harness.records import pixels
from harness.sandbox.exchange import Called

Image = NDArray[np.uint8]


class Sample(NamedTuple):
    """An LR image that is timed."""

    split: str
    size: tuple[int, int]  # height, width
    load: Callable[[], Image]  # uint8 [H, W, 3]
    digest: str = ""  # of the SR image of an ordinary call, where one was made
    perturbed: Callable[[], Image] | None = None  # the perturbed copy that was restored ordinarily
    perturbed_digest: str = ""  # of its SR image


class Differing(NamedTuple):
    """A timed call whose SR image is not, bit for bit, that of an ordinary call."""

    split: str
    image: int  # its index
    perturbed: bool
    lr: Image
    sr: Image
    expected: str  # digest of an ordinary call's


class Caller(Protocol):
    """Who has images restored: the exchange with a worker."""

    def called(self, lr: Image) -> Called:
        """Have one image restored."""

    def in_a_row(self, lr: Image, calls: int = 1, seconds: float = 0.0) -> tuple[int, float]:
        """Have it restored so often and so long at least; return how often, and the ms of all."""

    def replayed(self, lr: Image) -> float | None:
        """Return the ms of a replay as a CUDA graph; None where none can be recorded."""

    def release(self) -> None:
        """Have the device's pool of memory given back."""

    def settle(self) -> None:
        """Have what is alive kept from the garbage collector."""


class Calls:
    """Calls of a network on the images of one split. Raise ForwardError that names the image."""

    def __init__(
        self, caller: Caller, images: Sequence[Sample], perturbation: Perturbation
    ) -> None:
        self.caller, self.images, self._perturbation = caller, images, perturbation

    def timed(self, index: int, *, perturbed: bool = False) -> Called:
        """Make one call."""
        try:
            return self.caller.called(self._lr(index, perturbed))
        except ForwardError as error:
            split = self.images[index].split
            raise ForwardError(f"image {index + 1} of {split}: {error}") from None

    def in_a_row(
        self, index: int, *, calls: int = 1, seconds: float = 0.0, perturbed: bool = False
    ) -> tuple[int, float]:
        """Call back to back, so often and so long at least; return how often, and the ms of all."""
        return self.caller.in_a_row(self._lr(index, perturbed), calls, seconds)

    def replayed(self, index: int) -> float | None:
        """Return the ms of a replay as a CUDA graph; None where none can be recorded."""
        return self.caller.replayed(self._lr(index, perturbed=False))

    def differing(self, index: int, called: Called, perturbed: bool) -> Differing | None:
        """Compare the SR image of a call with that of an ordinary one, where there was one."""
        image = self.images[index]
        expected = image.perturbed_digest if perturbed else image.digest
        if not expected or pixels.digest(called.sr) == expected:
            return None
        load = image.perturbed if perturbed and image.perturbed else image.load
        return Differing(image.split, index, perturbed, load(), called.sr, expected)

    def known(self, index: int) -> Called:
        """Make one call on the perturbed copy that was restored ordinarily, where one was."""
        load = self.images[index].perturbed
        return self.caller.called(load()) if load else self.timed(index, perturbed=True)

    def _lr(self, index: int, perturbed: bool) -> Image:
        lr = self.images[index].load()
        return self._perturbation(lr) if perturbed else lr
