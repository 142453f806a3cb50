"""The crop of every image that pictures show: one window per image, chosen from HR alone.

All entries are cut at the same place, so that nobody's picture is chosen by its result.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from harness.images.cache import CachedImage

Image = NDArray[np.uint8]

SIDE = 96  # HR pixels: a multiple of the scales 2, 3 and 4


@dataclass(frozen=True)
class Window:
    """A part of an image, in its pixels."""

    top: int
    left: int
    height: int
    width: int

    def cut(self, image: Image) -> Image:
        """Return the window's part of an image [H, W, 3]; nothing is copied."""
        return image[self.top : self.top + self.height, self.left : self.left + self.width]

    def shrunk(self, scale: int) -> "Window":
        """Return the same window in LR pixels."""
        return Window(*(side // scale for side in (self.top, self.left, self.height, self.width)))


@cache
def window(hr: CachedImage, scale: int) -> Window:
    """Return the most detailed SIDE x SIDE window of an HR image, on the grid of its LR pixels.

    Detail is the sum of absolute differences between neighbours in every other pixel of the green
    channel. A smaller image is one window.
    """
    height, width = hr.height // scale * scale, hr.width // scale * scale
    tall, wide = (min(SIDE // scale * scale, side) for side in (height, width))
    half = hr.read()[:height:2, :width:2, 1].astype(np.int32)
    edges = np.zeros_like(half)
    edges[:-1] += np.abs(np.diff(half, axis=0))
    edges[:, :-1] += np.abs(np.diff(half, axis=1))
    total = np.pad(edges.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    tops, lefts = (
        np.arange(0, side - length + 1, scale) for side, length in ((height, tall), (width, wide))
    )
    first, last = tops // 2, (tops + tall) // 2
    start, end = lefts // 2, (lefts + wide) // 2
    detail = (
        total[np.ix_(last, end)]
        - total[np.ix_(first, end)]
        - total[np.ix_(last, start)]
        + total[np.ix_(first, start)]
    )
    row, column = np.unravel_index(detail.argmax(), detail.shape)
    return Window(int(tops[row]), int(lefts[column]), tall, wide)
