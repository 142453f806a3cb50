"""The crop of every image that pictures show: one window per image, chosen from HR alone.

All entries are cut at the same place, so that nobody's picture is chosen by its result.
"""

import json
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from harness.images.cache import CachedImage
from harness.store import files

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


def window(hr: CachedImage, scale: int) -> Window:
    """Return the most detailed SIDE x SIDE window of an HR image, on the grid of its LR pixels.

    Detail is the sum of absolute differences between neighbours in every other pixel of the green
    channel. A smaller image is one window. What was found is kept beside the image in the cache.
    """
    kept = hr.array.with_suffix(f".{SIDE}x{scale}.json")
    try:
        return Window(*json.loads(kept.read_text()))
    except (OSError, ValueError, TypeError):
        found = _window(hr, scale)
        files.write_text(kept, json.dumps(astuple(found)))
        return found


def _window(hr: CachedImage, scale: int) -> Window:
    height, width = hr.height // scale * scale, hr.width // scale * scale
    tall, wide = (min(SIDE // scale * scale, side) for side in (height, width))
    half = hr.read()[:height:2, :width:2, 1].astype(np.int16)
    edges = np.zeros_like(half)
    edges[:-1] += np.abs(half[1:] - half[:-1])
    edges[:, :-1] += np.abs(half[:, 1:] - half[:, :-1])
    total = np.zeros((half.shape[0] + 1, half.shape[1] + 1), np.int32)
    np.cumsum(edges, 0, np.int32, out=total[1:, 1:])
    np.cumsum(total, 1, out=total)
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
