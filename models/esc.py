"""ESC, ESC-light, ESC-FP and ESC-XL: attention emulated by convolution.

Lee, Yun and Ro, "Emulating Self-attention with Convolution for Efficient Image Super-Resolution"
(ICCV 2025, arXiv 2503.06671). Input float [B, 3, H, W] RGB in [0, 1], H and W above half a window;
output [B, 3, sH, sW], not clamped. Checkpoints keep their weights under `params_ema`.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class LayerNorm(nn.LayerNorm):
    """Layer norm of each pixel over its channels, [B, C, H, W]."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise [B, C, H, W]; the result lies channels last in memory."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvFFN(nn.Module):
    """Feed-forward network of a pixel with a depth-wise 3x3 in its middle, [B, C, H, W]."""

    def __init__(self, dim: int, ratio: float) -> None:
        super().__init__()
        hidden = int(dim * ratio)
        self.proj = nn.Conv2d(dim, hidden, 1)
        self.dwc = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)
        self.aggr = nn.Conv2d(hidden, dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the network's own output; the caller adds the residual."""
        x = F.gelu(self.proj(x))
        return self.aggr(F.gelu(self.dwc(x)) + x)


def explicit_attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    """Softmax attention in plain operators; bias is [1, heads, tokens, tokens].

    q, k and v are [windows, heads, tokens, width], and so is the result.
    """
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
    return scores.add_(bias).softmax(dim=-1) @ v


# the same numbers, but the first never holds all scores, and fvcore counts nothing in it
ATTENTION = {"sdpa": F.scaled_dot_product_attention, "explicit": explicit_attention}


class WindowAttention(nn.Module):
    """Self-attention in non-overlapping windows with a learned bias per relative position."""

    def __init__(self, dim: int, window_size: int, num_heads: int, attention: str) -> None:
        super().__init__()
        if attention not in ATTENTION:
            raise ValueError(f"attention is one of {', '.join(ATTENTION)}, not {attention!r}")
        self.window_size = window_size
        self.num_heads = num_heads
        self.attend = ATTENTION[attention]
        table = torch.empty(num_heads, (2 * window_size - 1) ** 2)
        self.relative_position_bias = nn.Parameter(nn.init.trunc_normal_(table, std=0.02))
        self.to_qkv = nn.Conv2d(dim, 3 * dim, 1)
        self.to_out = nn.Conv2d(dim, dim, 1)

    def bias(self) -> Tensor:
        """Spread the table over query and key pixels: [1, heads, tokens, tokens].

        Entry (q, k) of a head is the table's at (ky - qy + w - 1, kx - qx + w - 1): a w x w patch
        of the table, which moves up and left as the query moves down and right.
        """
        w = self.window_size
        table = self.relative_position_bias.view(-1, 2 * w - 1, 2 * w - 1)
        patches = table.unfold(1, w, 1).unfold(2, w, 1)  # [heads, w-1-qy, w-1-qx, ky, kx]
        return patches.flip(1, 2).reshape(1, self.num_heads, w * w, w * w)

    def forward(self, x: Tensor) -> Tensor:
        """Attend within each window of [B, C, H, W], reflected at the right and the bottom.

        Raises ValueError where reflection cannot fill a window.
        """
        batch, dim, height, width = x.shape
        w = self.window_size
        if 2 * min(height, width) <= w:
            raise ValueError(
                f"the input is {height}x{width} pixels, but the {w}x{w} windows are filled up by "
                f"reflection and need at least {w // 2 + 1} on each side; pad the input first"
            )
        x = F.pad(x, (0, -width % w, 0, -height % w), mode="reflect")
        rows, columns = x.shape[2] // w, x.shape[3] // w
        qkv = self.to_qkv(x).view(batch, 3, self.num_heads, -1, rows, w, columns, w)
        qkv = qkv.permute(1, 0, 4, 6, 2, 5, 7, 3).flatten(1, 3).flatten(3, 4)
        y = self.attend(*qkv.unbind(), self.bias())
        y = y.view(batch, rows, columns, self.num_heads, w, w, -1)
        y = y.permute(0, 3, 6, 1, 4, 2, 5).reshape(batch, dim, rows * w, columns * w)
        return self.to_out(y[:, :, :height, :width])


def kernel_generator(channels: int, hidden: int) -> nn.Sequential:
    """[B, P, H, W] -> [B, 9P, 1, 1]: a 3x3 kernel for each image and channel, zero at first."""
    first, last = nn.Conv2d(channels, hidden, 1), nn.Conv2d(hidden, 9 * channels, 1)
    for parameter in last.parameters():
        nn.init.zeros_(parameter)
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), first, nn.GELU(), last)


def filter_each(x: Tensor, kernels: Tensor) -> Tensor:
    """Filter every channel of every image, [B, P, H, W], with its own kernel of [B, P, k, k]."""
    batch, channels, size = kernels.shape[:3]
    # one image of B x P channels: conv2d has no batch of kernels
    y = F.conv2d(
        x.reshape(1, batch * channels, *x.shape[2:]),
        kernels.reshape(batch * channels, 1, size, size),
        padding=size // 2,
        groups=batch * channels,
    )
    return y.view(x.shape)


class LargeKernel(nn.Module):
    """The shared 13x13 filter plus a 3x3 filter made from the image itself (ESC, ESC-XL)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dwc_proj = kernel_generator(channels, channels // 2)

    def forward(self, x: Tensor, shared: Tensor) -> Tensor:
        """Filter [B, P, H, W] with `shared` [P, P, k, k] and with its own 3x3 kernels."""
        kernels = self.dwc_proj(x).view(*x.shape[:2], 3, 3)
        return F.conv2d(x, shared, padding=shared.shape[-1] // 2) + filter_each(x, kernels)


class FactorisedLargeKernel(nn.Module):
    """The shared filter as 1x1 then depth-wise, with the image's own 3x3 inside (ESC-FP)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.proj = kernel_generator(channels, channels // 4)

    def forward(self, x: Tensor, channel: Tensor, spatial: Tensor) -> Tensor:
        """Filter [B, P, H, W] with `channel` [P, P, 1, 1], then with `spatial` [P, 1, k, k]."""
        kernels = self.proj(x).view(*x.shape[:2], 3, 3)
        margin = (spatial.shape[-1] - 3) // 2
        kernels = F.pad(kernels, (margin, margin, margin, margin)) + spatial[:, 0]
        return filter_each(F.conv2d(x, channel), kernels)


class ConvAttn(nn.Module):
    """Large-kernel filtering of the first P channels, then a 1x1 mix of all C."""

    def __init__(self, dim: int, pdim: int, plk: nn.Module) -> None:
        super().__init__()
        self.pdim = pdim
        self.plk = plk
        self.aggr = nn.Conv2d(dim, dim, 1)

    def forward(self, x: Tensor, *filters: Tensor) -> Tensor:
        """Filter [B, C, H, W] with the model's shared `filters`."""
        part, rest = x[:, : self.pdim], x[:, self.pdim :]
        return self.aggr(torch.cat((self.plk(part, *filters), rest), dim=1))


class Block(nn.Module):
    """One window attention, then several convolutions that emulate it."""

    def __init__(
        self,
        attn: WindowAttention,
        conv_attns: list[ConvAttn],
        *,
        dim: int,
        first_ratio: float,
        use_ln: bool,
    ) -> None:
        super().__init__()
        norm = LayerNorm if use_ln else nn.Identity
        self.ln_proj = LayerNorm(dim)
        self.proj = ConvFFN(dim, first_ratio)
        self.ln_attn = LayerNorm(dim)
        self.attn = attn
        self.lns = nn.ModuleList(norm(dim) for _ in conv_attns)
        self.pconvs = nn.ModuleList(conv_attns)
        self.convffns = nn.ModuleList(ConvFFN(dim, ratio=1.25) for _ in conv_attns)
        self.ln_out = LayerNorm(dim)
        self.conv_out = nn.Conv2d(dim, dim, 3, padding=1)

    def forward(self, x: Tensor, *filters: Tensor) -> Tensor:
        """Refine [B, C, H, W] with the model's shared `filters`."""
        skip = x
        x = self.proj(self.ln_proj(x))
        x = x + self.attn(self.ln_attn(x))
        for norm, ffn, conv_attn in zip(self.lns, self.convffns, self.pconvs, strict=True):
            x = x + conv_attn(ffn(norm(x)), *filters)
        return self.conv_out(self.ln_out(x)) + skip


def symmetrise(kernel: Tensor) -> Tensor:
    """Mean of [..., k, k] over the eight rotations and reflections of the square."""
    turned = torch.stack((kernel, kernel.rot90(1, (-2, -1))))
    mirrored = torch.cat((turned, turned.flip(-1)))
    return torch.cat((mirrored, mirrored.flip(-2))).sum(dim=0) / 8


class ESC(nn.Module):
    """ESC; the defaults are the published base model. `attention` is "sdpa" or "explicit"."""

    def __init__(
        self,
        upscaling_factor: int = 4,
        *,
        dim: int = 64,
        pdim: int = 16,
        n_blocks: int = 5,
        window_size: int = 32,
        num_heads: int = 4,
        use_ln: bool = False,
        attention: str = "sdpa",
    ) -> None:
        super().__init__()
        self.upscaling_factor = upscaling_factor
        self.fused = False
        self.plk_filter = nn.Parameter(nn.init.orthogonal_(torch.empty(pdim, pdim, 13, 13)))
        self.proj = nn.Conv2d(3, dim, 3, padding=1)
        self.blocks = nn.ModuleList(
            Block(
                WindowAttention(dim, window_size, num_heads, attention),
                [ConvAttn(dim, pdim, LargeKernel(pdim)) for _ in range(5)],
                dim=dim,
                first_ratio=2.0,
                use_ln=use_ln,
            )
            for _ in range(n_blocks)
        )
        self.last = nn.Conv2d(dim, dim, 3, padding=1)
        self.to_img = nn.Conv2d(dim, 3 * upscaling_factor**2, 3, padding=1)

    def fuse(self) -> "ESC":
        """Symmetrise the stored filter once, after the checkpoint is loaded; same output."""
        self.plk_filter.data = symmetrise(self.plk_filter.data)
        self.fused = True
        return self

    def forward(self, lr: Tensor) -> Tensor:
        """Return the SR image; raises ValueError where a side of `lr` is at most half a window."""
        shared = self.plk_filter if self.fused else symmetrise(self.plk_filter)
        shallow = self.proj(lr)
        features = shallow
        for block in self.blocks:
            features = block(features, shared)
        residual = self.to_img(self.last(features) + shallow)
        # shuffled, the repeated pixels are the nearest-neighbour up-sampling of the input
        nearest = lr.repeat_interleave(self.upscaling_factor**2, dim=1)
        return F.pixel_shuffle(residual + nearest, self.upscaling_factor)


ESCLight = partial(ESC, n_blocks=3)
ESCXL = partial(ESC, dim=192, pdim=48, n_blocks=8, window_size=48, num_heads=12, use_ln=True)


class ESCFP(nn.Module):
    """ESC-FP, with fewer parameters: its shared filter is a 1x1 and a depth-wise factor."""

    def __init__(self, upscaling_factor: int = 4, *, attention: str = "sdpa") -> None:
        super().__init__()
        dim, pdim = 48, 16
        self.upscaling_factor = upscaling_factor
        self.lk_channel = nn.Parameter(nn.init.orthogonal_(torch.empty(pdim, pdim, 1, 1)))
        self.lk_spatial = nn.Parameter(nn.init.orthogonal_(torch.empty(pdim, 1, 13, 13)))
        self.proj = nn.Conv2d(3, dim, 3, padding=1)
        self.blocks = nn.ModuleList(
            Block(
                WindowAttention(dim, 32, 3, attention),
                [ConvAttn(dim, pdim, FactorisedLargeKernel(pdim)) for _ in range(5)],
                dim=dim,
                first_ratio=1.5,
                use_ln=True,
            )
            for _ in range(5)
        )
        self.ln_last = LayerNorm(dim)
        self.last = nn.Conv2d(dim, dim, 3, padding=1)
        self.to_img = nn.Conv2d(dim, 3 * upscaling_factor**2, 3, padding=1)

    def forward(self, lr: Tensor) -> Tensor:
        """Return the SR image; raises ValueError where a side of `lr` is at most half a window."""
        shallow = self.proj(lr)
        features = shallow
        for block in self.blocks:
            features = block(features, self.lk_channel, self.lk_spatial)
        residual = self.to_img(self.last(self.ln_last(features)) + shallow)
        base = F.interpolate(lr, scale_factor=self.upscaling_factor, mode="bicubic")
        return F.pixel_shuffle(residual, self.upscaling_factor) + base
