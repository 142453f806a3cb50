"""`rearrange`, `repeat` and `reduce` of einops for tensors: 'b (h d) n -> b h n d', `...` and 1."""

import math
import re
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

_Groups = list[list[str]]  # of an axis each: the names that it is the product of
_REDUCTIONS: dict[str, Callable[[Tensor, int], Tensor]] = {
    "mean": lambda x, axis: x.mean(axis),
    "sum": lambda x, axis: x.sum(axis),
    "max": lambda x, axis: x.amax(axis),
    "min": lambda x, axis: x.amin(axis),
    "prod": lambda x, axis: x.prod(axis),
}


def rearrange(tensor: Tensor, pattern: str, **sizes: int) -> Tensor:
    """Split, reorder and join the axes of `tensor`. Raises ValueError for a pattern unfit for it.

    `sizes` gives the length of axes that the shape alone does not.
    """
    left, right = _sides(pattern, tensor.dim())
    lengths = _lengths(left, tuple(tensor.shape), sizes)
    names = [name for group in left for name in group]
    wanted = [name for group in right for name in group]
    if sorted(names) != sorted(wanted):
        raise ValueError(f"{pattern!r} does not name the same axes on both sides")
    split = tensor.reshape([lengths[name] for name in names])
    ordered = split.permute([names.index(name) for name in wanted])
    return ordered.reshape([math.prod(lengths[name] for name in group) for group in right])


def repeat(tensor: Tensor, pattern: str, **sizes: int) -> Tensor:
    """Reorder axes as `rearrange` does, and repeat along those that are new on the right."""
    left, right = _sides(pattern, tensor.dim())
    lengths = _lengths(left, tuple(tensor.shape), sizes) | sizes
    names = [name for group in left for name in group]
    wanted = [name for group in right for name in group]
    split = tensor.reshape([lengths[name] for name in names])
    ordered = split.permute([names.index(name) for name in wanted if name in names])
    spread = ordered[tuple(slice(None) if name in names else None for name in wanted)]
    whole = spread.expand([lengths[name] for name in wanted])
    return whole.reshape([math.prod(lengths[name] for name in group) for group in right])


def reduce(tensor: Tensor, pattern: str, reduction: str, **sizes: int) -> Tensor:
    """Reduce the axes that the right side lacks: `mean`, `sum`, `max`, `min` or `prod`."""
    left, right = _sides(pattern, tensor.dim())
    lengths = _lengths(left, tuple(tensor.shape), sizes)
    names = [name for group in left for name in group]
    kept = [name for group in right for name in group]
    split = tensor.reshape([lengths[name] for name in names])
    gone = [names.index(name) for name in names if name not in kept]
    for axis in sorted(gone, reverse=True):
        split = _REDUCTIONS[reduction](split, axis)
    left_over = [name for name in names if name in kept]
    ordered = split.permute([left_over.index(name) for name in kept])
    return ordered.reshape([math.prod(lengths[name] for name in group) for group in right])


class Reduce(nn.Module):
    """`reduce` as a layer."""

    def __init__(self, pattern: str, reduction: str, **sizes: Any) -> None:
        super().__init__()
        self.pattern, self.reduction, self.sizes = pattern, reduction, sizes

    def forward(self, tensor: Tensor) -> Tensor:
        """Reduce `tensor`."""
        return reduce(tensor, self.pattern, self.reduction, **self.sizes)


class Rearrange(nn.Module):
    """`rearrange` as a layer."""

    def __init__(self, pattern: str, **sizes: Any) -> None:
        super().__init__()
        self.pattern, self.sizes = pattern, sizes

    def forward(self, tensor: Tensor) -> Tensor:
        """Rearrange `tensor`."""
        return rearrange(tensor, self.pattern, **self.sizes)


def _sides(pattern: str, dimensions: int) -> tuple[_Groups, _Groups]:
    """Read both sides, with a name for each axis that `...` stands for."""
    left, right = pattern.split("->")
    hidden = dimensions - sum(part != "..." for part in _parts(left))
    spread = " ".join(f"_{index}" for index in range(hidden))
    return _groups(left.replace("...", spread)), _groups(right.replace("...", spread))


def _groups(side: str) -> _Groups:
    """Read 'b (h d) 1' as [[b], [h, d], []]: an axis of length 1 is a product of nothing."""
    return [[n for n in part.strip("()").split() if n != "1"] for part in _parts(side)]


def _parts(side: str) -> list[str]:
    return re.findall(r"\([^)]*\)|[^\s()]+", side)


def _lengths(groups: _Groups, shape: tuple[int, ...], sizes: dict[str, int]) -> dict[str, int]:
    """Work out the length of every name on the left."""
    if len(groups) != len(shape):
        raise ValueError(f"the pattern has {len(groups)} axes, the tensor {len(shape)}")
    lengths = dict(sizes)
    for group, length in zip(groups, shape, strict=True):
        known = math.prod(lengths[name] for name in group if name in lengths)
        unknown = [name for name in group if name not in lengths]
        if len(unknown) > 1 or length % known or (not unknown and length != known):
            raise ValueError(f"an axis of {length} is not {' x '.join(group) or '1'}")
        lengths |= dict.fromkeys(unknown, length // known)
    return lengths
