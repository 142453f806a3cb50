"""Bicubic resizing that equals MATLAB's `imresize` in every pixel, for integer scales.

The kernel is Keys' cubic with a = -0.5 (R. Keys, Cubic convolution interpolation for digital image
processing, 1981). When shrinking, it is widened by the scale against aliasing, as `imresize` does.
Axis 0 (height) goes first, the image between the two passes is rounded to uint8, and the border is
replicated: so the LR files in circulation were made. `Convention` says otherwise.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.images.png import Image, crop_to_multiple

Border = Literal["replicate", "symmetric"]


@dataclass(frozen=True)
class Convention:
    """What versions of `imresize` and its copies differ in."""

    border: Border = "replicate"  # what lies outside the image: its outermost pixel, or its mirror
    height_first: bool = True
    rounded_between: bool = True  # to uint8, between the two passes

    def __str__(self) -> str:
        outside = {"replicate": "replicated", "symmetric": "mirrored"}[self.border]
        first = "height" if self.height_first else "width"
        between = "" if self.rounded_between else "not "
        return f"border {outside}, {first} first, {between}rounded between the passes"


USUAL = Convention()


def make_lr(hr: Image, scale: int, convention: Convention = USUAL) -> Image:
    """Crop a uint8 [H, W, C] image to a multiple of `scale` from the top left, and shrink it."""
    return downscale(crop_to_multiple(hr, scale), scale, convention)


def downscale(image: Image, scale: int, convention: Convention = USUAL) -> Image:
    """Shrink a uint8 [H, W, C] image to [H/scale, W/scale, C].

    Raises DataError when a side is not a multiple of `scale`.
    """
    height, width = image.shape[:2]
    if height % scale or width % scale:
        raise DataError(
            f"an image of {width}x{height} cannot be shrunk by {scale}: "
            f"crop it to a multiple of {scale} first"
        )
    return _resize(image, (height // scale, width // scale), 1 / scale, convention)


def upscale(image: Image, scale: int) -> Image:
    """Enlarge a uint8 [H, W, C] image to [H*scale, W*scale, C]."""
    height, width = image.shape[:2]
    return _resize(image, (height * scale, width * scale), float(scale), USUAL)


def _resize(image: Image, size: tuple[int, int], factor: float, convention: Convention) -> Image:
    if not convention.height_first:
        other = replace(convention, height_first=True)
        return _resize(image.swapaxes(0, 1), size[::-1], factor, other).swapaxes(0, 1).copy()
    between = _resize_rows(image, size[0], factor, convention.border)
    if convention.rounded_between:
        between = _rounded(between)
    resized = _resize_rows(between.swapaxes(0, 1), size[1], factor, convention.border)
    return _rounded(resized).swapaxes(0, 1).astype(np.uint8)


def _resize_rows(
    image: NDArray[Any], length: int, factor: float, border: Border
) -> NDArray[np.float64]:
    rows, weights = _contributions(image.shape[0], length, factor, border)
    total = np.zeros((length, *image.shape[1:]))
    for tap in range(rows.shape[1]):
        total += image[rows[:, tap]] * weights[:, tap, None, None]
    return total


def _rounded(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    # MATLAB rounds halves up, NumPy's round would take them to even
    return np.clip(np.floor(levels + 0.5), 0, 255)


def _contributions(
    length_in: int, length_out: int, factor: float, border: Border
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
    rows, weights = rows[:, used], weights[:, used]
    if border == "symmetric":
        rows = rows % (2 * length_in)
        return np.minimum(rows, 2 * length_in - 1 - rows), weights
    return np.clip(rows, 0, length_in - 1), weights


def _cubic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))
