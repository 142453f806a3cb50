"""Whether an entry's twin for the counters computes what its network does, on fresh images."""

import random

import numpy as np
from numpy.typing import NDArray

from harness.errors import ForwardError
from harness.sandbox.exchange import Exchange
from harness.sandbox.process import Finish, as_told
from harness.worker.exchange import Ask

Image = NDArray[np.uint8]

_RANDOM = random.SystemRandom()
_IMAGES, _LEVELS = 3, 2  # drawn; of 255, by which the two may be apart
_BLOCK, _BLOCKS = 16, (3, 7)  # pixels of a side, and how many of them


def compare(exchange: Exchange) -> Finish:
    """Have images of drawn sizes and content restored by both. Raises ForwardError.

    Nobody can know them beforehand. A size that the network refuses tells nothing.
    """
    for _ in range(_IMAGES):
        lr = _drawn()
        try:
            network = exchange.called(lr).sr
        except ForwardError:
            continue
        twin = exchange.called(lr, Ask.TWIN).sr
        levels = int(np.abs(network.astype(np.int16) - twin).max())
        if levels > _LEVELS:
            height, width = lr.shape[:2]
            raise ForwardError(
                f"the twin for the counters differs from the network by {levels} of 255 levels on "
                f"a drawn image of {height}x{width}; complexity.factory must compute the same "
                "function"
            )
    return as_told


def _drawn() -> Image:
    """Draw an image of blocks, with a little noise."""
    draw = np.random.default_rng(_RANDOM.getrandbits(63))
    rows, columns = draw.integers(*_BLOCKS, 2)
    blocks = draw.integers(32, 224, (rows, columns, 3)).repeat(_BLOCK, 0).repeat(_BLOCK, 1)
    image: Image = (blocks + draw.integers(-8, 9, blocks.shape)).astype(np.uint8)
    return image
