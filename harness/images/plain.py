"""The sums behind PSNR and SSIM in numpy alone: what `compiled` computes, where it cannot be had.

Images are uint8 [H, W, 3] of one size; `border` pixels are cut on every side.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

LUMA = np.array([65.481, 128.553, 24.966])  # of R, G and B in 0..1
LUMA_OFFSET = 16.0

# SSIM of Wang, Bovik, Sheikh and Simoncelli (2004): an 11x11 Gaussian window of sigma 1.5
WINDOW = 11
WEIGHTS = np.exp(-((np.arange(WINDOW) - WINDOW // 2) ** 2) / (2 * 1.5**2))
WEIGHTS /= WEIGHTS.sum()
C1 = (0.01 * 255) ** 2
C2 = (0.03 * 255) ** 2

_ROWS = 64  # of an image at once, so that memory stays small


def error_products(sr: Image, hr: Image, border: int) -> NDArray[np.int64]:
    """Return the sums over pixels of error x error, for each pair of channels: exact, [3, 3]."""
    products = np.zeros((3, 3), np.int64)
    for one, other in _strips(sr, hr, border):
        error = (one.astype(float) - other).reshape(-1, 3)
        products += (error.T @ error).astype(np.int64)  # whole numbers far below 2^53
    return products


def rounded_luma_error(sr: Image, hr: Image, border: int) -> int:
    """Return the sum over pixels of the squared error of luma, which is rounded to uint8."""
    errors = (_rounded_luma(one) - _rounded_luma(other) for one, other in _strips(sr, hr, border))
    return int(sum((error**2).sum() for error in errors))


def similarity(sr: Image, hr: Image, border: int, rounded_luma: bool) -> list[float]:
    """Return the means over all whole windows of the SSIM of R, G, B and luma."""
    total = np.zeros(4)
    for one, other in _strips(sr, hr, border, WINDOW - 1):
        pairs = [(one[..., c].astype(float), other[..., c].astype(float)) for c in range(3)]
        luma = _rounded_luma if rounded_luma else _luma
        total += [_local(x, y).sum() for x, y in (*pairs, (luma(one), luma(other)))]
    height, width = (side - 2 * border - WINDOW + 1 for side in hr.shape[:2])
    means: list[float] = (total / (height * width)).tolist()
    return means


def _strips(sr: Image, hr: Image, border: int, halo: int = 0) -> Iterator[tuple[Image, Image]]:
    """Yield both images in strips, each with `halo` rows of the next."""
    height, width = hr.shape[:2]
    for top in range(border, height - border - halo, _ROWS):
        bottom = min(top + _ROWS + halo, height - border)
        yield sr[top:bottom, border : width - border], hr[top:bottom, border : width - border]


def _luma(image: Image) -> NDArray[np.float64]:
    # halves do occur, and which way they are rounded hangs on the order of these operations
    red, green, blue = (image[..., i] * LUMA[i] for i in range(3))
    luma: NDArray[np.float64] = (red + green + blue) / 255 + LUMA_OFFSET
    return luma


def _rounded_luma(image: Image) -> NDArray[np.float64]:
    luma: NDArray[np.float64] = np.rint(_luma(image))
    return luma


def _local(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the SSIM of two planes in each whole window."""
    mean_x, mean_y = _blur(x), _blur(y)
    squares = _blur(x * x + y * y) - mean_x**2 - mean_y**2
    covariance = _blur(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    return luminance * (2 * covariance + C2) / (squares + C2)


def _blur(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    for _ in range(2):
        last = plane.shape[0] - WINDOW + 1
        plane = sum(w * plane[i : i + last] for i, w in enumerate(WEIGHTS.tolist())).T
    return plane
