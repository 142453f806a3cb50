"""Where an SR image is worst, shown without HR: its own pixels, and the error by blocks.

HR pixels stay with the organisers: whoever chose where his image is wrong could collect them crop
by crop. The error is shown as one level per block of 8 x 8 pixels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.images.png import Image

SIDE = 96  # pixels
_BLOCK = 8
_BLOCKS = SIDE // _BLOCK


@dataclass(frozen=True)
class Crop:
    """The worst window of an SR image."""

    sr: Image  # uint8 [H, W, 3], at most SIDE x SIDE
    error: NDArray[np.float64]  # root mean square per block, in levels: [H / 8, W / 8]


def worst_window(sr: Image, hr: Image) -> Crop:
    """Cut the window of the largest squared error out of uint8 [H, W, 3], on a grid of blocks."""
    squared = np.square(sr.astype(np.float32) - hr).mean(2)
    tops, lefts = (np.arange(0, side, _BLOCK) for side in squared.shape)
    sums = np.add.reduceat(np.add.reduceat(squared, tops, 0), lefts, 1).astype(np.float64)
    total = np.pad(sums.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    tall, wide = (min(_BLOCKS, side) for side in sums.shape)
    windows = (
        total[tall:, wide:] - total[:-tall, wide:] - total[tall:, :-wide] + total[:-tall, :-wide]
    )
    top, left = np.unravel_index(windows.argmax(), windows.shape)
    rows, columns = slice(top, top + tall), slice(left, left + wide)
    pixels = np.outer(_lengths(squared.shape[0]), _lengths(squared.shape[1]))
    cut = np.s_[top * _BLOCK : (top + tall) * _BLOCK, left * _BLOCK : (left + wide) * _BLOCK]
    return Crop(sr[cut], np.sqrt(sums[rows, columns] / pixels[rows, columns]))


def _lengths(side: int) -> NDArray[np.intp]:
    """Return the lengths of the blocks along a side; the last may be shorter."""
    return np.minimum(_BLOCK, side - np.arange(0, side, _BLOCK))
