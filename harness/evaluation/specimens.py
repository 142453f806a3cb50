"""Photographs of scikit-image's wheel, which a check restores."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.images import datasets
from harness.images.cache import CachedImage, ImageCache
from harness.images.fidelity import psnr
from harness.images.resize import make_lr, upscale
from harness.records import Protocol
from harness.statistics import estimates

Image = NDArray[np.uint8]

_PHOTOGRAPHS = ("astronaut", "coffee")
_SIDE = 384  # of HR: a multiple of every scale, and LR of what windows ask for


@dataclass(frozen=True)
class Restored:
    """PSNR in dB of the photographs, means over both, by the protocol's colour."""

    psnr_db: float
    bicubic_db: float
    blue_first_db: float  # with red and blue exchanged before the network and after it
    output_blue_first_db: float  # with red and blue exchanged after it alone


class Specimens:
    """The photographs as LR images, each a second time with red and blue exchanged."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._hr = [_centre(datasets.bundled_image(name)) for name in _PHOTOGRAPHS]
        self._lr = [make_lr(hr, protocol.scale) for hr in self._hr]
        self._sr: dict[int, Image] = {}

    @property
    def sources(self) -> list[CachedImage]:
        """Return the LR images for a worker."""
        exchanged = [np.ascontiguousarray(lr[..., ::-1]) for lr in self._lr]
        cache = ImageCache()
        return [cache.store(lr) for lr in self._lr + exchanged]

    def take(self, index: int, sr: Image) -> None:
        """Keep one SR image."""
        self._sr[index] = sr

    def compared(self) -> Restored | None:
        """Compare with HR and with bicubic interpolation; None where an SR image did not come."""
        count = len(self._hr)
        if len(self._sr) < 2 * count:
            return None
        plain = [self._sr[index] for index in range(count)]
        exchanged = [self._sr[index][..., ::-1] for index in range(count, 2 * count)]
        bicubic = [upscale(lr, self._protocol.scale) for lr in self._lr]
        after = [sr[..., ::-1] for sr in plain]
        return Restored(*map(self._mean_db, (plain, bicubic, exchanged, after)))

    def _mean_db(self, images: list[Image]) -> float:
        channel = {"rgb": 0, "y": 1}[self._protocol.colour]
        pairs = zip(images, self._hr, strict=True)
        border = self._protocol.border
        found = (psnr(np.ascontiguousarray(sr), hr, border)[channel] for sr, hr in pairs)
        return estimates.mean(found)


def _centre(image: Image, length: int = _SIDE) -> Image:
    top, left = ((side - length) // 2 for side in image.shape[:2])
    return np.ascontiguousarray(image[top : top + length, left : left + length])
