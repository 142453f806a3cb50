"""LGVAN: team 18 of NTIRE 2023, large-kernel attention with asymmetric pairs (x4; also x2, x3).

Three things differ from the team's factsheet, after their released code: the convolution behind the
body has two groups, the bilinear image is added, and x4 goes up in two steps of 1x1 convolutions.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SMALLEST_WIDTH = 5  # the 5-tap row filter works on columns without padding


class LayerNorm(nn.Module):
    """Normalise every pixel over its channels, biased variance, eps 1e-6.

    Spelled out as in the released code: operator counters see a fused layer norm, and not this one.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, H, W] to the same shape."""
        centred = x - x.mean(1, keepdim=True)
        variance = centred.square().mean(1, keepdim=True)
        normal = centred / torch.sqrt(variance + 1e-6)
        return self.weight[:, None, None] * normal + self.bias[:, None, None]


class LGCA(nn.Module):
    """Local-global convolution attention: u times a sum of four depth-wise views of it.

    The asymmetric pairs are padded crosswise, as trained: the row filter pads the height and the
    column filter the width. Near the border the map is hence not that of "same" padding.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()

        def depthwise(kernel: tuple[int, int], padding: tuple[int, int], dilation: int = 1):
            return nn.Conv2d(
                channels, channels, kernel, padding=padding, dilation=dilation, groups=channels
            )

        self.head = nn.Conv2d(channels, channels, 1)
        self.conv0 = depthwise((5, 5), (2, 2))
        self.conv_spatial = depthwise((5, 5), (6, 6), dilation=3)
        self.conv_v = depthwise((1, 5), (2, 0))
        self.conv_h = depthwise((5, 1), (0, 2))
        self.conv_v_2 = depthwise((1, 3), (1, 0))
        self.conv_h_2 = depthwise((3, 1), (0, 1))
        self.conv1 = nn.Conv2d(channels, channels, 1)

    def forward(self, u: Tensor) -> Tensor:
        """Map [N, channels, H, W] to the same shape; W at least 5."""
        t = self.head(u)
        large = self.conv_spatial(self.conv0(t))
        five = self.conv_h(self.conv_v(t))
        three = self.conv_h_2(self.conv_v_2(t))
        return self.conv1(large + five + three + t) * u


class Attention(nn.Module):
    """x + scale * (projection, GELU, LGCA, projection) of the normalised x."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.norm = LayerNorm(channels)
        self.proj_1 = nn.Conv2d(channels, channels, 1)
        self.spatial_gating_unit = LGCA(channels)
        self.proj_2 = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, H, W] to the same shape."""
        y = F.gelu(self.proj_1(self.norm(x)))
        return self.proj_2(self.spatial_gating_unit(y)) * self.scale + x


class FeedForward(nn.Module):
    """x + scale * (widening, depth-wise residual, GELU, narrowing) of the normalised x."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        wide = 2 * channels
        self.scale = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.norm = LayerNorm(channels)
        self.fc1 = nn.Conv2d(channels, wide, 1)
        self.dwconv = nn.Conv2d(wide, wide, 3, padding=1, groups=wide, bias=False)
        self.fc2 = nn.Conv2d(wide, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, H, W] to the same shape."""
        y = self.fc1(self.norm(x))
        return self.fc2(F.gelu(y + self.dwconv(y))) * self.scale + x


class Block(nn.Module):
    """Attention, then feed-forward."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.atten = Attention(channels)
        self.MLP = FeedForward(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, H, W] to the same shape."""
        return self.MLP(self.atten(x))


class LGVAN(nn.Module):
    """Map RGB [N, 3, H, W] in [0, 1] to [N, 3, H * upscale, W * upscale], same range.

    Raises ValueError where W is below 5, or upscale is none of 2, 3, 4.
    """

    def __init__(
        self,
        num_in_ch: int = 3,
        num_out_ch: int = 3,
        num_feat: int = 32,
        num_block: int = 9,
        upscale: int = 4,
    ) -> None:
        super().__init__()
        if upscale not in (2, 3, 4):
            raise ValueError(f"LGVAN is built for upscale 2, 3 or 4, not {upscale}")
        self.upscale = upscale
        self.conv_first = nn.Conv2d(num_in_ch, num_feat, 3, padding=1)
        self.layers = nn.ModuleList(Block(num_feat) for _ in range(num_block))
        self.conv_after_body = nn.Conv2d(num_feat, num_feat, 3, padding=1, groups=2)
        steps: list[nn.Module] = []
        for factor in (2, 2) if upscale == 4 else (upscale,):
            steps += [nn.Conv2d(num_feat, num_feat * factor**2, 1), nn.PixelShuffle(factor)]
        self.upsapling = nn.Sequential(*steps)  # spelled as in the published checkpoint
        self.act = nn.LeakyReLU(0.2, inplace=True)
        self.conv_last = nn.Conv2d(num_feat, num_out_ch, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Super-resolve a batch."""
        height, width = x.shape[2:]
        if width < SMALLEST_WIDTH:
            raise ValueError(
                f"LGVAN needs images of at least {SMALLEST_WIDTH} pixels in width for its row "
                f"filters, this one has {height} x {width}: pad it first"
            )
        shallow = deep = self.conv_first(x)
        for layer in self.layers:
            deep = layer(deep)
        deep = self.conv_after_body(deep) + shallow
        fine = self.act(self.upsapling(deep))
        image = F.interpolate(x, scale_factor=self.upscale, mode="bilinear", align_corners=False)
        return self.conv_last(fine) + image
