"""The sums behind PSNR and SSIM, compiled by numba: one pass over the pixels, on one thread.

The same functions as in `plain`. They let go of Python's lock: with N cores, N threads score N
images. Compiling takes some seconds, once; the program's cache folder keeps the result.
"""

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from harness.images.plain import C1, C2, LUMA, LUMA_OFFSET, WEIGHTS, WINDOW, Image
from harness.store import cache

numba.config.CACHE_DIR = str(cache.folder() / "compiled")

_PIXELS = types.Array(types.uint8, 2, "C", readonly=True)  # [H, 3 W]: rows of R, G, B, R, ...
_ROWS_AT_MOST = 33_000  # 255^2 times that many is below 2^31

# a tile of whole windows stays in the processor's cache; more columns in memory than in the tile
_HALO = WINDOW - 1
_ROWS, _PITCH = 64, 128
_COLUMNS = _PITCH - _HALO
_STEP = 4 * _PITCH  # from one row of the four maps to the next

_W0, _W1, _W2, _W3, _W4, _W5 = (np.float32(weight) for weight in WEIGHTS[WINDOW // 2 :])
_TWO_C1, _TWO_C2 = np.float32(2 * C1), np.float32(2 * C2)
_RED, _GREEN, _BLUE = LUMA.tolist()
_SHARES = (LUMA / 255).astype(np.float32)
_TWO_OFFSETS = np.float32(2 * LUMA_OFFSET)

_exact = numba.njit(nogil=True, cache=True)
_fused = numba.njit(nogil=True, cache=True, fastmath={"contract"})  # a product and a sum in one


def _entry(returns, *takes):
    """Compile at import, for pixels that may be written or not."""
    return numba.njit(returns(_PIXELS, _PIXELS, types.int64, *takes), nogil=True, cache=True)


@_exact
def _add_products(sr, hr, error, same, following, second):
    for i in range(sr.size):
        error[i] = np.int16(sr[i]) - np.int16(hr[i])
    for i in range(sr.size):
        value = np.int32(error[i])
        same[i] += value * value
        following[i] += value * np.int32(error[i + 1])
        second[i] += value * np.int32(error[i + 2])


@_entry(types.void, *3 * [types.int64[::1]])
def _error_products(sr, hr, border, same, following, second):
    """Add up errors times those of the same value, the following and the second, by channel.

    Rows are taken as they lie in memory: a third of the products with the following value, and two
    thirds of those with the second, cross into the next pixel and are not looked at.
    """
    left, right = 3 * border, sr.shape[1] - 3 * border
    error = np.zeros(right - left + 2, np.int16)
    sums = np.empty((3, right - left), np.int32)
    last = sr.shape[0] - border
    for top in range(border, last, _ROWS_AT_MOST):
        sums[:] = 0
        for row in range(top, min(top + _ROWS_AT_MOST, last)):
            _add_products(
                sr[row, left:right], hr[row, left:right], error, sums[0], sums[1], sums[2]
            )
        for column in range(0, right - left, 3):
            for channel in range(3):
                same[channel] += sums[0, column + channel]
                following[channel] += sums[1, column + channel]
                second[channel] += sums[2, column + channel]


@_exact
def _rounded_luma(red, green, blue):
    # halves do occur, and which way they are rounded hangs on the order of these operations
    return np.rint((red * _RED + green * _GREEN + blue * _BLUE) / 255 + LUMA_OFFSET)


@_entry(types.int64)
def _rounded_luma_error(sr, hr, border):
    total = 0
    for row in range(border, sr.shape[0] - border):
        for i in range(3 * border, sr.shape[1] - 3 * border, 3):
            one = _rounded_luma(sr[row, i], sr[row, i + 1], sr[row, i + 2])
            other = _rounded_luma(hr[row, i], hr[row, i + 1], hr[row, i + 2])
            total += np.int64(one - other) ** 2
    return total


@_exact
def _fill_channel(sr, hr, total, difference):
    for i in range((sr.size + 2) // 3):
        one, other = np.int32(sr[3 * i]), np.int32(hr[3 * i])
        total[i], difference[i] = one + other, one - other


@_exact
def _fill_rounded(sr, hr, total, difference):
    for i in range(sr.size // 3):
        one = _rounded_luma(sr[3 * i], sr[3 * i + 1], sr[3 * i + 2])
        other = _rounded_luma(hr[3 * i], hr[3 * i + 1], hr[3 * i + 2])
        total[i], difference[i] = one + other, one - other


@_exact
def _mix(red, green, blue, luma):
    for i in range(luma.size):
        luma[i] = _SHARES[0] * red[i] + _SHARES[1] * green[i] + _SHARES[2] * blue[i]


@_exact
def _centre(plane, rows, columns):
    """Take the whole number next to their mean from the values of a tile; return it."""
    total = 0
    for row in range(rows):
        of_row = np.int32(0)
        for value in plane[row, :columns]:
            of_row += np.int32(value)
        total += of_row
    centre = np.float32(round(total / (rows * columns)))
    for row in range(rows):
        values = plane[row, :columns]
        for i in range(columns):
            values[i] -= centre
    return centre


@_fused
def _blur(values, step, out):
    """Weigh each value and the ten that follow it, `step` apart."""
    for i in range(out.size):
        out[i] = (
            _W0 * values[i + 5 * step]
            + _W1 * (values[i + 4 * step] + values[i + 6 * step])
            + _W2 * (values[i + 3 * step] + values[i + 7 * step])
            + _W3 * (values[i + 2 * step] + values[i + 8 * step])
            + _W4 * (values[i + step] + values[i + 9 * step])
            + _W5 * (values[i] + values[i + 10 * step])
        )


@_fused
def _squares(total, difference, four):
    for i in range(_PITCH):
        four[i], four[_PITCH + i] = total[i], difference[i]
        four[2 * _PITCH + i] = total[i] * total[i]
        four[3 * _PITCH + i] = difference[i] * difference[i]


@_fused
def _formula(blurred, centre, of_difference, sums):
    for i in range(sums.size):
        mean, other = blurred[i], blurred[_PITCH + i]
        structure = blurred[2 * _PITCH + i] - mean * mean + _TWO_C2
        less = blurred[3 * _PITCH + i] - other * other
        mean, other = mean + centre, other + of_difference
        luminance, lesser = mean * mean + _TWO_C1, other * other
        sums[i] += (
            (luminance - lesser) * (structure - less) / ((luminance + lesser) * (structure + less))
        )


@_exact
def _windows(total, difference, centre, of_difference, rows, across, sums):
    """Add the SSIM of every whole window of one tile and channel to `sums`, column by column."""
    four, blurred = np.zeros(_STEP, np.float32), np.empty(_STEP, np.float32)
    for row in range(rows):
        _squares(total[row], difference[row], four)
        _blur(four, 1, across[row * _STEP : row * _STEP + _STEP - _HALO])
    for row in range(rows - _HALO):
        _blur(across[row * _STEP :], _STEP, blurred)
        _formula(blurred, centre, of_difference, sums)


@_entry(types.void, types.boolean, types.float64[::1])
def _similarity(sr, hr, border, rounded_luma, total):
    """Add up the local SSIM of R, G, B and luma.

    With s and d the sum and the difference of the images, mean m and variance v in the window,

        SSIM = (m(s)^2 + 2 C1 - m(d)^2) (v(s) + 2 C2 - v(d))
             / (m(s)^2 + 2 C1 + m(d)^2) (v(s) + 2 C2 + v(d))

    is the usual formula, and rounding errors touch only the small part by which it differs from 1.
    float32 squares lose least when they are of values around zero: the whole number next to the
    mean in the tile is taken from s and from d.
    """
    height, width = sr.shape[0] - 2 * border, sr.shape[1] // 3 - 2 * border
    maps = np.zeros((2, 4, _ROWS + _HALO, _PITCH), np.float32)  # s and d of R, G, B and luma
    across = np.zeros((_ROWS + _HALO) * _STEP, np.float32)
    centres = np.zeros((2, 4), np.float32)
    sums = np.zeros((4, _PITCH))
    for top in range(0, height - _HALO, _ROWS):
        rows = min(_ROWS + _HALO, height - top)
        for left in range(0, width - _HALO, _COLUMNS):
            columns = min(_PITCH, width - left)
            first, last = 3 * (border + left), 3 * (border + left + columns)
            for row in range(rows):
                one, other = sr[border + top + row], hr[border + top + row]
                for c in range(3):
                    _fill_channel(
                        one[first + c : last],
                        other[first + c : last],
                        maps[0, c, row],
                        maps[1, c, row],
                    )
                if rounded_luma:
                    _fill_rounded(
                        one[first:last], other[first:last], maps[0, 3, row], maps[1, 3, row]
                    )
            for kind in range(2):
                for c in range(4 if rounded_luma else 3):
                    centres[kind, c] = _centre(maps[kind, c], rows, columns)
                for row in range(0 if rounded_luma else rows):
                    _mix(
                        maps[kind, 0, row],
                        maps[kind, 1, row],
                        maps[kind, 2, row],
                        maps[kind, 3, row],
                    )
                if not rounded_luma:
                    _mix(
                        centres[kind, :1], centres[kind, 1:2], centres[kind, 2:3], centres[kind, 3:]
                    )
            if not rounded_luma:
                centres[0, 3] += _TWO_OFFSETS
            for c in range(4):
                _windows(
                    maps[0, c],
                    maps[1, c],
                    centres[0, c],
                    centres[1, c],
                    rows,
                    across,
                    sums[c, : columns - _HALO],
                )
    for c in range(4):
        total[c] = sums[c].sum()


def error_products(sr: Image, hr: Image, border: int) -> NDArray[np.int64]:
    """Return the sums over pixels of error x error, for each pair of channels: exact, [3, 3]."""
    same, following, second = np.zeros((3, 3), np.int64)
    _error_products(_rows(sr), _rows(hr), border, same, following, second)
    products = np.diag(same)
    products[0, 1] = products[1, 0] = following[0]
    products[1, 2] = products[2, 1] = following[1]
    products[0, 2] = products[2, 0] = second[0]
    return products


def rounded_luma_error(sr: Image, hr: Image, border: int) -> int:
    """Return the sum over pixels of the squared error of luma, which is rounded to uint8."""
    return int(_rounded_luma_error(_rows(sr), _rows(hr), border))


def similarity(sr: Image, hr: Image, border: int, rounded_luma: bool) -> list[float]:
    """Return the means over all whole windows of the SSIM of R, G, B and luma.

    Computed in float32: within 1e-6 of the same in float64.
    """
    total = np.zeros(4)
    _similarity(_rows(sr), _rows(hr), border, rounded_luma, total)
    height, width = (side - 2 * border - _HALO for side in hr.shape[:2])
    means: list[float] = (total / (height * width)).tolist()
    return means


def _rows(image: Image) -> Image:
    return np.ascontiguousarray(image).reshape(image.shape[0], -1)
