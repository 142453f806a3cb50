"""A drawn logo: the same disc in LR pixels on the left and in HR pixels on the right."""

import numpy as np

from harness.images.png import Image
from harness.images.resize import downscale

SIDE = 400  # pixels
_LR = 25  # HR pixels per LR pixel
_NIGHT, _PAPER = np.array([24.0, 48, 96]), np.array([240.0, 246, 255])


def logo() -> Image:
    """Draw the logo, uint8 [SIDE, SIDE, 3]; the same at every call."""
    across, down = np.meshgrid(*[(np.arange(SIDE) + 0.5) / SIDE - 0.5] * 2)
    radius = np.hypot(across, down)
    rings = np.cos(40 * radius) * (radius < 0.46)
    ink = np.clip(0.5 + rings * SIDE / 40, 0, 1)[..., None]
    hr = np.rint(_NIGHT + ink * (_PAPER - _NIGHT)).astype(np.uint8)
    lr = downscale(hr, _LR).repeat(_LR, 0).repeat(_LR, 1)
    return np.where((across < 0)[..., None], lr, hr)
