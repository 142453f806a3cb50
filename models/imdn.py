"""IMDN: Information Multi-Distillation Network, the baseline of NTIRE 2022 (x4).

The challenge's simplified form: eight blocks in a chain with one residual around them, without the
contrast-aware attention and without the fusion of all blocks of the published network. Hui et al.,
"Lightweight Image Super-Resolution with Information Multi-distillation Network", arXiv 1909.11856.
"""

import torch
from torch import Tensor, nn


class Block(nn.Module):
    """Three times keep a quarter of the features and refine the rest; then fuse what was kept."""

    def __init__(self, channels: int, negative_slope: float) -> None:
        super().__init__()
        self.kept = channels // 4
        self.refined = channels - self.kept

        def conv(in_channels: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Conv2d(in_channels, channels, 3, padding=1),
                nn.LeakyReLU(negative_slope, inplace=True),
            )

        self.conv1 = conv(channels)
        self.conv2 = conv(self.refined)
        self.conv3 = conv(self.refined)
        self.conv4 = nn.Conv2d(self.refined, self.kept, 3, padding=1)
        self.conv1x1 = nn.Conv2d(4 * self.kept, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, H, W] to the same shape."""
        d1, r1 = self.conv1(x).split([self.kept, self.refined], 1)
        d2, r2 = self.conv2(r1).split([self.kept, self.refined], 1)
        d3, r3 = self.conv3(r2).split([self.kept, self.refined], 1)
        return x + self.conv1x1(torch.cat([d1, d2, d3, self.conv4(r3)], 1))


class Residual(nn.Module):
    """x + sub(x)."""

    def __init__(self, sub: nn.Module) -> None:
        super().__init__()
        self.sub = sub

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, H, W] to the same shape."""
        return x + self.sub(x)


class IMDN(nn.Module):
    """Map RGB [N, 3, H, W] in [0, 1] to [N, 3, H * upscale, W * upscale], same range."""

    def __init__(
        self,
        in_nc: int = 3,
        out_nc: int = 3,
        nc: int = 64,
        nb: int = 8,
        upscale: int = 4,
        *,
        negative_slope: float = 0.05,
    ) -> None:
        super().__init__()
        blocks = [Block(nc, negative_slope) for _ in range(nb)]
        self.model = nn.Sequential(
            nn.Conv2d(in_nc, nc, 3, padding=1),
            Residual(nn.Sequential(*blocks, nn.Conv2d(nc, nc, 3, padding=1))),
            nn.Conv2d(nc, out_nc * upscale**2, 3, padding=1),
            nn.PixelShuffle(upscale),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Super-resolve a batch."""
        return self.model(x)
