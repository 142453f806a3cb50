"""What an image is known by: the digest of its pixels, the same on both sides of the wall."""

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray


def digest(image: NDArray[np.uint8]) -> str:
    """Return the BLAKE3 of the size and the pixels of a uint8 [H, W, 3] image."""
    height, width = image.shape[:2]
    state = blake3(f"{height}x{width}".encode())
    state.update(np.ascontiguousarray(image).data)
    return state.hexdigest()
