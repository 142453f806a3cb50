"""Whether an entry's twin for the counters computes what its network does, on fresh images.

Each is in a process of its own: the twin has no network to ask.
"""

import random
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from harness.errors import ForwardError
from harness.records import Inspection
from harness.sandbox.exchange import Exchange

Image = NDArray[np.uint8]

_RANDOM = random.SystemRandom()
_IMAGES, _LEVELS = 3, 2  # drawn; of 255, by which the two may be apart
_BLOCK, _BLOCKS = 16, (3, 7)  # pixels of a side, and how many of them


class Drawn:
    """Images of drawn sizes and content, which nobody can know beforehand, and their SR images."""

    def __init__(self) -> None:
        self._restored = list[tuple[Image, Image]]()

    def by_network(self, exchange: Exchange) -> None:
        """Have the network restore them. A size that it refuses tells nothing."""
        for lr in (_drawn() for _ in range(_IMAGES)):
            try:
                self._restored.append((lr, exchange.called(lr).sr))
            except ForwardError:
                continue

    def by_twin(self, exchange: Exchange) -> None:
        """Have its twin restore the same. Raises ForwardError where that is something else."""
        for lr, sr in self._restored:
            levels = int(np.abs(sr.astype(np.int16) - exchange.called(lr).sr).max())
            if levels > _LEVELS:
                height, width = lr.shape[:2]
                raise ForwardError(
                    f"the twin for the counters differs from the network by {levels} of 255 levels "
                    f"on a drawn image of {height}x{width}; complexity.factory must compute the "
                    "same function"
                )


def joined(network: Inspection, twin: Inspection) -> Inspection:
    """Give a network the costs that were counted of its twin."""
    work = network.work
    return replace(
        network,
        complexity=twin.complexity,
        modules=twin.modules,
        counted=twin.counted,
        disagreement=twin.disagreement,
        blind_spots=twin.blind_spots,
        work=replace(work, macs=twin.work.macs) if work and twin.work else work,
    )


def _drawn() -> Image:
    """Draw an image of blocks, with a little noise."""
    draw = np.random.default_rng(_RANDOM.getrandbits(63))
    rows, columns = draw.integers(*_BLOCKS, 2)
    blocks = draw.integers(32, 224, (rows, columns, 3)).repeat(_BLOCK, 0).repeat(_BLOCK, 1)
    image: Image = (blocks + draw.integers(-8, 9, blocks.shape)).astype(np.uint8)
    return image
