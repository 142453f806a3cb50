"""The small demo network with a convolution of its own, compiled from `csrc`."""

import torch
import torch.nn.functional as F
from torch import nn


class Convolution(nn.Conv2d):
    """A 3x3 convolution, rectified if asked, by the entry's operator or in plain PyTorch."""

    def __init__(self, given: int, out: int, *, compiled: bool, rectified: bool = False) -> None:
        super().__init__(given, out, 3, padding=1)
        self.compiled, self.rectified = compiled, rectified

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [1, in, H, W] to [1, out, H, W]."""
        if self.compiled:
            return torch.ops.demo.convolution(x, self.weight, self.bias, self.rectified)
        x = super().forward(x)
        return F.relu(x) if self.rectified else x


class Block(nn.Module):
    """Two convolutions beside an identity."""

    def __init__(self, channels: int, *, compiled: bool) -> None:
        super().__init__()
        self.first = Convolution(channels, channels, compiled=compiled, rectified=True)
        self.second = Convolution(channels, channels, compiled=compiled)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x plus what the convolutions add to it."""
        return x + self.second(self.first(x))


class Net(nn.Module):
    """Enlarge [1, 3, H, W] fourfold; `compiled=False` is the twin for the counters."""

    def __init__(self, *, compiled: bool = True, channels: int = 16, blocks: int = 2) -> None:
        super().__init__()
        if compiled:
            from csrc import demo_convolution  # noqa: F401 (what [build] made)
        self.head = Convolution(3, channels, compiled=compiled)
        self.body = nn.Sequential(*(Block(channels, compiled=compiled) for _ in range(blocks)))
        self.tail = Convolution(channels, 48, compiled=compiled)

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        """Return the SR image of an LR image in [0, 1]."""
        shallow = self.head(lr)
        detail = F.pixel_shuffle(self.tail(shallow + self.body(shallow)), 4)
        return detail + F.interpolate(lr, scale_factor=4, mode="bilinear", align_corners=False)
