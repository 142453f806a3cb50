"""A submission's network as the harness calls it, and what it must return."""

from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F

from harness.errors import ForwardError
from harness.records import ModelTable
from harness.worker.loading import luma
from harness.worker.loading.faults import guarded
from harness.worker.loading.weights import Mismatch

_PLAIN = (torch.Tensor, torch.nn.Parameter)


@dataclass(frozen=True)
class Network:
    """A submission's network with the inference options of its manifest.

    Calling it takes the LR image [1, 3, h, w] in [0, data_range] to SR [1, 3, h*scale, w*scale].
    Outermost, of a network of luma, colour is set aside; then comes the self-ensemble; each of its
    images is padded, then cut into tiles, which are cast to the network's precision. What a module
    does to its input in place reaches the image that was given, and no other call.
    """

    module: torch.nn.Module
    scale: int
    multiple_of: int = 1
    tile: int | None = None  # side of square tiles of the LR image; None: the whole image
    tile_overlap: int = 32  # LR pixels that neighbouring tiles share
    self_ensemble: bool = False
    luma_range: float | None = None  # data range of a network of luma alone
    dtype: torch.dtype = torch.float32  # of what the module is given, and of its weights

    @classmethod
    def of(cls, module: torch.nn.Module, model: ModelTable) -> "Network":
        """Feed `module` as `[model]` of its manifest says."""
        return cls(
            module,
            model.scale,
            model.multiple_of,
            model.tile,
            model.tile_overlap,
            model.self_ensemble,
            model.data_range if model.channels == "y" else None,
            getattr(torch, model.dtype),
        )

    @property
    def channels(self) -> int:
        """Return how many the module takes and returns."""
        return 3 if self.luma_range is None else 1

    def __call__(self, lr: torch.Tensor) -> torch.Tensor:
        """Restore one image; what the clock measures."""
        if self.luma_range is None:
            return self._all(lr)
        return luma.restored(lr, self.luma_range, self._all)

    def given(self, lr: torch.Tensor) -> torch.Tensor:
        """Return an image as the module takes one: its first channels, in its precision."""
        return lr[:, : self.channels].to(self.dtype)

    def _all(self, lr: torch.Tensor) -> torch.Tensor:
        return self._ensembled(lr) if self.self_ensemble else self._padded(lr)

    def _ensembled(self, lr: torch.Tensor) -> torch.Tensor:
        """Average over rotations and flips of the image (EDSR, arXiv 1707.02921, section 3.4)."""
        height, width = lr.shape[-2:]
        total = lr.new_zeros(*lr.shape[:2], height * self.scale, width * self.scale)
        for turns in range(4):
            turned = lr.rot90(turns, (-2, -1))  # a copy, as is what is flipped
            flipped = turned.flip(-1)
            total += self._padded(turned).rot90(-turns, (-2, -1))
            total += self._padded(flipped).flip(-1).rot90(-turns, (-2, -1))
        return total / 8

    def _padded(self, lr: torch.Tensor) -> torch.Tensor:
        """Pad below and right to a multiple of `multiple_of`; crop the output.

        By reflection, which needs more pixels than it adds; what is left after it, by replication.
        """
        height, width = lr.shape[-2:]
        below, right = -height % self.multiple_of, -width % self.multiple_of
        if not (below or right):
            return self._tiled(lr)
        mirrored_right, mirrored_below = min(right, width - 1), min(below, height - 1)
        padded = F.pad(lr, (0, mirrored_right, 0, mirrored_below), mode="reflect")
        rest = (0, right - mirrored_right, 0, below - mirrored_below)
        sr = self._tiled(F.pad(padded, rest, mode="replicate") if any(rest) else padded)
        return sr[..., : height * self.scale, : width * self.scale]

    def _tiled(self, lr: torch.Tensor) -> torch.Tensor:
        """Average overlapping tiles, as test_demo.py of every edition and SwinIR's script do."""
        if self.tile is None:
            return self._whole(lr)
        height, width = lr.shape[-2:]
        side, scale = min(self.tile, height, width), self.scale
        total = lr.new_zeros(*lr.shape[:2], height * scale, width * scale)
        times = torch.zeros_like(total)
        for top in self._starts(height, side):
            for left in self._starts(width, side):
                place = (
                    ...,
                    slice(top * scale, (top + side) * scale),
                    slice(left * scale, (left + side) * scale),
                )
                tile = lr[..., top : top + side, left : left + side].clone()  # others share pixels
                total[place] += self._whole(tile)
                times[place] += 1
        return total / times

    def _whole(self, lr: torch.Tensor) -> torch.Tensor:
        height, width = lr.shape[-2:]
        sr: torch.Tensor = self.module(lr.to(self.dtype))
        _check_output(sr, (self.channels, height * self.scale, width * self.scale), lr.device)
        return sr

    def _starts(self, length: int, side: int) -> list[int]:
        """Return where tiles start: one stride apart, the last at the far edge.

        Tiles that a small image cuts down to the overlap, on which the scripts fail, share half.
        """
        overlap = self.tile_overlap if self.tile_overlap < side else side // 2
        return [*range(0, length - side, side - overlap), length - side]


@dataclass(frozen=True)
class Loaded:
    """A network on its device, and how well its checkpoint fitted."""

    network: Network
    complete: bool  # it has its checkpoint, or needs none
    mismatch: Mismatch = field(default_factory=Mismatch)
    stand_ins: tuple[str, ...] = ()  # packages that the harness stood in for
    operator_missing: bool = False  # `network` is the twin for the counters
    params: int | None = None  # as loaded, where a method deployed the network afterwards


def ready(
    module: torch.nn.Module, device: torch.device, dtype: torch.dtype = torch.float32
) -> torch.nn.Module:
    """Move to the device, in eval mode, gradients off; cast, where `dtype` is not float32.

    What its `to`, `eval` and `train` return is not relied on: an own one often returns nothing.
    """

    def settle() -> None:
        module.to(device)
        if dtype != torch.float32:
            module.to(dtype)
        module.eval()
        module.requires_grad_(False)

    guarded(settle, f"moving the network to {device}")
    return module


def forward(network: Network, lr: torch.Tensor) -> torch.Tensor:
    """Restore a copy of `lr` and check the result. Raises ForwardError."""
    height, width = lr.shape[-2:]
    doing = f"the forward of a {height}x{width} image"
    with torch.no_grad():
        sr: torch.Tensor = guarded(lambda: network(lr.clone()), doing, ForwardError)
    low, high = sr.aminmax()  # in one sweep over the pixels; NaN shows in both
    if not (low.isfinite() and high.isfinite()):
        raise ForwardError("the network returned NaN or infinite values; check its data_range")
    return sr


def _check_output(sr: Any, size: tuple[int, int, int], device: torch.device) -> None:
    """Refuse an output that is no SR image [1, channels, height, width]. Raises ForwardError.

    Every call is checked, before sums over tiles could hide a wrong shape or type. A tensor of a
    class of its own may be computed when it is looked at, and on another device elsewhere.
    """
    if type(sr) not in _PLAIN:
        raise ForwardError(
            f"the network returned {type(sr).__name__}; it must return a tensor{_wrapped(sr)}"
        )
    if sr.device != device or sr.layout != torch.strided:
        raise ForwardError(
            f"the network returned a {sr.layout} tensor on {sr.device}; it must return a strided "
            f"one on {device}, where its input lies"
        )
    expected = [1, *size]
    if list(sr.shape) != expected:
        alike = sr.dim() == 4 and list(sr.shape[1:]) == expected[1:]
        advice = _lines("[:1]") if alike else "; check model.scale and the upsampler"
        raise ForwardError(
            f"the network returned the shape {list(sr.shape)} where {expected} is the SR image"
            f"{advice}"
        )
    if not sr.dtype.is_floating_point:
        raise ForwardError(f"the network returned {sr.dtype}; it must return floating point")


def _wrapped(outputs: Any) -> str:
    """Say how to wrap a network that returns its SR image among others; the largest is taken."""
    if isinstance(outputs, dict):
        items = list(outputs.items())
    elif isinstance(outputs, list | tuple):
        items = list(enumerate(outputs))
    else:
        return ""
    images = [(value.numel(), key) for key, value in items if isinstance(value, torch.Tensor)]
    return _lines(f"[{max(images, key=lambda one: one[0])[1]!r}]") if images else ""


def _lines(which: str) -> str:
    return (
        "; wrap it in three lines: `class One(Net):`, `    def forward(self, lr):`, "
        f"`        return super().forward(lr){which}`"
    )
