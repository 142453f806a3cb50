"""An SR image beside its HR image: how close it is, and the crop of both that pictures show."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.images.crops import window
from harness.images.datasets import Pair
from harness.images.fidelity import fidelity, psnr
from harness.images.png import crop_to_multiple
from harness.images.resize import upscale
from harness.records import Fidelity, ImageScore, Protocol, pixels
from harness.store import album
from harness.store.album import Picture

_MARGIN = 4  # LR pixels around a crop, more than a bicubic kernel reaches


@dataclass(frozen=True)
class Scored:
    """What is kept of one SR image."""

    score: ImageScore
    crop: Picture


def compared(sr: NDArray[np.uint8], pair: Pair, split: str, protocol: Protocol) -> Scored:
    """Score one SR image, uint8 [H, W, 3], as the protocol says, and cut its crop."""
    assert pair.hr is not None
    hr = crop_to_multiple(pair.hr.read(), protocol.scale)
    close = (fidelity if protocol.ssim else _without_ssim)(
        sr, hr, protocol.border, protocol.rounded_luma
    )
    shown = window(pair.hr, protocol.scale)
    return Scored(
        ImageScore(split, pair.name, close, pixels.digest(sr)),
        _compared(shown.cut(sr), shown.cut(hr)),
    )


def references(pair: Pair, scale: int) -> dict[str, Picture]:
    """Return the crops of HR, LR and bicubic that stand beside an SR image's."""
    assert pair.hr is not None
    shown = window(pair.hr, scale)
    small = shown.shrunk(scale)
    hr, lr = shown.cut(pair.hr.read()), pair.lr.read()
    top, left = max(0, small.top - _MARGIN), max(0, small.left - _MARGIN)
    around = lr[top : small.top + small.height + _MARGIN, left : small.left + small.width + _MARGIN]
    inside = replace(shown, top=shown.top - top * scale, left=shown.left - left * scale)
    return {
        "hr": album.picture(hr),
        "lr": album.picture(small.cut(lr)),
        "bicubic": _compared(inside.cut(upscale(around, scale)), hr),
    }


def _compared(crop: NDArray[np.uint8], hr: NDArray[np.uint8]) -> Picture:
    """Keep a crop with its own PSNR, which is not the image's."""
    return album.picture(crop, psnr(crop, hr, border=0)[0])


def _without_ssim(
    sr: NDArray[np.uint8], hr: NDArray[np.uint8], border: int, rounded_luma: bool
) -> Fidelity:
    psnr_db, psnr_y_db = psnr(sr, hr, border, rounded_luma)
    return Fidelity(psnr_db, None, psnr_y_db, None)
