"""RLFN: Residual Local Feature Network, pruned, the baseline of NTIRE 2024 (46 features, x4).

Kong et al., "Residual Local Feature Network for Efficient Super-Resolution", arXiv 2205.07514;
the pruned width is the winning entry's of NTIRE 2022.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SMALLEST_SIDE = 15  # 3x3 convolution of stride 2, then 7x7 pooling, both without padding


class ESA(nn.Module):
    """Enhanced spatial attention: a mask from a pooled, narrow copy of the features."""

    def __init__(self, channels: int, esa_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, esa_channels, 1)
        self.conv_f = nn.Conv2d(esa_channels, esa_channels, 1)
        self.conv2 = nn.Conv2d(esa_channels, esa_channels, 3, stride=2)
        self.conv3 = nn.Conv2d(esa_channels, esa_channels, 3, padding=1)
        self.conv4 = nn.Conv2d(esa_channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Weigh [N, channels, H, W] by a mask of its own shape; H and W at least 15."""
        narrow = self.conv1(x)
        pooled = F.max_pool2d(self.conv2(narrow), kernel_size=7, stride=3)
        mask = F.interpolate(self.conv3(pooled), x.shape[2:], mode="bilinear", align_corners=False)
        return x * torch.sigmoid(self.conv4(mask + self.conv_f(narrow)))


class Block(nn.Module):
    """Three convolutions with a residual, a 1x1 convolution, spatial attention."""

    def __init__(self, channels: int, mid_channels: int) -> None:
        super().__init__()
        self.c1_r = nn.Conv2d(channels, mid_channels, 3, padding=1)
        self.c2_r = nn.Conv2d(mid_channels, mid_channels, 3, padding=1)
        self.c3_r = nn.Conv2d(mid_channels, channels, 3, padding=1)
        self.c5 = nn.Conv2d(channels, channels, 1)
        self.esa = ESA(channels, esa_channels=16)
        self.act = nn.LeakyReLU(0.05, inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, H, W] to the same shape."""
        out = self.act(self.c1_r(x))
        out = self.act(self.c2_r(out))
        out = self.act(self.c3_r(out))
        return self.esa(self.c5(out + x))


class RLFN(nn.Module):
    """Map RGB [N, 3, H, W] in [0, 255] to [N, 3, H * upscale, W * upscale], same range.

    Raises ValueError where H or W is below 15.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        feature_channels: int = 46,
        mid_channels: int = 48,
        upscale: int = 4,
    ) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(in_channels, feature_channels, 3, padding=1)
        self.block_1 = Block(feature_channels, mid_channels)
        self.block_2 = Block(feature_channels, mid_channels)
        self.block_3 = Block(feature_channels, mid_channels)
        self.block_4 = Block(feature_channels, mid_channels)
        self.conv_2 = nn.Conv2d(feature_channels, feature_channels, 3, padding=1)
        self.upsampler = nn.Sequential(
            nn.Conv2d(feature_channels, out_channels * upscale**2, 3, padding=1),
            nn.PixelShuffle(upscale),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Super-resolve a batch."""
        height, width = x.shape[2:]
        if min(height, width) < SMALLEST_SIDE:
            raise ValueError(
                f"RLFN needs images of at least {SMALLEST_SIDE} x {SMALLEST_SIDE} pixels for its "
                f"spatial attention, this one has {height} x {width}: pad it first"
            )
        shallow = self.conv_1(x)
        deep = self.block_4(self.block_3(self.block_2(self.block_1(shallow))))
        return self.upsampler(self.conv_2(deep) + shallow)
