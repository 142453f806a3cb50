"""Slips that low figures look like: undone, the images come much closer to HR."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from harness.images.fidelity import psnr
from harness.images.png import Image

_GAIN_DB = 3.0  # on every image that is looked at
_BLACK, _WHITE = 16, 235  # of video levels


def hints(pairs: Sequence[tuple[Image, Image]]) -> Iterator[str]:
    """Yield what may have gone wrong with SR images that stand beside their HR images.

    Whole images, uint8 [H, W, 3]; the border counts here, as only large differences matter.
    """
    before = [psnr(sr, hr, border=0)[0] for sr, hr in pairs]
    for what, undo in _SLIPS.items():
        undone = [psnr(undo(sr), hr, border=0)[0] for sr, hr in pairs]
        gains = [after - now for after, now in zip(undone, before, strict=True) if after != now]
        if len(gains) == len(pairs) and min(gains) >= _GAIN_DB:
            yield f"{what} ({min(gains):.1f} dB more at least on the {len(pairs)} worst images)"


def _swapped(sr: Image) -> Image:
    return np.ascontiguousarray(sr[..., ::-1])


def _from_unit_range(sr: Image) -> Image:
    return sr * np.uint8(255) if sr.max() <= 1 else sr


def _from_video_levels(sr: Image) -> Image:
    levels = (sr.astype(np.float64) - _BLACK) * (255 / (_WHITE - _BLACK))
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


_SLIPS: dict[str, Callable[[Image], Image]] = {
    "channel order: with R and B swapped the images fit; cv2.imwrite takes BGR": _swapped,
    "data range: the values are 0 and 1; multiply by 255 before they become uint8": (
        _from_unit_range
    ),
    "data range: the values look like 16..235; write all of 0..255": _from_video_levels,
}
