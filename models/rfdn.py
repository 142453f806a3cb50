"""RFDN: Residual Feature Distillation Network, the baseline of NTIRE 2023 (and in 2022's list; x4).

Liu et al., "Residual Feature Distillation Network for Lightweight Image Super-Resolution",
arXiv 2009.11551. Both editions hand out the same network with the same weights.
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
        self.conv_max = nn.Conv2d(esa_channels, esa_channels, 3, padding=1)
        self.conv2 = nn.Conv2d(esa_channels, esa_channels, 3, stride=2)
        self.conv3 = nn.Conv2d(esa_channels, esa_channels, 3, padding=1)
        self.conv3_ = nn.Conv2d(esa_channels, esa_channels, 3, padding=1)
        self.conv4 = nn.Conv2d(esa_channels, channels, 1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Weigh [N, channels, H, W] by a mask of its own shape; H and W at least 15."""
        narrow = self.conv1(x)
        pooled = F.max_pool2d(self.conv2(narrow), kernel_size=7, stride=3)
        mask = self.relu(self.conv_max(pooled))
        mask = self.conv3_(self.relu(self.conv3(mask)))
        mask = F.interpolate(mask, x.shape[2:], mode="bilinear", align_corners=False)
        return x * torch.sigmoid(self.conv4(mask + self.conv_f(narrow)))


class RFDB(nn.Module):
    """Residual feature distillation: three times a 1x1 copy kept and a 3x3 residual refined."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        kept = channels // 2
        self.c1_d = nn.Conv2d(channels, kept, 1)
        self.c1_r = nn.Conv2d(channels, channels, 3, padding=1)
        self.c2_d = nn.Conv2d(channels, kept, 1)
        self.c2_r = nn.Conv2d(channels, channels, 3, padding=1)
        self.c3_d = nn.Conv2d(channels, kept, 1)
        self.c3_r = nn.Conv2d(channels, channels, 3, padding=1)
        self.c4 = nn.Conv2d(channels, kept, 3, padding=1)
        self.c5 = nn.Conv2d(4 * kept, channels, 1)
        self.esa = ESA(channels, channels // 4)
        self.act = nn.LeakyReLU(0.05, inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, H, W] to the same shape; no residual around the block."""
        d1 = self.act(self.c1_d(x))
        r1 = self.act(self.c1_r(x) + x)
        d2 = self.act(self.c2_d(r1))
        r2 = self.act(self.c2_r(r1) + r1)
        d3 = self.act(self.c3_d(r2))
        r3 = self.act(self.c3_r(r2) + r2)
        r4 = self.act(self.c4(r3))
        return self.esa(self.c5(torch.cat([d1, d2, d3, r4], 1)))


class RFDN(nn.Module):
    """Map RGB [N, 3, H, W] in [0, 255] to [N, 3, H * upscale, W * upscale], same range.

    Raises ValueError where H or W is below 15.
    """

    def __init__(self, in_nc: int = 3, nf: int = 50, out_nc: int = 3, upscale: int = 4) -> None:
        super().__init__()
        self.fea_conv = nn.Conv2d(in_nc, nf, 3, padding=1)
        self.B1 = RFDB(nf)
        self.B2 = RFDB(nf)
        self.B3 = RFDB(nf)
        self.B4 = RFDB(nf)
        self.c = nn.Sequential(nn.Conv2d(4 * nf, nf, 1), nn.LeakyReLU(0.05, inplace=True))
        self.LR_conv = nn.Conv2d(nf, nf, 3, padding=1)
        self.upsampler = nn.Sequential(
            nn.Conv2d(nf, out_nc * upscale**2, 3, padding=1), nn.PixelShuffle(upscale)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Super-resolve a batch."""
        height, width = x.shape[2:]
        if min(height, width) < SMALLEST_SIDE:
            raise ValueError(
                f"RFDN needs images of at least {SMALLEST_SIDE} x {SMALLEST_SIDE} pixels for its "
                f"spatial attention, this one has {height} x {width}: pad it first"
            )
        shallow = self.fea_conv(x)
        b1 = self.B1(shallow)
        b2 = self.B2(b1)
        b3 = self.B3(b2)
        b4 = self.B4(b3)
        deep = self.c(torch.cat([b1, b2, b3, b4], 1))
        return self.upsampler(self.LR_conv(deep) + shallow)
