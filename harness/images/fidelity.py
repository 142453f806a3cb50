"""PSNR and SSIM between an SR image and its HR image, in RGB and on luma.

Images are uint8 [H, W, 3]; `border` pixels are cut on every side first. Luma is that of MATLAB's
`rgb2ycbcr` (ITU-R BT.601), either as it is or rounded to uint8: papers use both. SSIM is that of
Wang, Bovik, Sheikh and Simoncelli (2004): an 11x11 Gaussian window of sigma 1.5.

PSNR comes from sums of whole numbers, which are exact; SSIM is within 1e-6 of its value in float64.
"""

import math
from functools import cache
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.images.plain import LUMA, WINDOW
from harness.records import Fidelity

Image = NDArray[np.uint8]


@cache
def _sums() -> ModuleType:
    """Return the module that adds up, when first it is needed: numba takes a while to load."""
    try:
        from harness.images import compiled
    except ImportError:
        from harness.images import plain

        return plain
    return compiled


def fidelity(sr: Image, hr: Image, border: int, rounded_luma: bool = False) -> Fidelity:
    """Return PSNR in dB and SSIM, both in RGB and on luma; identical images have PSNR infinity.

    Raises DataError when the images are not uint8 [H, W, 3] of one size, or leave no room for the
    window of SSIM.
    """
    rgb_db, luma_db = psnr(sr, hr, border, rounded_luma)
    rgb, luma = ssim(sr, hr, border, rounded_luma)
    return Fidelity(psnr_db=rgb_db, ssim=rgb, psnr_y_db=luma_db, ssim_y=luma)


def psnr(sr: Image, hr: Image, border: int, rounded_luma: bool = False) -> tuple[float, float]:
    """Return the PSNR in dB of RGB (one MSE over the three channels) and of luma.

    Raises DataError as `fidelity` does.
    """
    _check(sr, hr, border, smallest=1)
    sums = _sums()
    pixels = (sr.shape[0] - 2 * border) * (sr.shape[1] - 2 * border)
    products = sums.error_products(sr, hr, border).astype(np.float64)
    # the offset of luma cancels in a difference, so its error is linear in those of R, G and B
    luma = float(LUMA @ products @ LUMA) / 255**2
    if rounded_luma:
        luma = float(sums.rounded_luma_error(sr, hr, border))
    return _decibels(float(products.trace()) / (3 * pixels)), _decibels(luma / pixels)


def ssim(sr: Image, hr: Image, border: int, rounded_luma: bool = False) -> tuple[float, float]:
    """Return the SSIM of RGB (mean over the channels) and of luma, over whole windows only.

    Raises DataError as `fidelity` does.
    """
    _check(sr, hr, border, smallest=WINDOW)
    red, green, blue, luma = _sums().similarity(sr, hr, border, rounded_luma)
    return (red + green + blue) / 3, luma


def smallest_side(border: int) -> int:
    """Return the smallest side in pixels of an image that has a PSNR and an SSIM."""
    return 2 * border + WINDOW


def _check(sr: Image, hr: Image, border: int, smallest: int) -> None:
    for name, image in (("SR", sr), ("HR", hr)):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise DataError(
                f"the {name} image is {image.dtype} {list(image.shape)}: "
                "give it as uint8 [height, width, 3]"
            )
    if sr.shape != hr.shape:
        raise DataError(
            f"the SR image is {sr.shape[1]}x{sr.shape[0]} and its HR image "
            f"{hr.shape[1]}x{hr.shape[0]}: they must have one size"
        )
    if min(hr.shape[:2]) < 2 * border + smallest:
        raise DataError(
            f"an image of {hr.shape[1]}x{hr.shape[0]} is too small: "
            f"a border of {border} must leave {smallest}x{smallest} pixels"
        )


def _decibels(mse: float) -> float:
    return 10 * math.log10(255**2 / mse) if mse else math.inf
