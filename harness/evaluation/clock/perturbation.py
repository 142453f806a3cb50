"""LR images changed by one level, which nobody sees and no memory knows."""

import math
import random

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def perturbed(lr: Image, seed: int, index: int) -> Image:
    """Return the one perturbed copy of an LR image that `seed` and its index stand for."""
    return _moved(lr, np.random.default_rng([seed, index]))


def _moved(lr: Image, steps: np.random.Generator) -> Image:
    moved: Image = np.clip(lr + steps.integers(-1, 2, lr.shape, np.int16), 0, 255).astype(np.uint8)
    return moved


class Perturbation:
    """Raises or lowers every value by one of 255 levels, or leaves it: nobody sees it (50 dB)."""

    def __init__(self, seed: int) -> None:
        self._steps, self._images = np.random.default_rng(seed), random.Random(seed)

    def __call__(self, lr: Image) -> Image:
        """Return a perturbed copy of `lr`, uint8 [H, W, 3], another at every call."""
        return _moved(lr, self._steps)

    def draw(self, images: int, rounds: int) -> list[int]:
        """Draw one round's share of so many images."""
        return self._images.sample(range(images), math.ceil(images / rounds))
