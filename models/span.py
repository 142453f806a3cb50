"""SPAN: Swift Parameter-free Attention Network, the baseline of NTIRE 2026 (28 features, x4).

The deploy form: every multi-branch training convolution is folded into one plain 3x3 convolution,
`eval_conv`, whose parameters are frozen. Wan et al., "Swift Parameter-free Attention Network for
Efficient Super-Resolution", arXiv 2311.12770.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class FoldedConv(nn.Module):
    """A 3x3 convolution that training built from several branches; folded, hence not trainable."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.eval_conv = nn.Conv2d(in_channels, out_channels, 3, padding=1).requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, in, H, W] to [N, out, H, W]."""
        return self.eval_conv(x)


class Block(nn.Module):
    """Three convolutions whose result, without any parameter more, is its own attention map."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.c1_r = FoldedConv(channels, channels)
        self.c2_r = FoldedConv(channels, channels)
        self.c3_r = FoldedConv(channels, channels)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the block's output and its first convolution's, both [N, channels, H, W]."""
        # The published SiLU works in place, so that the first convolution is handed on after it.
        first = F.silu(self.c1_r(x), inplace=True)
        third = self.c3_r(F.silu(self.c2_r(first), inplace=True))
        return (third + x) * (torch.sigmoid(third) - 0.5), first


class SPAN(nn.Module):
    """Map RGB [N, 3, H, W] in [0, 1] to [N, 3, H * upscale, W * upscale].

    Inside, the range is [0, img_range] around `rgb_mean`; the last convolution has learnt the way
    back, so nothing is divided or added at the end.
    """

    def __init__(
        self,
        num_in_ch: int = 3,
        num_out_ch: int = 3,
        feature_channels: int = 28,
        upscale: int = 4,
        *,
        img_range: float = 255.0,
        rgb_mean: Sequence[float] = (0.4488, 0.4371, 0.4040),
    ) -> None:
        super().__init__()
        self.img_range = img_range
        # Outside the state dict, as in the published checkpoint.
        self.register_buffer("mean", torch.tensor(rgb_mean).view(-1, 1, 1), persistent=False)
        self.conv_1 = FoldedConv(num_in_ch, feature_channels)
        self.block_1 = Block(feature_channels)
        self.block_2 = Block(feature_channels)
        self.block_3 = Block(feature_channels)
        self.block_4 = Block(feature_channels)
        self.block_5 = Block(feature_channels)
        self.block_6 = Block(feature_channels)
        self.conv_cat = nn.Conv2d(4 * feature_channels, feature_channels, 1)
        self.conv_2 = FoldedConv(feature_channels, feature_channels)
        self.upsampler = nn.Sequential(
            nn.Conv2d(feature_channels, num_out_ch * upscale**2, 3, padding=1),
            nn.PixelShuffle(upscale),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Super-resolve a batch."""
        shallow = self.conv_1((x - self.mean) * self.img_range)
        first, _ = self.block_1(shallow)
        deep, _ = self.block_2(first)
        deep, _ = self.block_3(deep)
        deep, _ = self.block_4(deep)
        deep, _ = self.block_5(deep)
        deep, inner = self.block_6(deep)
        fused = self.conv_cat(torch.cat([shallow, self.conv_2(deep), first, inner], 1))
        return self.upsampler(fused)
