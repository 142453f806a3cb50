"""Crops of photographs that scikit-image's wheel carries, as an image's content may cost."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_NAMES = ("astronaut", "chelsea", "coffee")
_STEP = 4  # of the rows and columns that are taken, as of an image made smaller


def crops(side: int) -> list[NDArray[np.uint8]]:
    """Return the centre of each, uint8 [side, side, 3]; none without scikit-image."""
    found = find_spec("skimage")
    folder = Path(found.origin or "").parent / "data" if found else Path()
    files = [folder / f"{name}.png" for name in _NAMES]
    return [_centre(np.asarray(Image.open(file)), side) for file in files if file.is_file()]


def _centre(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    small = image[::_STEP, ::_STEP, :3]
    top, left = ((length - side) // 2 for length in small.shape[:2])
    return np.ascontiguousarray(small[top : top + side, left : left + side])
