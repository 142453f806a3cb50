"""PSNR and SSIM between an SR image and its HR image, in RGB and on luma.

Images are uint8 [H, W, 3]; `border` pixels are cut on every side first. Luma is that of MATLAB's
`rgb2ycbcr` (ITU-R BT.601), either as it is or rounded to uint8: papers use both.

The work is done tile by tile, so that a tile stays in the processor's cache. Tiles are too small to
share among threads: one torch thread is fastest, and more cores help only as more processes.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray

from harness.errors import DataError
from harness.records import Fidelity

Image = NDArray[np.uint8]

_LUMA = np.array([65.481, 128.553, 24.966])  # of R, G and B in 0..1
_LUMA_OFFSET = 16.0
_SHARES = (_LUMA / 255).tolist()

# SSIM of Wang, Bovik, Sheikh and Simoncelli (2004): an 11x11 Gaussian window of sigma 1.5
_WINDOW = 11
_SIGMA = 1.5
_C1 = (0.01 * 255) ** 2
_C2 = (0.03 * 255) ** 2

# sizes that were fastest for images of 2040x1356; none changes a result beyond its rounding
_PSNR_ROWS = 8
_TILE = (32, 512)
_BLOCK = 16


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
    sr, hr = _inside(sr, hr, border, smallest=1)
    pixels = sr.shape[0] * sr.shape[1]
    products = _error_products(sr, hr)
    # the offset of luma cancels in a difference, so its error is linear in those of R, G and B
    luma = _rounded_luma_error(sr, hr) if rounded_luma else float(_LUMA @ products @ _LUMA) / 255**2
    return _decibels(float(products.trace()) / (3 * pixels)), _decibels(luma / pixels)


def ssim(sr: Image, hr: Image, border: int, rounded_luma: bool = False) -> tuple[float, float]:
    """Return the SSIM of RGB (mean over the channels) and of luma, over whole windows only.

    Computed in float32: within 1e-6 of the same in float64. Raises DataError as `fidelity` does.
    """
    sr, hr = _inside(sr, hr, border, smallest=_WINDOW)
    halo = _WINDOW - 1
    height, width = sr.shape[0] - halo, sr.shape[1] - halo
    window = _Window(min(_TILE[1], _BLOCK * math.ceil(width / _BLOCK)))
    total = torch.zeros(4, dtype=torch.float64)
    for top in range(0, height, window.rows):
        for left in range(0, width, window.columns):
            tile = np.s_[top : top + window.rows + halo, left : left + window.columns + halo]
            window.fill(sr[tile], hr[tile], rounded_luma)
            # a tile at the edge is filled in part: what lies beyond height and width is cut off
            of_columns = window.similarity()[:, :, : height - top].sum(2).transpose(0, 1)
            total += of_columns.reshape(4, -1)[:, : width - left].sum(1, dtype=torch.float64)
    red, green, blue, luma = (total / (height * width)).tolist()
    return (red + green + blue) / 3, luma


def smallest_side(border: int) -> int:
    """Return the smallest side in pixels of an image that has a PSNR and an SSIM."""
    return 2 * border + _WINDOW


def _inside(sr: Image, hr: Image, border: int, smallest: int) -> tuple[Image, Image]:
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
    inside = np.s_[border : hr.shape[0] - border, border : hr.shape[1] - border]
    return sr[inside], hr[inside]


def _decibels(mse: float) -> float:
    return 10 * math.log10(255**2 / mse) if mse else math.inf


def _error_products(sr: Image, hr: Image) -> NDArray[np.float64]:
    """Return the sums over pixels of error x error, for each pair of channels: exact, [3, 3]."""
    products = torch.zeros(3, 3, dtype=torch.float64)
    for top in range(0, sr.shape[0], _PSNR_ROWS):
        error = sr[top : top + _PSNR_ROWS].astype(np.int16)
        error -= hr[top : top + _PSNR_ROWS]
        planes = torch.from_numpy(error.transpose(2, 0, 1).copy()).double().view(3, -1)
        products += planes @ planes.T
    return products.numpy()


def _rounded_luma_error(sr: Image, hr: Image) -> float:
    strips = (np.s_[top : top + _PSNR_ROWS] for top in range(0, sr.shape[0], _PSNR_ROWS))
    errors = (_rounded_luma(sr[strip]) - _rounded_luma(hr[strip]) for strip in strips)
    return float(sum((error**2).sum() for error in errors))


def _rounded_luma(image: Image) -> NDArray[np.float64]:
    # halves do occur, and which way they go hangs on the order of these operations
    red, green, blue = (image[..., i] * _LUMA[i] for i in range(3))
    luma: NDArray[np.float64] = np.rint((red + green + blue) / 255 + _LUMA_OFFSET)
    return luma


class _Window:
    """Slides the Gaussian window over one tile of two images.

    With s and d the sum and the difference of the images, mean m and variance v in the window,

        SSIM = (m(s)^2 + 2 C1 - m(d)^2) (v(s) + 2 C2 - v(d))
             / (m(s)^2 + 2 C1 + m(d)^2) (v(s) + 2 C2 + v(d))

    is the usual formula, and rounding errors touch only the small part by which it differs from 1.
    A blur is a product with a banded matrix: along columns for the whole tile, along rows for
    blocks of it, which overlap. The buffers serve all tiles, as fresh memory costs more than sums.
    """

    def __init__(self, columns: int) -> None:
        self.rows, self.columns = rows, _ = _TILE[0], columns
        halo, blocks = _WINDOW - 1, columns // _BLOCK
        self._down = _band(rows).expand(16, -1, -1)
        self._across = _band(_BLOCK).T.contiguous().expand(blocks, -1, -1)
        self._centre = torch.empty(2, 4, 1, 1)
        # [s, d, s^2, d^2] of [R, G, B, Y]; blurred along columns; blurred along rows as well
        self._maps = torch.zeros(4, 4, rows + halo, columns + halo)
        self._half = torch.empty(16, rows, columns + halo)
        self._windows = self._half.view(16 * rows, -1).unfold(1, _BLOCK + halo, _BLOCK)
        # memory whose content is done with serves again, so that all of it stays in the cache
        self._blocks = self._maps.view(-1)[: 16 * rows * columns].view(blocks, 16 * rows, _BLOCK)
        self._pairs = self._half.view(-1)[: 8 * rows * columns].view(blocks, 2, 4, rows, _BLOCK)

    def fill(self, sr: Image, hr: Image, rounded_luma: bool) -> None:
        """Take in one tile, at most rows + 10 by columns + 10 pixels of each image."""
        if sr.shape[:2] != self._maps.shape[2:]:
            self._maps.zero_()
        maps = self._maps[..., : sr.shape[0], : sr.shape[1]]
        for planes, image in zip(maps.numpy(), (sr, hr), strict=False):
            planes[:3] = image.transpose(2, 0, 1)
            if rounded_luma:
                planes[3] = _rounded_luma(image)
        total, difference = maps[:2]
        total += difference
        torch.sub(total, difference, alpha=2, out=difference)
        if not rounded_luma:
            red, green, blue, luma = maps[:2].unbind(1)
            torch.mul(red, _SHARES[0], out=luma)
            luma.add_(green, alpha=_SHARES[1]).add_(blue, alpha=_SHARES[2])
            total[3] += 2 * _LUMA_OFFSET
        # float32 squares lose least when they are of values around zero
        torch.mean(maps[:2], (2, 3), keepdim=True, out=self._centre)
        maps[:2] -= self._centre
        torch.mul(maps[:2], maps[:2], out=maps[2:])

    def similarity(self) -> torch.Tensor:
        """Return the local SSIM [blocks, 4, rows, _BLOCK]; the blocks lie side by side."""
        torch.bmm(self._down, self._maps.view(16, *self._maps.shape[2:]), out=self._half)
        torch.bmm(self._windows.transpose(0, 1), self._across, out=self._blocks)
        moments = self._blocks.view(-1, 4, 4, self.rows, _BLOCK)
        means, variances = moments[:, :2], moments[:, 2:]
        variances.sub_(torch.mul(means, means, out=self._pairs))
        means.add_(self._centre).mul_(means)
        moments[:, 0] += 2 * _C1
        moments[:, 2] += 2 * _C2
        torch.sub(moments[:, 0::2], moments[:, 1::2], out=self._pairs)
        luminance, structure = self._pairs.div_(moments[:, 0::2].add_(moments[:, 1::2])).unbind(1)
        return luminance.mul_(structure)


def _band(length: int) -> torch.Tensor:
    """Return the matrix [length, length + 10] that blurs a column to its whole windows."""
    distance = np.arange(_WINDOW) - _WINDOW // 2
    weights = np.exp(-(distance**2) / (2 * _SIGMA**2))
    band = np.zeros((length, length + _WINDOW - 1))
    for row in range(length):
        band[row, row : row + _WINDOW] = weights / weights.sum()
    return torch.from_numpy(band).float()
