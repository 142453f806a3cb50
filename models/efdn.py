"""EFDN: Edge-enhanced Feature Distillation Network, the baseline of NTIRE 2025 (48 features, x4).

The deploy form: each edge-enhanced training block is folded into one 3x3 convolution, `rep_conv`.
Wang, "Edge-enhanced Feature Distillation Network for Efficient Super-Resolution", arXiv 2204.08759.
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


class PointConv(nn.Module):
    """A 1x1 convolution with a PReLU of one slope per channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1x1 = nn.Conv2d(channels, channels, 1)
        self.act = nn.PReLU(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, H, W] to the same shape."""
        return self.act(self.conv1x1(x))


class EdgeConv(nn.Module):
    """The folded edge-enhanced 3x3 convolution with a PReLU of one slope per channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.rep_conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.act = nn.PReLU(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, H, W] to the same shape."""
        return self.act(self.rep_conv(x))


class Cell(nn.Module):
    """Three convolutions in a chain; half of the features of each stage, fused and weighed."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = PointConv(channels)
        self.conv2 = EdgeConv(channels)
        self.conv3 = EdgeConv(channels)
        self.fuse = nn.Conv2d(2 * channels, channels, 1)
        self.att = ESA(channels, channels // 4)
        self.branch = nn.ModuleList(nn.Conv2d(channels, channels // 2, 1) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, H, W] to the same shape."""
        a = self.conv1(x)
        b = self.conv2(a)
        c = self.conv3(b)
        kept = [branch(stage) for branch, stage in zip(self.branch, (x, a, b, c), strict=True)]
        return self.att(self.fuse(torch.cat(kept, 1))) + x


class EFDN(nn.Module):
    """Map RGB [N, 3, H, W] in [0, 1] to [N, 3, H * scale, W * scale], clamped to [0, 1].

    Raises ValueError where H or W is below 15.
    """

    def __init__(
        self, scale: int = 4, in_channels: int = 3, n_feats: int = 48, out_channels: int = 3
    ) -> None:
        super().__init__()
        self.head = nn.Conv2d(in_channels, n_feats, 3, padding=1)
        self.cells = nn.ModuleList(Cell(n_feats) for _ in range(4))
        self.local_fuse = nn.ModuleList(nn.Conv2d(2 * n_feats, n_feats, 1) for _ in range(3))
        self.tail = nn.Sequential(
            nn.Conv2d(n_feats, out_channels * scale**2, 3, padding=1), nn.PixelShuffle(scale)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Super-resolve a batch."""
        height, width = x.shape[2:]
        if min(height, width) < SMALLEST_SIDE:
            raise ValueError(
                f"EFDN needs images of at least {SMALLEST_SIDE} x {SMALLEST_SIDE} pixels for its "
                f"spatial attention, this one has {height} x {width}: pad it first"
            )
        shallow = self.head(x)
        o1 = self.cells[0](shallow)
        o2 = self.cells[1](o1)
        o3 = self.cells[2](self.local_fuse[0](torch.cat([o1, o2], 1)))
        o4 = self.cells[3](self.local_fuse[1](torch.cat([o2, o3], 1)))
        deep = self.local_fuse[2](torch.cat([o2, o4], 1))  # o2, not o3, as published
        return self.tail(deep + shallow).clamp(0, 1)
