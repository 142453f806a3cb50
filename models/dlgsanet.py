"""DLGSANet, tiny, light and large: dynamic local and sparse global self-attention.

Li et al., "DLGSANet: Lightweight Dynamic Local and Global Self-Attention Networks for Image
Super-Resolution" (arXiv 2301.02031). Parameter names follow the published checkpoints.
"""

from itertools import product
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

RGB_MEAN = (0.4488, 0.4371, 0.4040)
HEADS = 6  # of the global attention
CHANNELS_PER_KERNEL = 6  # consecutive channels that one dynamic kernel filters
KERNEL = 7
TLC_WINDOW = {2: 96, 3: 72, 4: 48}  # published side of the test-time windows per scale


class DLGSANet(nn.Module):
    """RGB (b, 3, h, w) in [0, 1] to (b, 3, upscale * h, upscale * w), not clamped.

    Args:
        dim: feature channels C, a multiple of 6.
        groups: residual groups.
        blocks: pairs of a local and a global half per group.
        upscale: 2, 3 or 4.
        tlc_window: side of the windows in which the global attention looks in eval (test-time
            local conversion); None is the published side for `upscale`, 0 is the whole image.
            Training always looks at the whole image.
        dynamic_filter: "shifts" or "unfold", see `DynamicFilter`.

    The dynamic filters take groups * blocks * 49 * dim multiply-accumulates per LR pixel. They are
    elementwise, so operator counters such as fvcore do not see them.

    """

    def __init__(
        self,
        dim: int,
        groups: int,
        blocks: int,
        upscale: int,
        *,
        tlc_window: int | None = None,
        dynamic_filter: str = "shifts",
    ) -> None:
        super().__init__()
        window = TLC_WINDOW[upscale] if tlc_window is None else tlc_window
        # Outside the state dict, as in the published checkpoints.
        self.register_buffer("mean", torch.tensor(RGB_MEAN).view(3, 1, 1), persistent=False)
        self.overlap_embed = nn.Sequential(Embedding(dim))
        self.deep_feature_extraction = nn.Sequential(
            *(Group(dim, blocks, window, dynamic_filter) for _ in range(groups)),
            nn.Conv2d(dim, dim, 3, padding=1),
        )
        self.upsample = nn.Sequential(
            nn.Conv2d(dim, 3 * upscale**2, 3, padding=1), nn.PixelShuffle(upscale)
        )

    def forward(self, lr: Tensor) -> Tensor:
        """Return the SR image of `lr`."""
        shallow = self.overlap_embed(lr - self.mean)
        deep = self.deep_feature_extraction(shallow) + shallow
        return self.upsample(deep) + self.mean


class Embedding(nn.Module):
    """Shallow features."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, dim, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, 3, h, w) to (b, dim, h, w)."""
        return self.proj(x)


class Group(nn.Module):
    """Alternating local and global halves and a convolution, with a residual (RHDTG)."""

    def __init__(self, dim: int, blocks: int, window: int, dynamic_filter: str) -> None:
        super().__init__()
        halves = [
            half
            for _ in range(blocks)
            for half in (LocalHalf(dim, dynamic_filter), GlobalHalf(dim, window))
        ]
        self.body = nn.Sequential(*halves, nn.Conv2d(dim, dim, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, dim, h, w) to the same shape."""
        return self.body(x) + x


class LocalHalf(nn.Module):
    """Dynamic local attention, then a feed-forward network, each with a residual."""

    def __init__(self, dim: int, dynamic_filter: str) -> None:
        super().__init__()
        self.norm1 = LayerNorm(dim)
        self.IDynamicDWConv = LocalAttention(dim, dynamic_filter)
        self.norm2 = LayerNorm(dim)
        self.IDynamic_ffn = FeedForward(dim)

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, dim, h, w) to the same shape."""
        x = x + self.IDynamicDWConv(self.norm1(x))
        return x + self.IDynamic_ffn(self.norm2(x))


class GlobalHalf(nn.Module):
    """Sparse global attention, then a feed-forward network, each with a residual."""

    def __init__(self, dim: int, window: int) -> None:
        super().__init__()
        self.norm3 = LayerNorm(dim)
        self.restormer_attn = GlobalAttention(dim, window)
        self.norm4 = LayerNorm(dim)
        self.restormer_ffn = FeedForward(dim)

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, dim, h, w) to the same shape."""
        x = x + self.restormer_attn(self.norm3(x))
        return x + self.restormer_ffn(self.norm4(x))


class LayerNorm(nn.Module):
    """Normalise every pixel over its channels."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        # Holds weight and bias alone: its own forward would need the channels last.
        self.body = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, dim, h, w) to the same shape."""
        variance, mean = torch.var_mean(x, dim=1, correction=0, keepdim=True)
        weight, bias = (p.view(-1, 1, 1) for p in (self.body.weight, self.body.bias))
        return (x - mean) * (variance + self.body.eps).rsqrt() * weight + bias


class FeedForward(nn.Module):
    """Gated depth-wise feed-forward network (GDFN), expansion 2."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.project_in = nn.Conv2d(dim, 4 * dim, 1, bias=False)
        self.dwconv = nn.Conv2d(4 * dim, 4 * dim, 3, padding=1, groups=4 * dim, bias=False)
        self.project_out = nn.Conv2d(2 * dim, dim, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, dim, h, w) to the same shape."""
        gate, value = self.dwconv(self.project_in(x)).chunk(2, dim=1)
        return self.project_out(F.gelu(gate) * value)


class LocalAttention(nn.Module):
    """A dynamic filter between two point-wise convolutions (MHDLSA)."""

    def __init__(self, dim: int, dynamic_filter: str) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(dim, dim, 1, bias=False)
        self.conv1 = nn.Conv2d(dim, dim, 1, bias=False)
        self.conv = DynamicFilter(dim, dynamic_filter)

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, dim, h, w) to the same shape."""
        return self.conv1(self.conv(self.conv0(x)))


class DynamicFilter(nn.Module):
    """Filter every pixel with 7x7 kernels that are linear in the features around it.

    Six consecutive channels share a kernel; there is no softmax and no bias. Two forms give the
    same numbers: "shifts" adds one of the 49 taps after the other, "unfold" lays all 49 neighbours
    of every pixel out at once and needs 49 times the memory of the features, several times over.
    """

    def __init__(self, dim: int, form: str = "shifts") -> None:
        super().__init__()
        forms = {"shifts": filter_by_shifts, "unfold": filter_by_unfold}
        if form not in forms:
            raise ValueError(f"dynamic_filter is 'shifts' or 'unfold', not {form!r}")
        self.apply_kernels = forms[form]
        kernels = dim // CHANNELS_PER_KERNEL
        hidden = dim // 4
        self.conv1 = nn.Sequential(
            nn.Conv2d(dim, hidden, 1),
            nn.Conv2d(hidden, hidden, KERNEL, padding=KERNEL // 2, groups=hidden),
        )
        self.conv2 = nn.Sequential(nn.Conv2d(hidden, kernels * KERNEL**2, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, dim, h, w) to the same shape."""
        return self.apply_kernels(x, self.conv2(self.conv1(x)))


def filter_by_shifts(x: Tensor, kernels: Tensor) -> Tensor:
    """Filter `x` (b, 6m, h, w) with `kernels` (b, 49m, h, w): one tap at a time."""
    height, width = x.shape[-2:]
    shared = x.unflatten(1, (-1, CHANNELS_PER_KERNEL))
    taps = kernels.unflatten(1, (-1, 1, KERNEL, KERNEL))
    padded = F.pad(shared, (KERNEL // 2,) * 4)
    out = torch.zeros_like(shared)
    for dy, dx in product(range(KERNEL), repeat=2):
        out.addcmul_(padded[..., dy : dy + height, dx : dx + width], taps[:, :, :, dy, dx])
    return out.flatten(1, 2)


def filter_by_unfold(x: Tensor, kernels: Tensor) -> Tensor:
    """Filter `x` (b, 6m, h, w) with `kernels` (b, 49m, h, w): all taps at once."""
    neighbours = F.unfold(x, KERNEL, padding=KERNEL // 2).view(
        len(x), -1, CHANNELS_PER_KERNEL, KERNEL**2, *x.shape[-2:]
    )
    taps = kernels.unflatten(1, (-1, 1, KERNEL**2))
    return (neighbours * taps).sum(3).flatten(1, 2)


class GlobalAttention(nn.Module):
    """Attention across channels, sparse by its ReLU (SparseGSA); in windows in eval (TLC)."""

    def __init__(self, dim: int, window: int) -> None:
        super().__init__()
        self.window = window
        self.temperature = nn.Parameter(torch.ones(HEADS, 1, 1))
        self.qkv = nn.Conv2d(dim, 3 * dim, 1, bias=False)
        self.qkv_dwconv = nn.Conv2d(3 * dim, 3 * dim, 3, padding=1, groups=3 * dim, bias=False)
        self.project_out = nn.Conv2d(dim, dim, 1, bias=False)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, dim, h, w) to the same shape."""
        qkv = self.qkv_dwconv(self.qkv(x))
        whole = self.training or not self.window
        return self.project_out(self.attend(qkv) if whole else self.attend_in_windows(qkv))

    def attend(self, qkv: Tensor) -> Tensor:
        """Map (b, 3 * dim, h, w) to (b, dim, h, w)."""
        q, k, v = qkv.flatten(2).unflatten(1, (3, HEADS, -1)).unbind(1)
        q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
        attention = self.relu((q @ k.transpose(-2, -1)) * self.temperature)
        return (attention @ v).flatten(1, 2).unflatten(2, qkv.shape[-2:])

    def attend_in_windows(self, qkv: Tensor) -> Tensor:
        """Map (b, 3 * dim, h, w) to (b, dim, h, w), the mean of the windows where they overlap."""
        height, width = qkv.shape[-2:]
        rows = min(height, self.window)
        columns = min(width, self.window)
        total = torch.zeros_like(qkv[:, : qkv.shape[1] // 3])
        count = torch.zeros_like(total[0, 0])
        for y, x in product(window_starts(height, rows), window_starts(width, columns)):
            window = (..., slice(y, y + rows), slice(x, x + columns))
            total[window] += self.attend(qkv[window])
            count[window] += 1
        return total / count


def window_starts(length: int, size: int) -> list[int]:
    """Return where windows of `size` start, evenly spaced, the last flush with the end.

    As few as cover `length`, and fewer where the rounded-up step gets there sooner.
    """
    last = length - size
    if last == 0:
        return [0]
    step = -(-last // ((length - 1) // size))
    return [*range(0, last, step), last]


def dlgsanet_tiny(upscale: int = 4, **options: Any) -> DLGSANet:
    """Build the tiny network; `options` are `tlc_window` and `dynamic_filter`."""
    return DLGSANet(48, 3, 3, upscale, **options)


def dlgsanet_light(upscale: int = 4, **options: Any) -> DLGSANet:
    """Build the light network; `options` are `tlc_window` and `dynamic_filter`."""
    return DLGSANet(48, 4, 3, upscale, **options)


def dlgsanet_large(upscale: int = 4, **options: Any) -> DLGSANet:
    """Build the large network; `options` are `tlc_window` and `dynamic_filter`."""
    return DLGSANet(90, 6, 4, upscale, **options)
