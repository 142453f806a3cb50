"""The small networks of the embedded demo challenge: plain 3x3 convolutions and a pixel shuffle."""

import torch
import torch.nn.functional as F
from torch import nn


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside an identity: [N, C, H, W] to the same shape."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x plus what the convolutions add to it."""
        return x + self.second(F.relu(self.first(x)))


class DemoNet(nn.Module):
    """Enlarge [N, 3, H, W] by `scale`: residual blocks add detail to a bilinear image."""

    def __init__(self, channels: int, blocks: int, scale: int = 4) -> None:
        super().__init__()
        self.scale = scale
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.body = nn.Sequential(*(ResidualBlock(channels) for _ in range(blocks)))
        self.tail = nn.Conv2d(channels, 3 * scale**2, 3, padding=1)

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        """Return the SR image [N, 3, H*scale, W*scale] of an LR image in the same data range."""
        shallow = self.head(lr)
        detail = F.pixel_shuffle(self.tail(shallow + self.body(shallow)), self.scale)
        coarse = F.interpolate(lr, scale_factor=self.scale, mode="bilinear", align_corners=False)
        return coarse + detail
