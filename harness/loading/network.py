"""A submission's network as the harness calls it, and what it must return."""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from harness.errors import ForwardError
from harness.loading.faults import guarded


@dataclass(frozen=True)
class Network:
    """A submission's network with the padding that its manifest asks for.

    Calling it takes the LR image [1, 3, h, w] in [0, data_range] to SR [1, 3, h*scale, w*scale].
    """

    module: torch.nn.Module
    scale: int
    multiple_of: int

    def __call__(self, lr: torch.Tensor) -> torch.Tensor:
        """Restore one image; what the clock measures."""
        height, width = lr.shape[-2:]
        below, right = -height % self.multiple_of, -width % self.multiple_of
        if not (below or right):
            sr: torch.Tensor = self.module(lr)
            return sr
        padded = F.pad(lr, (0, right, 0, below), mode="reflect")
        sr = self.module(padded)
        return sr[..., : height * self.scale, : width * self.scale]


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
