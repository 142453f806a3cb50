"""Bicubic resizing that equals MATLAB's `imresize` in every pixel, for integer scales.

The kernel is Keys' cubic with a = -0.5 (R. Keys, Cubic convolution interpolation for digital image
processing, 1981). When shrinking, it is widened by the scale against aliasing, as `imresize` does.
Axis 0 (height) goes first, and the image between the two passes is rounded to uint8.
"""

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError

Image = NDArray[np.uint8]


def downscale(image: Image, scale: int) -> Image:
    """Shrink a uint8 [H, W, C] image to [H/scale, W/scale, C].

    Raises DataError when a side is not a multiple of `scale`.
    """
    height, width = image.shape[:2]
    if height % scale or width % scale:
        raise DataError(
            f"an image of {width}x{height} cannot be shrunk by {scale}: "
            f"crop it to a multiple of {scale} first"
        )
    return _resize(image, (height // scale, width // scale), 1 / scale)


def upscale(image: Image, scale: int) -> Image:
    """Enlarge a uint8 [H, W, C] image to [H*scale, W*scale, C]."""
    height, width = image.shape[:2]
    return _resize(image, (height * scale, width * scale), float(scale))


def _resize(image: Image, size: tuple[int, int], factor: float) -> Image:
    shrunk = _resize_rows(image, size[0], factor)
    return _resize_rows(shrunk.swapaxes(0, 1), size[1], factor).swapaxes(0, 1).copy()


def _resize_rows(image: Image, length: int, factor: float) -> Image:
    rows, weights = _contributions(image.shape[0], length, factor)
    total = np.zeros((length, *image.shape[1:]))
    for tap in range(rows.shape[1]):
        total += image[rows[:, tap]] * weights[:, tap, None, None]
    # MATLAB rounds halves up, NumPy's round would take them to even
    return np.clip(np.floor(total + 0.5), 0, 255).astype(np.uint8)


def _contributions(
    length_in: int, length_out: int, factor: float
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return which rows each output row is made of, and their weights: both [length_out, taps]."""
    sharpness = min(factor, 1.0)
    width = 4 / sharpness
    centre = (np.arange(length_out) + 0.5) / factor - 0.5
    first = np.floor(centre - width / 2).astype(np.intp)
    rows = first[:, None] + np.arange(int(np.ceil(width)) + 2)
    weights = _cubic((centre[:, None] - rows) * sharpness)
    weights /= weights.sum(axis=1, keepdims=True)
    used = weights.any(axis=0)
    return np.clip(rows, 0, length_in - 1)[:, used], weights[:, used]


def _cubic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))
