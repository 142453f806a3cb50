"""LR images changed by one level, which nobody sees and no memory knows."""

import math
import random

import torch


class Perturbation:
    """Raises or lowers every value by one of 255 levels, or leaves it: nobody sees it (50 dB)."""

    def __init__(self, data_range: float, seed: int) -> None:
        self._data_range = data_range
        self._steps, self._images = torch.Generator().manual_seed(seed), random.Random(seed)

    def __call__(self, lr: torch.Tensor) -> torch.Tensor:
        """Return a perturbed copy of `lr`, another at every call, with the same strides.

        In other strides, kernels other than those of the timed calls would run on it.
        """
        steps = torch.randint(-1, 2, lr.shape, generator=self._steps).to(lr)
        return lr.clone().add_(steps, alpha=self._data_range / 255).clamp_(0, self._data_range)

    def draw(self, images: int, rounds: int) -> list[int]:
        """Draw one round's share of so many images."""
        return self._images.sample(range(images), math.ceil(images / rounds))

    def sweep(self, sweeps: int) -> int:
        """Draw one of the sweeps over an image."""
        return self._images.randrange(sweeps)
