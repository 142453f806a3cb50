"""The parts of `basicsr.archs.arch_util` and `basicsr.utils` that architectures use."""

import math
from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn


class Registry:
    """Takes classes under their names, and forgets them."""

    def register(self, item: Any = None, **_: Any) -> Any:
        """Serve as a decorator, with or without arguments."""
        return (lambda given: given) if item is None else item


def initialised(*_: Any, **__: Any) -> None:
    """Leave weights as they are, as `default_init_weights`: a checkpoint gives them."""


def make_layer(block: Callable[..., nn.Module], count: int, **arguments: Any) -> nn.Sequential:
    """Return `count` blocks in a row."""
    return nn.Sequential(*(block(**arguments) for _ in range(count)))


def pixel_unshuffle(x: Tensor, scale: int) -> Tensor:
    """Map [N, C, H, W] to [N, C * scale^2, H / scale, W / scale]."""
    return F.pixel_unshuffle(x, scale)


class ResidualBlockNoBN(nn.Module):
    """Two convolutions of 3x3 with a ReLU between them, added to their input (EDSR)."""

    def __init__(self, num_feat: int = 64, res_scale: float = 1, pytorch_init: bool = False):
        super().__init__()
        self.res_scale = res_scale
        self.conv1, self.conv2 = (nn.Conv2d(num_feat, num_feat, 3, 1, 1) for _ in range(2))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, num_feat, H, W] to the same shape."""
        added: Tensor = self.conv2(self.relu(self.conv1(x))) * self.res_scale
        return x + added


class Upsample(nn.Sequential):
    """Convolutions and pixel shuffles: of 2 as often as it takes for 2^n, or one of 3."""

    def __init__(self, scale: int, num_feat: int) -> None:
        steps = [2] * round(math.log2(scale)) if scale & (scale - 1) == 0 else [3]
        if math.prod(steps) != scale:
            raise ValueError(f"scale {scale} is not supported. Supported scales: 2^n and 3.")
        layers: list[nn.Module] = []
        for step in steps:
            layers += [nn.Conv2d(num_feat, step**2 * num_feat, 3, 1, 1), nn.PixelShuffle(step)]
        super().__init__(*layers)
