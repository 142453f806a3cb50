"""A submission's network as the harness calls it, and what it must return."""

from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F

from harness.errors import ForwardError
from harness.loading.faults import guarded
from harness.loading.weights import Mismatch

_TILE_OVERLAP = 32  # pixels of LR, test_demo.py of every edition


@dataclass(frozen=True)
class Network:
    """A submission's network with the padding or the tiles that it asks for.

    Calling it takes the LR image [1, 3, h, w] in [0, data_range] to SR [1, 3, h*scale, w*scale].
    """

    module: torch.nn.Module
    scale: int
    multiple_of: int
    tile: int | None = None  # side of square tiles of the LR image; None: the whole image

    def __call__(self, lr: torch.Tensor) -> torch.Tensor:
        """Restore one image; what the clock measures."""
        return self._padded(lr) if self.tile is None else self._tiled(lr, self.tile)

    def _padded(self, lr: torch.Tensor) -> torch.Tensor:
        height, width = lr.shape[-2:]
        below, right = -height % self.multiple_of, -width % self.multiple_of
        if not (below or right):
            sr: torch.Tensor = self.module(lr)
            return sr
        padded = F.pad(lr, (0, right, 0, below), mode="reflect")
        sr = self.module(padded)
        return sr[..., : height * self.scale, : width * self.scale]

    def _tiled(self, lr: torch.Tensor, tile: int) -> torch.Tensor:
        """Average overlapping tiles, as the official main does."""
        height, width = lr.shape[-2:]
        side, scale = min(tile, height, width), self.scale
        total = lr.new_zeros(*lr.shape[:2], height * scale, width * scale)
        times = torch.zeros_like(total)
        for top in _tile_starts(height, side):
            for left in _tile_starts(width, side):
                sr = self._padded(lr[..., top : top + side, left : left + side])
                place = (
                    ...,
                    slice(top * scale, (top + side) * scale),
                    slice(left * scale, (left + side) * scale),
                )
                total[place] += sr
                times[place] += 1
        return total / times


def _tile_starts(length: int, side: int) -> list[int]:
    """Return where tiles start: one stride apart, the last at the far edge."""
    return [*range(0, length - side, max(side - _TILE_OVERLAP, 1)), length - side]


@dataclass(frozen=True)
class Loaded:
    """A network on its device, and how well its checkpoint fitted."""

    network: Network
    complete: bool  # it has its checkpoint, or needs none
    mismatch: Mismatch = field(default_factory=Mismatch)
    twin: Network | None = None  # for the counters, with the same weights
    stand_ins: tuple[str, ...] = ()  # packages that the harness stood in for
    operator_missing: bool = False  # `network` is the twin itself


def ready(module: torch.nn.Module, device: torch.device) -> torch.nn.Module:
    """Move to the device, in eval mode, gradients off."""
    moved: torch.nn.Module = guarded(lambda: module.to(device), f"moving the network to {device}")
    return moved.eval().requires_grad_(False)


def forward(network: Network, lr: torch.Tensor) -> torch.Tensor:
    """Restore `lr` and check the result. Raises ForwardError."""
    height, width = lr.shape[-2:]
    doing = f"the forward of a {height}x{width} image"
    with torch.no_grad():
        sr: torch.Tensor = guarded(lambda: network(lr), doing, ForwardError)
    _check_output(sr, (height * network.scale, width * network.scale))
    return sr


def _check_output(sr: Any, size: tuple[int, int]) -> None:
    """Refuse an output that is no SR image [1, 3, height, width]. Raises ForwardError."""
    if not isinstance(sr, torch.Tensor):
        raise ForwardError(f"the network returned {type(sr).__name__}; it must return a tensor")
    expected = [1, 3, *size]
    if list(sr.shape) != expected:
        raise ForwardError(
            f"the network returned the shape {list(sr.shape)} where {expected} is the SR image; "
            "check model.scale and the upsampler"
        )
    if not sr.dtype.is_floating_point:
        raise ForwardError(f"the network returned {sr.dtype}; it must return floating point")
    low, high = sr.aminmax()  # in one sweep over the pixels; NaN shows in both
    if not (low.isfinite() and high.isfinite()):
        raise ForwardError("the network returned NaN or infinite values; check its data_range")
